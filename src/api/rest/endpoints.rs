//! THE table of `/api/v1`: method, path, right, shapes, and what runs.

use super::shape::Field;
use super::{Call, Reply, audit, clients, groups, invitations, keys, people, permissions, things};
use crate::admin::deed::Stop;
use crate::admin::policy::Right;
use crate::kernel::Conn;

/// Where all of it stands.
pub const BASE: &str = "/api/v1";
/// Scope of tokens and keys that may look.
pub const READ: &str = "api:read";
/// Scope of those that may also change.
pub const WRITE: &str = "api:write";

/// What runs.
pub type Run = fn(&mut Conn, &Call<'_>) -> Result<Reply, Stop>;

/// One method of one path.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: &'static str,
    /// Below [`BASE`], with names in braces.
    pub path: &'static str,
    /// What it takes.
    pub right: Right,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Parameters.
    pub query: &'static [Field],
    /// Members of the body; `None`: it has none.
    pub body: Option<&'static [Field]>,
    /// What it answers.
    pub answer: Answer,
    /// Whether the body brings a password to be hashed.
    pub hashes: bool,
    /// What runs.
    pub run: Run,
}

/// What an endpoint answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// 204.
    Nothing,
    /// 200 with a document of this name and shape.
    One(&'static str, &'static [Field]),
    /// 201 with one.
    Made(&'static str, &'static [Field]),
    /// 200 with a part of a list.
    List(&'static str, &'static [Field]),
    /// 200 with all of a list.
    All(&'static str, &'static [Field]),
}

impl Endpoint {
    const fn new(method: &'static str, path: &'static str, right: Right, summary: &'static str, run: Run) -> Self {
        Self { method, path, right, summary, query: &[], body: None, answer: Answer::Nothing, hashes: false, run }
    }

    const fn query(self, query: &'static [Field]) -> Self {
        Self { query, ..self }
    }

    const fn body(self, body: &'static [Field]) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn answers(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }

    const fn hashes(self) -> Self {
        Self { hashes: true, ..self }
    }

    /// Whether it only looks.
    #[must_use]
    pub fn is_look(&self) -> bool {
        self.method == "GET"
    }

    /// Names in the path, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
    }

    /// Whether it answers a part of a list.
    #[must_use]
    pub const fn is_paged(&self) -> bool {
        matches!(self.answer, Answer::List(..))
    }
}

const fn get(path: &'static str, right: Right, summary: &'static str, run: Run) -> Endpoint {
    Endpoint::new("GET", path, right, summary, run)
}

const fn post(path: &'static str, right: Right, summary: &'static str, run: Run) -> Endpoint {
    Endpoint::new("POST", path, right, summary, run)
}

const fn put(path: &'static str, right: Right, summary: &'static str, run: Run) -> Endpoint {
    Endpoint::new("PUT", path, right, summary, run)
}

const fn patch(path: &'static str, right: Right, summary: &'static str, run: Run) -> Endpoint {
    Endpoint::new("PATCH", path, right, summary, run)
}

const fn delete(path: &'static str, right: Right, summary: &'static str, run: Run) -> Endpoint {
    Endpoint::new("DELETE", path, right, summary, run)
}

use Answer::{All, List, Made, One};

