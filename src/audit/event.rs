//! What is worth remembering.

use std::net::IpAddr;

use serde_json::Value;

use crate::kernel::ids::{SessionId, UserId};

crate::spec::words! {
    /// Kinds of security facts. No variant carries a secret.
    Kind {
        /// The first administrator was made by the setup link.
        SetupDone = "setup.done",
        /// Somebody signed in.
        SignedIn = "login.succeeded",
        /// A sign-in was refused.
        SignInFailed = "login.failed",
        /// The last try before a pause; a success still opens the door.
        SignInThrottled = "login.throttled",
        /// Somebody signed out.
        SignedOut = "session.ended",
        /// All sessions of a user were ended.
        SignedOutEverywhere = "session.all_ended",
        /// A user was made.
        UserCreated = "user.created",
        /// Somebody registered; no address is proven yet.
        Registered = "user.registered",
        /// Somebody tried to register with an address that has an account.
        RegistrationRepeated = "user.registration_repeated",
        /// An address was proven to be its account's.
        AddressProven = "email.proven",
        /// An address was added, and waits to be proven.
        AddressAdded = "email.added",
        /// Another address is the primary one.
        AddressChanged = "email.changed",
        /// An address was taken off.
        AddressRemoved = "email.removed",
        /// A change of address was taken back.
        AddressRestored = "email.restored",
        /// A phone number was proven.
        PhoneProven = "phone.proven",
        /// A phone number was taken off.
        PhoneRemoved = "phone.removed",
        /// An account that nobody proved was removed.
        UnprovenRemoved = "user.unproven_removed",
        /// A link for a new password was asked for.
        ResetRequested = "password.reset_requested",
        /// Such a link was shown to an operator, to be handed over.
        RecoveryShown = "password.recovery_shown",
        /// A password was set by such a link.
        PasswordReset = "password.reset",
        /// A person changed their password.
        PasswordChanged = "password.changed",
        /// A sign-in from a browser not seen before.
        NewDevice = "login.new_device",
        /// Its person said that a sign-in was not theirs.
        NotMe = "login.disowned",
        /// What an operator might have known or held of an account that became stronger serves no more.
        AccessTakenBack = "user.access_taken_back",
        /// A person wants their account deleted.
        DeletionPlanned = "user.deletion_planned",
        /// They changed their mind.
        DeletionCanceled = "user.deletion_canceled",
        /// An account was deleted.
        UserDeleted = "user.deleted",
        /// A person downloaded what is known of them.
        DataExported = "user.exported",
        /// An invitation was made.
        InvitationMade = "invitation.created",
        /// An invitation was used.
        InvitationUsed = "invitation.used",
        /// An invitation was withdrawn.
        InvitationWithdrawn = "invitation.withdrawn",
        /// A person took an app's access back.
        GrantRevoked = "grant.revoked",
        /// A picture was set or removed.
        PictureChanged = "user.picture_changed",
        /// A personal API key was made.
        ApiKeyMade = "api_key.created",
        /// A personal API key was revoked.
        ApiKeyRevoked = "api_key.revoked",
        /// A user was changed.
        UserUpdated = "user.updated",
        /// A file of people was uploaded, to be tried.
        ImportAdded = "import.added",
        /// A file of people is written.
        ImportStarted = "import.started",
        /// A file of people goes on no more.
        ImportStopped = "import.stopped",
        /// A user was disabled.
        UserDisabled = "user.disabled",
        /// A user who had to wait may try to sign in again.
        UserUnlocked = "user.unlocked",
        /// A user was enabled.
        UserEnabled = "user.enabled",
        /// A password was set.
        PasswordSet = "password.set",
        /// A group was made.
        GroupCreated = "group.created",
        /// A user joined a group.
        GroupJoined = "group.member_added",
        /// A user left a group.
        GroupLeft = "group.member_removed",
        /// A group has another name.
        GroupRenamed = "group.renamed",
        /// New accounts join a group by themselves, or do so no more.
        GroupDefaultSet = "group.default_set",
        /// A user decides who is in a group.
        GroupManagerAdded = "group.manager_added",
        /// A user does so no more.
        GroupManagerRemoved = "group.manager_removed",
        /// A group was put into a group.
        GroupNested = "group.group_added",
        /// A group was taken out of a group.
        GroupUnnested = "group.group_removed",
        /// A group was deleted.
        GroupDeleted = "group.deleted",
        /// A permission was made.
        PermissionCreated = "permission.created",
        /// A permission was deleted.
        PermissionDeleted = "permission.deleted",
        /// A permission was granted.
        PermissionGranted = "permission.granted",
        /// A permission was taken back.
        PermissionRevoked = "permission.revoked",
        /// A client was made.
        ClientCreated = "client.created",
        /// A client was changed.
        ClientUpdated = "client.updated",
        /// A client may not be used any more.
        ClientDisabled = "client.disabled",
        /// A client may be used again.
        ClientEnabled = "client.enabled",
        /// A client's secret was replaced.
        ClientSecretRotated = "client.secret_rotated",
        /// The secret before the present one serves no more, before its time.
        ClientFormerSecretEnded = "client.former_secret_ended",
        /// A client's picture was set or taken away.
        ClientLogoChanged = "client.logo_changed",
        /// A client was deleted.
        ClientDeleted = "client.deleted",
        /// A person allowed an app.
        ConsentGiven = "consent.given",
        /// Somebody came to an app that they may not use.
        AppBarred = "consent.barred",
        /// Somebody signed in to an app behind a proxy.
        ForwardAuthPassed = "forward_auth.passed",
        /// A person refused an app.
        ConsentDenied = "consent.denied",
        /// An authorization code came a second time; its tokens are void.
        CodeReplayed = "code.replayed",
        /// A refresh token came after its successors; its family is void.
        RefreshReused = "refresh.reused",
        /// A token was revoked by its client.
        TokenRevoked = "token.revoked",
        /// A signing key was withdrawn; what it signed is dead.
        KeyWithdrawn = "key.withdrawn",
        /// The oldest entries of this log were let go, as the configuration says.
        AuditRetained = "audit.retained",
        /// Letters that were given up are tried again.
        MailRetried = "mail.retried",
        /// A test letter was sent.
        MailTested = "mail.tested",
        /// Signing keys were rotated.
        KeysRotated = "key.rotated",
    }
}

/// Where an action came from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The peer, behind trusted proxies.
    pub address: Option<IpAddr>,
    /// The browser's own words about itself, shortened.
    pub user_agent: Option<String>,
    /// The request the person or app can name.
    pub request_id: Option<String>,
    /// Who acts: `cli`, a username, a client id, or `anonymous`.
    pub actor: String,
}

impl Origin {
    /// An operator at the command line.
    #[must_use]
    pub fn command_line() -> Self {
        Self { actor: "cli".into(), ..Self::default() }
    }
}

/// One fact.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// To whom.
    pub user_id: Option<UserId>,
    /// Through which client.
    pub client_id: Option<String>,
    /// In which session.
    pub session_id: Option<SessionId>,
    /// More, without secrets.
    pub details: Value,
}

impl Event {
    /// A fact of this kind, about nobody yet.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, user_id: None, client_id: None, session_id: None, details: Value::Object(serde_json::Map::new()) }
    }

    /// About this user.
    #[must_use]
    pub const fn user(mut self, user: UserId) -> Self {
        self.user_id = Some(user);
        self
    }

    /// Through this client.
    #[must_use]
    pub fn client(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.to_owned());
        self
    }

    /// In this session.
    #[must_use]
    pub const fn session(mut self, session: SessionId) -> Self {
        self.session_id = Some(session);
        self
    }

    /// With these details.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}
