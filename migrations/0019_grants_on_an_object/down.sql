DROP INDEX object_permissions_object;
CREATE INDEX object_permissions_object ON object_permissions (permission_id, object_id);
