-- The console: its own permissions, and indexes for its lists.

-- What somebody was granted under these names before was not meant to open a console.
DELETE FROM permissions WHERE app = 'portcullis';
INSERT INTO permissions (id, app, codename, model, description, created_at)
    SELECT gen_random_uuid(), 'portcullis', action || '_' || model, model, 'Can ' || action || ' ' || replace(model, '_', ' '), now()
    FROM unnest(ARRAY['user', 'group', 'permission', 'client', 'invitation', 'session', 'audit_event', 'signing_key', 'mail']) AS model,
         unnest(ARRAY['add', 'change', 'delete', 'view']) AS action;

CREATE INDEX users_username_prefix ON users (username_key text_pattern_ops);
CREATE INDEX emails_address_prefix ON emails (address_key text_pattern_ops);
CREATE INDEX users_last_login ON users (last_login_at, id);
CREATE INDEX users_superusers ON users (username_key) WHERE is_superuser;
CREATE INDEX users_staff ON users (username_key) WHERE is_staff;
CREATE INDEX users_services ON users (username_key) WHERE is_service;
CREATE INDEX users_disabled ON users (username_key) WHERE NOT is_active;
