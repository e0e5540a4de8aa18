ALTER TABLE audit_events DROP COLUMN device;
ALTER TABLE mail_outbox DROP COLUMN channel, DROP COLUMN user_id, DROP COLUMN language;
DROP INDEX mail_outbox_sent;
ALTER TABLE throttles DROP COLUMN kind, DROP COLUMN user_id, DROP COLUMN network;
ALTER TABLE sessions DROP COLUMN is_persistent;
ALTER TABLE clients DROP COLUMN allow_token_pair, DROP COLUMN allow_magic_link, DROP COLUMN secret_hash;
ALTER TABLE users DROP COLUMN invitation_id;
DROP TABLE totp_devices, api_keys, pictures, former_passwords, invitations, confirmations;
DROP INDEX emails_once, emails_address_key, emails_held;
DELETE FROM emails WHERE NOT is_held;
ALTER TABLE emails DROP COLUMN is_held, ADD CONSTRAINT emails_address_key_key UNIQUE (address_key);
ALTER TABLE users
    DROP COLUMN is_live, DROP COLUMN must_change_password, DROP COLUMN awaits_proof_since, DROP COLUMN wanted_username,
    DROP COLUMN deletion_due_at, DROP COLUMN is_service, DROP COLUMN backend, DROP COLUMN backend_id,
    DROP COLUMN terms_accepted_at;
