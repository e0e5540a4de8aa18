ALTER TABLE groups DROP COLUMN is_default;
