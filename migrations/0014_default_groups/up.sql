-- Groups that people join by having a new account.
ALTER TABLE groups ADD COLUMN is_default boolean NOT NULL DEFAULT false;
CREATE INDEX groups_default ON groups (id) WHERE is_default;
