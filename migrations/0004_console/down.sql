DROP INDEX users_last_login, emails_address_prefix, users_username_prefix;
DELETE FROM permissions WHERE app = 'portcullis';
