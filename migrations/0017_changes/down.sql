DROP INDEX audit_events_group, audit_events_permission;
