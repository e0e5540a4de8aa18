DROP INDEX users_disabled, users_services, users_staff, users_superusers, users_last_login, emails_address_prefix, users_username_prefix;
DELETE FROM permissions WHERE app = 'portcullis';
