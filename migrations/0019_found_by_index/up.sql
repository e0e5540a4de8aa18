-- Whether one person, or one group, was granted a permission on an object that very many were granted it on: one entry, not all.
DROP INDEX object_permissions_object;
CREATE INDEX object_permissions_object ON object_permissions (permission_id, object_id, user_id, group_id);
-- Who awaits proof, or is about to go, by name, as the console lists them: few among very many.
CREATE INDEX users_unproven_names ON users (username_key) WHERE awaits_proof_since IS NOT NULL;
CREATE INDEX users_leaving_names ON users (username_key) WHERE deletion_due_at IS NOT NULL;
