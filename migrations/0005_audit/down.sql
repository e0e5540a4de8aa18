DROP TRIGGER audit_events_stay ON audit_events;
DROP FUNCTION audit_events_stay();
DROP INDEX audit_events_request, audit_events_client, audit_events_actor, audit_events_event, audit_events_about;
