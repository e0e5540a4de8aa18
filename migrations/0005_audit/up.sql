-- The audit log as operators look through it.
CREATE INDEX audit_events_about ON audit_events (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX audit_events_event ON audit_events (event, id);
CREATE INDEX audit_events_actor ON audit_events (actor, id);
CREATE INDEX audit_events_client ON audit_events (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_events_request ON audit_events (request_id) WHERE request_id IS NOT NULL;

-- What is written stays: not only unchanged, but there.
CREATE FUNCTION audit_events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only';
END $$;
CREATE TRIGGER audit_events_stay BEFORE DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_stay();
