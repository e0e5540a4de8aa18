-- Pictures of apps. Another picture has another id, so browsers keep each for ever.
CREATE TABLE logos (
    client_id uuid PRIMARY KEY REFERENCES clients (id) ON DELETE CASCADE,
    id uuid NOT NULL UNIQUE,
    bytes bytea NOT NULL,
    created_at timestamptz NOT NULL
);
-- Where the picture is known to be without looking; logo_uri was never written.
ALTER TABLE clients ADD COLUMN logo_id uuid;
ALTER TABLE clients DROP COLUMN logo_uri;
