-- Each entry of the log is tied to the one before by a keyed digest: what is changed, taken out or put in between shows.
CREATE TABLE audit_chain (
    position bigint PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    chained_at timestamptz NOT NULL
);
COMMENT ON TABLE audit_chain IS 'digest = HMAC(key outside the database, digest before, entry). Made by a job every few seconds, not in the transactions that write the log: those do not wait for each other.';

-- The retention of the log takes its oldest entries away, and says so in the log. Nothing else deletes.
CREATE OR REPLACE FUNCTION audit_events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('portcullis.retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'audit events are append-only';
END $$;
CREATE TRIGGER audit_chain_stays BEFORE DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_stay();
CREATE TRIGGER audit_chain_is_final BEFORE UPDATE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION audit_events_are_final();
