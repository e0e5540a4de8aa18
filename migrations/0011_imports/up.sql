-- Files of people that operators bring in: each row is tried first, looked at, then written by a job, so that a restart in
-- between loses nothing and does nothing twice.
CREATE TABLE imports (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    file_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('checking', 'checked', 'writing', 'done', 'stopped')),
    changes_known boolean NOT NULL,
    sends_links boolean NOT NULL,
    stopped_because text,
    address text,
    request_id text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX imports_user ON imports (user_id);
CREATE INDEX imports_waiting ON imports (created_at) WHERE state IN ('checking', 'writing');
COMMENT ON TABLE imports IS 'Pruned after a week, with their rows.';

CREATE TABLE import_rows (
    import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
    line integer NOT NULL,
    person jsonb NOT NULL,
    expected text CHECK (expected IN ('new', 'changed', 'same', 'refused')),
    outcome text CHECK (outcome IN ('new', 'changed', 'same', 'refused')),
    reason text NOT NULL DEFAULT '',
    PRIMARY KEY (import_id, line)
);
COMMENT ON COLUMN import_rows.expected IS 'What the trial found, in a transaction that was taken back.';
