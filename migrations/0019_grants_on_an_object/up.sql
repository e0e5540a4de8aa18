-- Whether one person, or one group, was granted a permission on an object that very many were granted it on: one entry, not all.
DROP INDEX object_permissions_object;
CREATE INDEX object_permissions_object ON object_permissions (permission_id, object_id, user_id, group_id);
