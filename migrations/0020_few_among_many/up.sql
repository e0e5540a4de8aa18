-- Who awaits proof, or is about to go, by name, as the console lists them: few among very many.
CREATE INDEX users_unproven_names ON users (username_key) WHERE awaits_proof_since IS NOT NULL;
CREATE INDEX users_leaving_names ON users (username_key) WHERE deletion_due_at IS NOT NULL;
-- Who holds a permission, page by page.
DROP INDEX user_permissions_permission;
CREATE INDEX user_permissions_permission ON user_permissions (permission_id, user_id);
DROP INDEX group_permissions_permission;
CREATE INDEX group_permissions_permission ON group_permissions (permission_id, group_id);
CREATE INDEX object_permissions_holders ON object_permissions (permission_id, object_id, id);
CREATE INDEX object_permissions_groups ON object_permissions (permission_id, object_id, id) WHERE group_id IS NOT NULL;
-- When somebody who is no superuser last could use the account: by a link, a password, an address or a key of their choice.
ALTER TABLE users ADD COLUMN handled_at timestamptz;
-- People are looked for by their names, too, and by never having come.
CREATE INDEX users_full_names ON users (left(lower(name), 100) text_pattern_ops);
CREATE INDEX users_given_names ON users (left(lower(given_name), 100) text_pattern_ops);
CREATE INDEX users_family_names ON users (left(lower(family_name), 100) text_pattern_ops);
CREATE INDEX users_never_names ON users (username_key) WHERE last_login_at IS NULL;
