-- The house: everything that is painful to change later. Times are given by the caller; nothing
-- here calls now(). Keys are UUIDv7, digests are SHA-256 of 256-bit secrets.

CREATE TABLE instance (
    id smallint PRIMARY KEY CHECK (id = 1),
    master_key_check bytea NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE instance IS 'One row: proves that the master key is the one this database was sealed with.';

CREATE TABLE setup_links (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    sub uuid NOT NULL UNIQUE,
    username text NOT NULL CHECK (length(username) BETWEEN 1 AND 150),
    username_key text NOT NULL UNIQUE,
    password_hash text,
    password_changed_at timestamptz,
    name text,
    given_name text,
    middle_name text,
    family_name text,
    picture text,
    profile text,
    website text,
    gender text,
    birthdate text CHECK (birthdate ~ '^([0-9]{4})(-[0-9]{2}-[0-9]{2})?$'),
    zoneinfo text,
    locale text,
    phone text,
    phone_key text UNIQUE,
    phone_verified boolean NOT NULL DEFAULT false,
    address_formatted text,
    address_street text,
    address_locality text,
    address_region text,
    address_postal_code text,
    address_country text,
    attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    is_active boolean NOT NULL DEFAULT true,
    is_staff boolean NOT NULL DEFAULT false,
    is_superuser boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    last_login_at timestamptz,
    CHECK ((phone IS NULL) = (phone_key IS NULL)),
    CHECK (phone IS NOT NULL OR NOT phone_verified)
);

CREATE TABLE emails (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    address text NOT NULL CHECK (length(address) BETWEEN 3 AND 254),
    address_key text NOT NULL UNIQUE,
    is_primary boolean NOT NULL,
    verified_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX emails_user ON emails (user_id);
CREATE UNIQUE INDEX emails_one_primary ON emails (user_id) WHERE is_primary;

CREATE TABLE groups (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 150),
    name_key text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE permissions (
    id uuid PRIMARY KEY,
    app text NOT NULL CHECK (app ~ '^[a-z][a-z0-9_]*$'),
    codename text NOT NULL CHECK (codename ~ '^[a-z][a-z0-9_]*$'),
    description text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    UNIQUE (app, codename)
);

CREATE TABLE group_permissions (
    group_id uuid NOT NULL REFERENCES groups ON DELETE CASCADE,
    permission_id uuid NOT NULL REFERENCES permissions ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (group_id, permission_id)
);
CREATE INDEX group_permissions_permission ON group_permissions (permission_id);

CREATE TABLE user_permissions (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    permission_id uuid NOT NULL REFERENCES permissions ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, permission_id)
);
CREATE INDEX user_permissions_permission ON user_permissions (permission_id);

CREATE TABLE object_permissions (
    id uuid PRIMARY KEY,
    permission_id uuid NOT NULL REFERENCES permissions ON DELETE CASCADE,
    object_id text NOT NULL CHECK (length(object_id) BETWEEN 1 AND 255),
    user_id uuid REFERENCES users ON DELETE CASCADE,
    group_id uuid REFERENCES groups ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    CHECK ((user_id IS NULL) <> (group_id IS NULL))
);
CREATE UNIQUE INDEX object_permissions_user ON object_permissions (user_id, permission_id, object_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX object_permissions_group ON object_permissions (group_id, permission_id, object_id) WHERE group_id IS NOT NULL;
CREATE INDEX object_permissions_object ON object_permissions (permission_id, object_id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    auth_time timestamptz NOT NULL,
    acr text NOT NULL,
    amr text NOT NULL,
    address text,
    user_agent text,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text
) WITH (fillfactor = 80);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE clients (
    id uuid PRIMARY KEY,
    client_id text NOT NULL UNIQUE CHECK (client_id ~ '^[A-Za-z0-9._~-]{1,100}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    kind text NOT NULL CHECK (kind IN ('confidential', 'public', 'native')),
    secret_digest bytea CHECK (length(secret_digest) = 32),
    auth_method text CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
    jwks jsonb,
    redirect_uris jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(redirect_uris) = 'array'),
    post_logout_redirect_uris jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(post_logout_redirect_uris) = 'array'),
    grant_types text NOT NULL,
    scope text NOT NULL,
    audiences jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(audiences) = 'array'),
    serves jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(serves) = 'array'),
    id_token_alg text NOT NULL CHECK (id_token_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
    access_token_alg text NOT NULL CHECK (access_token_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
    access_token_typ text NOT NULL CHECK (access_token_typ IN ('at+jwt', 'JWT')),
    access_ttl_secs integer CHECK (access_ttl_secs > 0),
    claims_in_id_token boolean NOT NULL DEFAULT false,
    skip_consent boolean NOT NULL DEFAULT false,
    require_pkce boolean NOT NULL DEFAULT false,
    default_max_age_secs integer CHECK (default_max_age_secs >= 0),
    client_uri text,
    logo_uri text,
    policy_uri text,
    tos_uri text,
    is_enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK (kind = 'confidential' OR secret_digest IS NULL)
);
COMMENT ON COLUMN clients.auth_method IS 'NULL: a confidential client may use client_secret_basic or client_secret_post.';
COMMENT ON COLUMN clients.audiences IS 'Resource indicators (RFC 8707) this client may ask tokens for.';
COMMENT ON COLUMN clients.serves IS 'Audiences this client answers for as an API: it may introspect their tokens.';

CREATE TABLE grants (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id uuid NOT NULL REFERENCES clients ON DELETE CASCADE,
    scope text NOT NULL,
    claims jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(claims) = 'array'),
    audiences jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(audiences) = 'array'),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE UNIQUE INDEX grants_one_live ON grants (user_id, client_id) WHERE revoked_at IS NULL;
