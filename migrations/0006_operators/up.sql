-- Who runs what: managers of groups, and the rest of the console's permissions.

CREATE TABLE group_managers (
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
COMMENT ON TABLE group_managers IS 'They decide who is in the group, and nothing else; they need not be staff.';
CREATE INDEX group_managers_user ON group_managers (user_id);

INSERT INTO permissions (id, app, codename, model, description, created_at)
    SELECT gen_random_uuid(), 'portcullis', action || '_' || model, model, 'Can ' || action || ' ' || replace(model, '_', ' '), now()
    FROM unnest(ARRAY['setting', 'api_key', 'grant']) AS model, unnest(ARRAY['add', 'change', 'delete', 'view']) AS action;
