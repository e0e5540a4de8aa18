DROP TABLE audit_events;
DROP FUNCTION audit_events_are_final();
DROP TABLE mail_outbox, throttles, signing_keys, assertions, blacklist, codes, families, grants, clients, sessions,
    object_permissions, user_permissions, group_permissions, permissions, memberships, groups, emails, users,
    setup_links, instance;
