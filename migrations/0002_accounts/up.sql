-- Accounts that people run themselves: registration, recovery, addresses, keys, mail.

ALTER TABLE users
    ADD COLUMN must_change_password boolean NOT NULL DEFAULT false,
    ADD COLUMN awaits_proof_since timestamptz,
    ADD COLUMN wanted_username text,
    ADD COLUMN deletion_due_at timestamptz,
    ADD COLUMN is_service boolean NOT NULL DEFAULT false,
    ADD COLUMN backend text,
    ADD COLUMN backend_id text,
    ADD COLUMN terms_accepted_at timestamptz,
    ADD COLUMN is_live boolean NOT NULL
        GENERATED ALWAYS AS (is_active AND awaits_proof_since IS NULL AND deletion_due_at IS NULL) STORED;
COMMENT ON COLUMN users.awaits_proof_since IS 'Registered by itself, and no address proven yet: may prove one and sign out, nothing else.';
COMMENT ON COLUMN users.wanted_username IS 'Taken when it was asked for: the person is asked for another once the address is proven.';
COMMENT ON COLUMN users.is_live IS 'May hold tokens and sessions.';
CREATE UNIQUE INDEX users_backend ON users (backend, backend_id) WHERE backend IS NOT NULL;
CREATE INDEX users_unproven ON users (awaits_proof_since) WHERE awaits_proof_since IS NOT NULL;
CREATE INDEX users_deletion_due ON users (deletion_due_at) WHERE deletion_due_at IS NOT NULL;

-- An address that is only claimed keeps nobody from it; one that is held is its account's alone.
ALTER TABLE emails ADD COLUMN is_held boolean NOT NULL DEFAULT true;
ALTER TABLE emails ADD CHECK (is_held OR verified_at IS NULL);
ALTER TABLE emails DROP CONSTRAINT emails_address_key_key;
CREATE UNIQUE INDEX emails_held ON emails (address_key) WHERE is_held;
CREATE INDEX emails_address_key ON emails (address_key);
CREATE UNIQUE INDEX emails_once ON emails (user_id, address_key);

CREATE TABLE confirmations (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password', 'undo_email', 'verify_phone', 'magic_link')),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    target text NOT NULL,
    link_digest bytea UNIQUE CHECK (length(link_digest) = 32),
    code_digest bytea CHECK (length(code_digest) = 32),
    browser_digest bytea CHECK (length(browser_digest) = 32),
    next text NOT NULL DEFAULT '/account',
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    used_at timestamptz,
    voided_at timestamptz,
    CHECK (link_digest IS NOT NULL OR code_digest IS NOT NULL)
);
COMMENT ON TABLE confirmations IS 'One-time secrets sent to an address or a phone: digests, bound to purpose, account and target.';
CREATE INDEX confirmations_user ON confirmations (user_id, purpose, created_at);
CREATE INDEX confirmations_browser ON confirmations (browser_digest) WHERE browser_digest IS NOT NULL;
CREATE INDEX confirmations_expiry ON confirmations (expires_at);

CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    address text,
    groups jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(groups) = 'array'),
    invited_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    used_by uuid REFERENCES users ON DELETE SET NULL,
    withdrawn_at timestamptz
);

ALTER TABLE users ADD COLUMN invitation_id uuid REFERENCES invitations ON DELETE SET NULL;
COMMENT ON COLUMN users.invitation_id IS 'Brought along at registration; used up when the address is proven.';

CREATE TABLE former_passwords (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX former_passwords_user ON former_passwords (user_id, created_at);

CREATE TABLE pictures (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    id uuid NOT NULL UNIQUE,
    bytes bytea NOT NULL CHECK (length(bytes) <= 1048576),
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE pictures IS 'Profile pictures: decoded and written anew as JPEG, 512 pixels square at most.';

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix text NOT NULL,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    scope text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    warned_at timestamptz,
    revoked_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX api_keys_user ON api_keys (user_id);

CREATE TABLE totp_devices (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    sealed_secret bytea NOT NULL,
    digits smallint NOT NULL CHECK (digits IN (6, 7, 8)),
    period_secs smallint NOT NULL CHECK (period_secs BETWEEN 1 AND 300),
    start_at bigint NOT NULL DEFAULT 0,
    drift smallint NOT NULL DEFAULT 0,
    last_step bigint,
    confirmed_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (user_id, name)
);
COMMENT ON TABLE totp_devices IS 'Kept by the importer. Nothing asks for them yet.';

ALTER TABLE clients
    ADD COLUMN allow_token_pair boolean NOT NULL DEFAULT false,
    ADD COLUMN allow_magic_link boolean NOT NULL DEFAULT false,
    ADD COLUMN secret_hash text;
COMMENT ON COLUMN clients.secret_hash IS 'A secret that came from another system as a slow hash; replaced by a digest when it is first used.';

-- What a counter is about, for the operator's eyes. What somebody typed is not kept: it may be a password.
ALTER TABLE throttles
    ADD COLUMN kind text NOT NULL DEFAULT 'login',
    ADD COLUMN user_id uuid,
    ADD COLUMN network text;

ALTER TABLE sessions ADD COLUMN is_persistent boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN sessions.is_persistent IS 'Kept when the browser is closed.';

-- Shown to the person: "Firefox on Linux".
ALTER TABLE audit_events ADD COLUMN device text;

-- The outbox also carries text messages; failures are visible and can be tried again.
ALTER TABLE mail_outbox
    ADD COLUMN channel text NOT NULL DEFAULT 'mail' CHECK (channel IN ('mail', 'sms')),
    ADD COLUMN user_id uuid REFERENCES users ON DELETE CASCADE,
    ADD COLUMN language text NOT NULL DEFAULT 'en';
CREATE INDEX mail_outbox_sent ON mail_outbox (sent_at) WHERE sent_at IS NOT NULL;
