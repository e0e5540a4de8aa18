-- The log is read by the group or the permission that it tells of.
CREATE INDEX audit_events_group ON audit_events ((details->>'group_id'), id) WHERE details ? 'group_id';
CREATE INDEX audit_events_permission ON audit_events ((details->>'permission'), id) WHERE details ? 'permission';
