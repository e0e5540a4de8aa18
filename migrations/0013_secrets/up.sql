-- An app changes over to a new secret without a moment in which neither works: the former one serves a while longer.
ALTER TABLE clients ADD COLUMN secret_set_at timestamptz;
ALTER TABLE clients ADD COLUMN former_secret_digest bytea CHECK (length(former_secret_digest) = 32);
ALTER TABLE clients ADD COLUMN former_secret_until timestamptz;
ALTER TABLE clients ADD CONSTRAINT former_secret_ends CHECK ((former_secret_digest IS NULL) = (former_secret_until IS NULL));
COMMENT ON COLUMN clients.secret_set_at IS 'NULL: before this was noted.';
