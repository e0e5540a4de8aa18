-- Answers to creates, for who asks again with the same Idempotency-Key.
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    key_digest bytea NOT NULL CHECK (length(key_digest) = 32),
    request_digest bytea NOT NULL CHECK (length(request_digest) = 32),
    sealed_answer bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, key_digest)
);
COMMENT ON TABLE idempotency_keys IS 'Answers are sealed: some show a secret once.';
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
