ALTER TABLE clients DROP COLUMN former_secret_until, DROP COLUMN former_secret_digest, DROP COLUMN secret_set_at;
