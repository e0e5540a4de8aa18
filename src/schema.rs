// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;

    api_keys (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        prefix -> Text,
        digest -> Bytea,
        scope -> Text,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        warned_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    assertions (client_id, jti_digest) {
        client_id -> Uuid,
        jti_digest -> Bytea,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_chain (position) {
        position -> Int8,
        event_id -> Uuid,
        digest -> Bytea,
        chained_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    audit_events (id) {
        id -> Uuid,
        at -> Timestamptz,
        event -> Text,
        actor -> Text,
        user_id -> Nullable<Uuid>,
        client_id -> Nullable<Text>,
        session_id -> Nullable<Uuid>,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        details -> Jsonb,
        device -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    blacklist (jti) {
        jti -> Uuid,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    clients (id) {
        id -> Uuid,
        client_id -> Text,
        name -> Text,
        kind -> Text,
        secret_digest -> Nullable<Bytea>,
        auth_method -> Nullable<Text>,
        jwks -> Nullable<Jsonb>,
        redirect_uris -> Jsonb,
        post_logout_redirect_uris -> Jsonb,
        grant_types -> Text,
        scope -> Text,
        audiences -> Jsonb,
        serves -> Jsonb,
        id_token_alg -> Text,
        access_token_alg -> Text,
        access_token_typ -> Text,
        access_ttl_secs -> Nullable<Int4>,
        claims_in_id_token -> Bool,
        skip_consent -> Bool,
        require_pkce -> Bool,
        default_max_age_secs -> Nullable<Int4>,
        client_uri -> Nullable<Text>,
        policy_uri -> Nullable<Text>,
        tos_uri -> Nullable<Text>,
        is_enabled -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        allow_token_pair -> Bool,
        allow_magic_link -> Bool,
        secret_hash -> Nullable<Text>,
        apps -> Jsonb,
        restricted_to_groups -> Jsonb,
        restricted_to_permission -> Nullable<Text>,
        secret_set_at -> Nullable<Timestamptz>,
        former_secret_digest -> Nullable<Bytea>,
        former_secret_until -> Nullable<Timestamptz>,
        logo_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    codes (digest) {
        digest -> Bytea,
        family_id -> Uuid,
        grant_id -> Uuid,
        user_id -> Uuid,
        client_id -> Uuid,
        session_id -> Uuid,
        redirect_uri -> Text,
        scope -> Text,
        audiences -> Jsonb,
        claims -> Nullable<Jsonb>,
        code_challenge -> Nullable<Text>,
        nonce -> Nullable<Text>,
        auth_time -> Timestamptz,
        acr -> Text,
        amr -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        redeemed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    confirmations (id) {
        id -> Uuid,
        purpose -> Text,
        user_id -> Uuid,
        target -> Text,
        link_digest -> Nullable<Bytea>,
        code_digest -> Nullable<Bytea>,
        browser_digest -> Nullable<Bytea>,
        next -> Text,
        tries -> Int4,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        confirmed_at -> Nullable<Timestamptz>,
        used_at -> Nullable<Timestamptz>,
        voided_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    emails (id) {
        id -> Uuid,
        user_id -> Uuid,
        address -> Text,
        address_key -> Text,
        is_primary -> Bool,
        verified_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        is_held -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    families (id) {
        id -> Uuid,
        grant_id -> Uuid,
        user_id -> Uuid,
        client_id -> Uuid,
        session_id -> Nullable<Uuid>,
        is_offline -> Bool,
        scope -> Text,
        audiences -> Jsonb,
        claims -> Nullable<Jsonb>,
        auth_time -> Timestamptz,
        acr -> Text,
        amr -> Text,
        generation -> Int8,
        created_at -> Timestamptz,
        rotated_at -> Timestamptz,
        expires_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
        revoke_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    former_passwords (id) {
        id -> Uuid,
        user_id -> Uuid,
        password_hash -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    former_usernames (username_key) {
        username_key -> Text,
        left_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    grants (id) {
        id -> Uuid,
        user_id -> Uuid,
        client_id -> Uuid,
        scope -> Text,
        claims -> Jsonb,
        audiences -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    group_managers (group_id, user_id) {
        group_id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    group_permissions (group_id, permission_id) {
        group_id -> Uuid,
        permission_id -> Uuid,
        created_at -> Timestamptz,
        granted_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    groups (id) {
        id -> Uuid,
        name -> Text,
        name_key -> Text,
        created_at -> Timestamptz,
        is_default -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    idempotency_keys (user_id, key_digest) {
        user_id -> Uuid,
        key_digest -> Bytea,
        request_digest -> Bytea,
        sealed_answer -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    import_rows (import_id, line) {
        import_id -> Uuid,
        line -> Int4,
        person -> Jsonb,
        expected -> Nullable<Text>,
        outcome -> Nullable<Text>,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    imports (id) {
        id -> Uuid,
        user_id -> Uuid,
        file_name -> Text,
        state -> Text,
        changes_known -> Bool,
        sends_links -> Bool,
        stopped_because -> Nullable<Text>,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    instance (id) {
        id -> Int2,
        master_key_check -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    invitations (id) {
        id -> Uuid,
        digest -> Bytea,
        address -> Nullable<Text>,
        groups -> Jsonb,
        invited_by -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        used_by -> Nullable<Uuid>,
        withdrawn_at -> Nullable<Timestamptz>,
        group_ids -> Jsonb,
        inviter_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    logos (client_id) {
        client_id -> Uuid,
        id -> Uuid,
        bytes -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    mail_outbox (id) {
        id -> Uuid,
        kind -> Text,
        recipient -> Text,
        sealed_letter -> Bytea,
        created_at -> Timestamptz,
        due_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        attempts -> Int4,
        sent_at -> Nullable<Timestamptz>,
        parked_at -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
        channel -> Text,
        user_id -> Nullable<Uuid>,
        language -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    memberships (group_id, user_id) {
        group_id -> Uuid,
        user_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    object_permissions (id) {
        id -> Uuid,
        permission_id -> Uuid,
        object_id -> Text,
        user_id -> Nullable<Uuid>,
        group_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        granted_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    permissions (id) {
        id -> Uuid,
        app -> Text,
        codename -> Text,
        description -> Text,
        created_at -> Timestamptz,
        model -> Nullable<Text>,
        action -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    pictures (user_id) {
        user_id -> Uuid,
        id -> Uuid,
        bytes -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    saved_views (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        query -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    sessions (id) {
        id -> Uuid,
        digest -> Bytea,
        user_id -> Uuid,
        auth_time -> Timestamptz,
        acr -> Text,
        amr -> Text,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        end_reason -> Nullable<Text>,
        is_persistent -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    setup_links (digest) {
        digest -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    signing_keys (id) {
        id -> Uuid,
        kid -> Text,
        alg -> Text,
        state -> Text,
        public_jwk -> Jsonb,
        sealed_private -> Nullable<Bytea>,
        created_at -> Timestamptz,
        activated_at -> Nullable<Timestamptz>,
        retired_at -> Nullable<Timestamptz>,
        leaves_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    statistics (name, day) {
        day -> Date,
        name -> Text,
        value -> Int8,
        counted_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    subgroups (member_id, group_id) {
        group_id -> Uuid,
        member_id -> Uuid,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    throttles (bucket) {
        bucket -> Bytea,
        failures -> Int4,
        window_started_at -> Timestamptz,
        blocked_until -> Nullable<Timestamptz>,
        kind -> Text,
        user_id -> Nullable<Uuid>,
        network -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    totp_devices (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        sealed_secret -> Bytea,
        digits -> Int2,
        period_secs -> Int2,
        start_at -> Int8,
        drift -> Int2,
        last_step -> Nullable<Int8>,
        confirmed_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    traces (id) {
        id -> Uuid,
        at -> Timestamptz,
        request_id -> Text,
        stage -> Text,
        client_id -> Nullable<Text>,
        code -> Text,
        because -> Text,
        came -> Nullable<Text>,
        address -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    user_permissions (user_id, permission_id) {
        user_id -> Uuid,
        permission_id -> Uuid,
        created_at -> Timestamptz,
        granted_by -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    users (id) {
        id -> Uuid,
        sub -> Uuid,
        username -> Text,
        username_key -> Text,
        password_hash -> Nullable<Text>,
        password_changed_at -> Nullable<Timestamptz>,
        name -> Nullable<Text>,
        given_name -> Nullable<Text>,
        middle_name -> Nullable<Text>,
        family_name -> Nullable<Text>,
        picture -> Nullable<Text>,
        profile -> Nullable<Text>,
        website -> Nullable<Text>,
        gender -> Nullable<Text>,
        birthdate -> Nullable<Text>,
        zoneinfo -> Nullable<Text>,
        locale -> Nullable<Text>,
        phone -> Nullable<Text>,
        phone_key -> Nullable<Text>,
        phone_verified -> Bool,
        address_formatted -> Nullable<Text>,
        address_street -> Nullable<Text>,
        address_locality -> Nullable<Text>,
        address_region -> Nullable<Text>,
        address_postal_code -> Nullable<Text>,
        address_country -> Nullable<Text>,
        attributes -> Jsonb,
        is_active -> Bool,
        is_staff -> Bool,
        is_superuser -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        last_login_at -> Nullable<Timestamptz>,
        must_change_password -> Bool,
        awaits_proof_since -> Nullable<Timestamptz>,
        wanted_username -> Nullable<Text>,
        deletion_due_at -> Nullable<Timestamptz>,
        is_service -> Bool,
        backend -> Nullable<Text>,
        backend_id -> Nullable<Text>,
        terms_accepted_at -> Nullable<Timestamptz>,
        is_live -> Bool,
        invitation_id -> Nullable<Uuid>,
        handled_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(api_keys -> users (user_id));
diesel::joinable!(assertions -> clients (client_id));
diesel::joinable!(codes -> clients (client_id));
diesel::joinable!(codes -> grants (grant_id));
diesel::joinable!(codes -> sessions (session_id));
diesel::joinable!(codes -> users (user_id));
diesel::joinable!(confirmations -> users (user_id));
diesel::joinable!(emails -> users (user_id));
diesel::joinable!(families -> clients (client_id));
diesel::joinable!(families -> grants (grant_id));
diesel::joinable!(families -> sessions (session_id));
diesel::joinable!(families -> users (user_id));
diesel::joinable!(former_passwords -> users (user_id));
diesel::joinable!(grants -> clients (client_id));
diesel::joinable!(grants -> users (user_id));
diesel::joinable!(group_managers -> groups (group_id));
diesel::joinable!(group_managers -> users (user_id));
diesel::joinable!(group_permissions -> groups (group_id));
diesel::joinable!(group_permissions -> permissions (permission_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(import_rows -> imports (import_id));
diesel::joinable!(imports -> users (user_id));
diesel::joinable!(logos -> clients (client_id));
diesel::joinable!(mail_outbox -> users (user_id));
diesel::joinable!(memberships -> groups (group_id));
diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(object_permissions -> groups (group_id));
diesel::joinable!(object_permissions -> permissions (permission_id));
diesel::joinable!(object_permissions -> users (user_id));
diesel::joinable!(pictures -> users (user_id));
diesel::joinable!(saved_views -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(totp_devices -> users (user_id));
diesel::joinable!(user_permissions -> permissions (permission_id));
diesel::joinable!(user_permissions -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    assertions,
    audit_chain,
    audit_events,
    blacklist,
    clients,
    codes,
    confirmations,
    emails,
    families,
    former_passwords,
    former_usernames,
    grants,
    group_managers,
    group_permissions,
    groups,
    idempotency_keys,
    import_rows,
    imports,
    instance,
    invitations,
    logos,
    mail_outbox,
    memberships,
    object_permissions,
    permissions,
    pictures,
    saved_views,
    sessions,
    setup_links,
    signing_keys,
    statistics,
    subgroups,
    throttles,
    totp_devices,
    traces,
    user_permissions,
    users,
);