/// Every endpoint.
pub const ENDPOINTS: &[Endpoint] = &[
    get("/users", Right::ViewUser, "List accounts", people::list)
        .query(people::USERS_QUERY)
        .answers(List("User", people::USER)),
    post("/users", Right::AddUser, "Make an account", people::create)
        .body(people::NEW_USER)
        .answers(Made("User", people::USER))
        .hashes(),
    get("/users/{user}", Right::ViewUser, "Show an account", people::show).answers(One("User", people::USER)),
    patch("/users/{user}", Right::ChangeUser, "Change an account", people::update)
        .body(people::USER_CHANGES)
        .answers(One("User", people::USER)),
    delete("/users/{user}", Right::DeleteUser, "Delete an account for good", people::delete),
    post("/users/{user}/disable", Right::ChangeUser, "Disable an account: it is out everywhere", people::disable),
    post("/users/{user}/enable", Right::ChangeUser, "Enable an account", people::enable),
    post("/users/{user}/unlock", Right::ChangeUser, "Let somebody try to sign in again", people::unlock),
    post("/users/{user}/reset", Right::ChangeUser, "Mail a link that sets a new password", people::reset),
    put("/users/{user}/password", Right::ChangeUser, "Set a password", people::set_password)
        .body(people::NEW_PASSWORD)
        .hashes(),
    get("/users/{user}/permissions", Right::ViewPermission, "What somebody may, and why", people::permissions)
        .answers(List("HeldPermission", people::HELD)),
    get("/users/{user}/groups", Right::ViewGroup, "Groups that somebody is in by themselves", groups::of_user)
        .answers(List("Group", groups::GROUP)),
    get("/users/{user}/sessions", Right::ViewSession, "Where somebody is signed in", things::list_sessions)
        .answers(All("Session", things::SESSION)),
    delete("/users/{user}/sessions", Right::DeleteSession, "Sign somebody out everywhere", things::sign_out),
    delete("/users/{user}/sessions/{session}", Right::DeleteSession, "End a session", things::end_session),
    get("/users/{user}/grants", Right::ViewGrant, "Apps that somebody allowed", things::list_grants)
        .answers(All("Grant", things::GRANT)),
    delete("/users/{user}/grants/{client}", Right::DeleteGrant, "Take an app's access back", things::revoke_grant),
    get("/users/{user}/api-keys", Right::ViewApiKey, "API keys of somebody", things::list_api_keys)
        .answers(All("ApiKey", things::API_KEY)),
    delete("/users/{user}/api-keys/{key}", Right::DeleteApiKey, "Revoke an API key", things::revoke_api_key),
    get("/groups", Right::ViewGroup, "List groups", groups::list)
        .query(groups::QUERY)
        .answers(List("Group", groups::GROUP)),
    post("/groups", Right::AddGroup, "Make a group", groups::create)
        .body(groups::NAMED)
        .answers(Made("WholeGroup", groups::GROUP_WHOLE)),
    get("/groups/{group}", Right::ViewGroup, "Show a group", groups::show)
        .answers(One("WholeGroup", groups::GROUP_WHOLE)),
    patch("/groups/{group}", Right::ChangeGroup, "Change a group itself", groups::update)
        .body(groups::GROUP_CHANGES)
        .answers(One("WholeGroup", groups::GROUP_WHOLE)),
    delete("/groups/{group}", Right::DeleteGroup, "Delete a group", groups::delete),
    get("/groups/{group}/members", Right::ViewGroup, "Who is in a group by themselves", groups::members)
        .answers(List("Member", groups::MEMBER)),
    put("/groups/{group}/members/{user}", Right::ChangeGroup, "Put somebody into a group", groups::add_member),
    delete("/groups/{group}/members/{user}", Right::ChangeGroup, "Take somebody out of a group", groups::remove_member),
    put("/groups/{group}/managers/{user}", Right::ChangeGroup, "Let somebody manage a group", groups::appoint),
    delete("/groups/{group}/managers/{user}", Right::ChangeGroup, "Somebody manages it no more", groups::dismiss),
    put("/groups/{group}/groups/{member}", Right::ChangeGroup, "Put a group into a group", groups::nest),
    delete("/groups/{group}/groups/{member}", Right::ChangeGroup, "Take a group out of a group", groups::unnest),
    get("/permissions", Right::ViewPermission, "List permissions", permissions::list)
        .query(permissions::QUERY)
        .answers(List("Permission", permissions::PERMISSION)),
    post("/permissions", Right::AddPermission, "Make a permission", permissions::create)
        .body(permissions::NEW_PERMISSION)
        .answers(Made("Permission", permissions::PERMISSION)),
    post("/permission-models", Right::AddPermission, "Make the four of a model", permissions::create_model)
        .body(permissions::NEW_MODEL)
        .answers(One("MadePermissions", permissions::MADE)),
    get("/permissions/{permission}", Right::ViewPermission, "Show a permission", permissions::show)
        .answers(One("Permission", permissions::PERMISSION)),
    delete("/permissions/{permission}", Right::DeletePermission, "Delete a permission", permissions::delete),
    get("/permissions/{permission}/check", Right::ViewPermission, "May this person, and why", permissions::ask)
        .query(permissions::CHECK)
        .answers(One("PermissionAnswer", permissions::ANSWER)),
    get("/permissions/{permission}/grants", Right::ViewPermission, "Who holds it", permissions::list_grants)
        .query(permissions::OBJECT)
        .answers(List("PermissionGrant", permissions::GRANT)),
    put(
        "/permissions/{permission}/users/{user}",
        Right::ChangePermission,
        "Grant it to somebody",
        permissions::give_user,
    )
    .query(permissions::OBJECT),
    delete("/permissions/{permission}/users/{user}", Right::ChangePermission, "Take it back", permissions::take_user)
        .query(permissions::OBJECT),
    put(
        "/permissions/{permission}/groups/{group}",
        Right::ChangePermission,
        "Grant it to a group",
        permissions::give_group,
    )
    .query(permissions::OBJECT),
    delete(
        "/permissions/{permission}/groups/{group}",
        Right::ChangePermission,
        "Take it back",
        permissions::take_group,
    )
    .query(permissions::OBJECT),
    get("/clients", Right::ViewClient, "List apps", clients::list)
        .query(clients::QUERY)
        .answers(List("Client", clients::CLIENT)),
    post("/clients", Right::AddClient, "Register an app", clients::create)
        .body(clients::NEW_CLIENT)
        .answers(Made("ClientCredentials", clients::CLIENT_MADE)),
    get("/clients/{client}", Right::ViewClient, "Show an app", clients::show).answers(One("Client", clients::CLIENT)),
    patch("/clients/{client}", Right::ChangeClient, "Change an app", clients::update)
        .body(clients::CLIENT_CHANGES)
        .answers(One("Client", clients::CLIENT)),
    delete("/clients/{client}", Right::DeleteClient, "Delete an app", clients::delete),
    post("/clients/{client}/secret", Right::ChangeClient, "Replace an app's secret", clients::rotate_secret)
        .query(clients::SECRET_ROTATION)
        .answers(One("ClientSecret", clients::SECRET)),
    delete(
        "/clients/{client}/former-secret",
        Right::ChangeClient,
        "End the secret before the present one, before its time",
        clients::end_former_secret,
    ),
    post("/clients/{client}/enable", Right::ChangeClient, "Let an app be used", clients::enable),
    post("/clients/{client}/disable", Right::ChangeClient, "Disable an app: its tokens are dead", clients::disable),
    get("/invitations", Right::ViewInvitation, "List invitations", invitations::list)
        .query(invitations::QUERY)
        .answers(List("Invitation", invitations::INVITATION)),
    post("/invitations", Right::AddInvitation, "Invite somebody", invitations::create)
        .body(invitations::NEW_INVITATION)
        .answers(Made("MadeInvitation", invitations::INVITATION_MADE)),
    delete("/invitations/{invitation}", Right::DeleteInvitation, "Withdraw an invitation", invitations::withdraw),
    get("/signing-keys", Right::ViewSigningKey, "List signing keys", keys::list).answers(All("SigningKey", keys::KEY)),
    post("/signing-key-rotations", Right::ChangeSigningKey, "The next keys sign from now on", keys::rotate)
        .body(keys::ROTATION)
        .answers(All("SigningKey", keys::KEY)),
    delete("/signing-keys/{kid}", Right::ChangeSigningKey, "Retire a key: what it signed is dead", keys::retire),
    get("/audit-events", Right::ViewAuditEvent, "Read the audit log", audit::list)
        .query(audit::QUERY)
        .answers(List("AuditEvent", audit::EVENT)),
];

/// Every path once.
#[must_use]
pub fn paths() -> Vec<&'static str> {
    let mut paths: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// The endpoint of this path for this method.
///
/// # Errors
/// The methods that there are.
pub fn find(path: &str, method: &str) -> Result<&'static Endpoint, String> {
    let method = if method == "HEAD" { "GET" } else { method };
    let of_path = || ENDPOINTS.iter().filter(|endpoint| endpoint.path == path);
    of_path().find(|endpoint| endpoint.method == method).ok_or_else(|| {
        let methods: Vec<_> = of_path().map(|endpoint| endpoint.method).collect();
        let head = if methods.contains(&"GET") { ", HEAD" } else { "" };
        format!("{}{head}", methods.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::{ENDPOINTS, find, paths};

    #[test]
    fn every_method_of_a_path_stands_once() {
        let mut all: Vec<_> = ENDPOINTS.iter().map(|endpoint| (endpoint.path, endpoint.method)).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(count > 50 && paths().len() > 30);
        assert_eq!(find("/groups", "PUT").unwrap_err(), "GET, POST, HEAD");
        assert_eq!(find("/groups", "HEAD").unwrap().method, "GET");
    }
}
