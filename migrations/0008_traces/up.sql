-- Why a sign-in, an authorization or a token request came to nothing.
CREATE TABLE traces (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('authorize', 'token', 'sign_in')),
    client_id text,
    code text NOT NULL,
    because text NOT NULL,
    came text,
    address text
);
COMMENT ON TABLE traces IS 'For operators who are asked why it did not work; the log of security facts is audit_events. Pruned by age and number.';
CREATE INDEX traces_at ON traces (at);
CREATE INDEX traces_request ON traces (request_id);
CREATE INDEX traces_client ON traces (client_id, id) WHERE client_id IS NOT NULL;
