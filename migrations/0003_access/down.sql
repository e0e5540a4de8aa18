ALTER TABLE clients DROP COLUMN apps, DROP COLUMN restricted_to_groups, DROP COLUMN restricted_to_permission;
DROP TABLE subgroups;
ALTER TABLE object_permissions DROP COLUMN granted_by;
ALTER TABLE group_permissions DROP COLUMN granted_by;
ALTER TABLE user_permissions DROP COLUMN granted_by;
DROP INDEX permissions_action;
ALTER TABLE permissions DROP COLUMN action, DROP COLUMN model;
