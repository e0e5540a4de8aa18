ALTER TABLE clients ADD COLUMN logo_uri text;
ALTER TABLE clients DROP COLUMN logo_id;
DROP TABLE logos;