CREATE INDEX grants_client ON grants (client_id);

CREATE TABLE families (
    id uuid PRIMARY KEY,
    grant_id uuid NOT NULL REFERENCES grants ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id uuid NOT NULL REFERENCES clients ON DELETE CASCADE,
    session_id uuid REFERENCES sessions ON DELETE SET NULL,
    is_offline boolean NOT NULL,
    scope text NOT NULL,
    audiences jsonb NOT NULL CHECK (jsonb_typeof(audiences) = 'array'),
    claims jsonb,
    auth_time timestamptz NOT NULL,
    acr text NOT NULL,
    amr text NOT NULL,
    generation bigint NOT NULL DEFAULT 0 CHECK (generation >= 0),
    created_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoke_reason text
) WITH (fillfactor = 70);
COMMENT ON TABLE families IS 'One row per refresh family. Rotation is one UPDATE of generation; there is never a second live line.';
CREATE INDEX families_grant ON families (grant_id);
CREATE INDEX families_user ON families (user_id);
CREATE INDEX families_client ON families (client_id);
CREATE INDEX families_session ON families (session_id);

CREATE TABLE codes (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    family_id uuid NOT NULL,
    grant_id uuid NOT NULL REFERENCES grants ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    client_id uuid NOT NULL REFERENCES clients ON DELETE CASCADE,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    redirect_uri text NOT NULL,
    scope text NOT NULL,
    audiences jsonb NOT NULL CHECK (jsonb_typeof(audiences) = 'array'),
    claims jsonb,
    code_challenge text,
    nonce text,
    auth_time timestamptz NOT NULL,
    acr text NOT NULL,
    amr text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    redeemed_at timestamptz
);
CREATE INDEX codes_expiry ON codes (expires_at);
CREATE INDEX codes_grant ON codes (grant_id);
CREATE INDEX codes_user ON codes (user_id);
CREATE INDEX codes_client ON codes (client_id);
CREATE INDEX codes_session ON codes (session_id);

CREATE TABLE blacklist (
    jti uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE blacklist IS 'Single access tokens revoked before their time; families, sessions, clients and users carry their own end.';
CREATE INDEX blacklist_expiry ON blacklist (expires_at);

CREATE TABLE assertions (
    client_id uuid NOT NULL REFERENCES clients ON DELETE CASCADE,
    jti_digest bytea NOT NULL CHECK (length(jti_digest) = 32),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti_digest)
);
COMMENT ON TABLE assertions IS 'private_key_jwt assertions seen: a jti serves once (RFC 7523 section 3).';
CREATE INDEX assertions_expiry ON assertions (expires_at);

CREATE TABLE signing_keys (
    id uuid PRIMARY KEY,
    kid text NOT NULL UNIQUE,
    alg text NOT NULL CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA')),
    state text NOT NULL CHECK (state IN ('next', 'active', 'retiring', 'retired')),
    public_jwk jsonb NOT NULL,
    sealed_private bytea,
    created_at timestamptz NOT NULL,
    activated_at timestamptz,
    retired_at timestamptz,
    leaves_at timestamptz,
    CHECK (state = 'retired' OR sealed_private IS NOT NULL)
);
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (alg) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (alg) WHERE state = 'next';

CREATE TABLE throttles (
    bucket bytea PRIMARY KEY CHECK (length(bucket) = 32),
    failures integer NOT NULL CHECK (failures >= 0),
    window_started_at timestamptz NOT NULL,
    blocked_until timestamptz
) WITH (fillfactor = 80);
CREATE INDEX throttles_age ON throttles (window_started_at);

CREATE TABLE mail_outbox (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    recipient text NOT NULL,
    sealed_letter bytea NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    expires_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    parked_at timestamptz,
    last_error text
);
CREATE INDEX mail_outbox_due ON mail_outbox (due_at) WHERE sent_at IS NULL AND parked_at IS NULL;

CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    event text NOT NULL,
    actor text NOT NULL,
    user_id uuid,
    client_id text,
    session_id uuid,
    address text,
    request_id text,
    details jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE audit_events IS 'Append-only: no foreign keys, so that history outlives what it speaks of.';
CREATE INDEX audit_events_user ON audit_events (user_id, at);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE FUNCTION audit_events_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only';
END $$;
CREATE TRIGGER audit_events_are_final BEFORE UPDATE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_are_final();
