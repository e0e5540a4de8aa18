-- Questions about the audit log that an operator asks again and again.
CREATE TABLE saved_views (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    query text NOT NULL CHECK (length(query) BETWEEN 1 AND 2000),
    created_at timestamptz NOT NULL,
    UNIQUE (user_id, name)
);
COMMENT ON COLUMN saved_views.query IS 'The filter, as it stands in the address of the page.';
