-- The console: its own permissions, and indexes for its lists.

INSERT INTO permissions (id, app, codename, model, description, created_at)
    SELECT gen_random_uuid(), 'portcullis', action || '_' || model, model, 'Can ' || action || ' ' || replace(model, '_', ' '), now()
    FROM unnest(ARRAY['user', 'group', 'permission', 'client', 'invitation', 'session', 'audit_event', 'signing_key', 'mail']) AS model,
         unnest(ARRAY['add', 'change', 'delete', 'view']) AS action
    ON CONFLICT DO NOTHING;

CREATE INDEX users_username_prefix ON users (username_key text_pattern_ops);
CREATE INDEX emails_address_prefix ON emails (address_key text_pattern_ops);
CREATE INDEX users_last_login ON users (last_login_at, id);
