-- Who may do what: models, nested groups, who granted it, and what an app may ask about.

-- `app.action_model` stays the name; beside it stand its two halves, because a model may have an underscore too.
ALTER TABLE permissions ADD COLUMN model text CHECK (model ~ '^[a-z][a-z0-9_]*$');
UPDATE permissions SET model = substring(codename FROM '^[a-z][a-z0-9]*_([a-z][a-z0-9_]*)$');
ALTER TABLE permissions ADD COLUMN action text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN length(codename) > length(model) + 1 AND right(codename, length(model) + 1) = '_' || model
    THEN left(codename, -length(model) - 1) ELSE codename END) STORED;
CREATE UNIQUE INDEX permissions_action ON permissions (app, coalesce(model, ''), action);
COMMENT ON COLUMN permissions.model IS 'What it is about; without one it is about the app as a whole, and never about one object.';

ALTER TABLE user_permissions ADD COLUMN granted_by text NOT NULL DEFAULT '';
ALTER TABLE group_permissions ADD COLUMN granted_by text NOT NULL DEFAULT '';
ALTER TABLE object_permissions ADD COLUMN granted_by text NOT NULL DEFAULT '';

CREATE TABLE subgroups (
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    member_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, group_id),
    CHECK (group_id <> member_id)
);
COMMENT ON TABLE subgroups IS 'Members of the one (member_id) are members of the other (group_id). No cycles: access/group.rs holds a lock while it looks.';
CREATE INDEX subgroups_group ON subgroups (group_id);

ALTER TABLE clients
    ADD COLUMN apps jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(apps) = 'array'),
    ADD COLUMN restricted_to_groups jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(restricted_to_groups) = 'array'),
    ADD COLUMN restricted_to_permission text;
COMMENT ON COLUMN clients.restricted_to_groups IS 'Names: one that is gone admits nobody.';
COMMENT ON COLUMN clients.apps IS 'Apps of permissions that the client may ask about; its tokens tell of no others, when there are any here.';
