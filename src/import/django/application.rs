//! Apps of django-oauth-toolkit, as clients.

use super::password;
use super::row::Row;
use super::{Dump, Site};
use crate::audit::Event;
use crate::audit::event::Kind as EventKind;
use crate::clients::client::{Kind, StoredSecret};
use crate::clients::metadata::{self, Draft, NewClient};
use crate::clients::redirect_uri::RedirectUri;
use crate::clients::{Client, store as clients};
use crate::import::batch;
use crate::import::report::{Report, Tally};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::ClientKey;
use crate::kernel::secret::Secret;
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
use crate::spec::GrantType;

/// What a client that signs people in may ask for: the toolkit knows no limit for one app.
const SCOPE: &str = "openid profile email offline_access";

/// Writes clients. One that is here already stays as it is: where codes go is not for a file to change.
pub(super) fn write(conn: &mut Conn, dump: &Dump, (site, report): (&Site<'_>, &mut Report)) -> Result<(), Fault> {
    let tally = &mut report.clients;
    for row in &dump.applications {
        let (new, secret) = match read(row, tally) {
            Ok(read) => read,
            Err(because) => {
                tally.skip(&row.name, because);
                continue;
            }
        };
        if let Some(known) = clients::find(conn, &new.draft.client_id)? {
            compare(&known, &new, row, tally);
            continue;
        }
        let mut answers = batch::write(conn, &[&new], |conn, _| Ok(vec![insert(conn, &new, secret.clone(), site)?]))?;
        match answers.pop() {
            Some(Ok(is_new)) => tally.count(usize::from(is_new), 1),
            Some(Err(because)) => tally.skip(&row.name, because),
            None => return Err(Fault::bug("a batch of one answered nothing")),
        }
    }
    Ok(())
}

fn insert(conn: &mut Conn, new: &NewClient, secret: Option<StoredSecret>, site: &Site<'_>) -> Result<bool, Fault> {
    let scene = site.scene;
    let key = ClientKey::new(&scene.random, scene.now)?;
    let is_new = clients::insert(conn, key, new, secret, scene.now)?;
    if is_new {
        let details = serde_json::json!({ "import": "django" });
        scene.record(conn, &Event::new(EventKind::ClientCreated).client(&new.draft.client_id).details(details))?;
    }
    Ok(is_new)
}

fn compare(known: &Client, new: &NewClient, row: &Row, tally: &mut Tally) {
    tally.unchanged += 1;
    let same = known.name == new.draft.name
        && known.kind == new.draft.kind
        && known.redirect_uris == new.redirect_uris
        && known.post_logout_redirect_uris == new.post_logout_redirect_uris;
    if !same {
        tally.note(&row.name, format!("client {} is otherwise here: kept so", known.client_id));
    }
}

fn read(row: &Row, tally: &mut Tally) -> Result<(NewClient, Option<StoredSecret>), String> {
    let grant_types = grants(row.text("authorization_grant_type"))?;
    let kind = kind(row)?;
    let signs_people_in = grant_types.contains(&GrantType::AuthorizationCode);
    let client_id = row.text("client_id").to_owned();
    let draft = Draft {
        allow_magic_link: false,
        allow_token_pair: false,
        name: row.words("name").unwrap_or_else(|| client_id.clone()),
        client_id,
        kind,
        auth_method: None,
        jwks: None,
        redirect_uris: uris(row, "redirect_uris", kind, tally),
        post_logout_redirect_uris: uris(row, "post_logout_redirect_uris", kind, tally),
        grant_types,
        scope: if signs_people_in { SCOPE.to_owned() } else { String::new() },
        audiences: Vec::new(),
        serves: Vec::new(),
        apps: Vec::new(),
        restrict_to_groups: Vec::new(),
        restrict_to_permission: None,
        id_token_alg: Algorithm::Rs256,
        access_token_alg: Algorithm::Es256,
        access_token_typ: TokenType::Access,
        access_ttl_secs: None,
        claims_in_id_token: false,
        skip_consent: row.flag("skip_authorization").unwrap_or(false),
        require_pkce: false,
        default_max_age_secs: None,
        client_uri: None,
        policy_uri: None,
        tos_uri: None,
    };
    let new = metadata::validate(draft).map_err(|problems| metadata::in_words(&problems, "; "))?;
    if row.text("algorithm") == "HS256" {
        tally.note(&row.name, "its ID tokens are signed by RS256 here, not by its secret (HS256)");
    }
    let secret = if new.needs_secret() { Some(secret(row)?) } else { None };
    Ok((new, secret))
}

fn grants(word: &str) -> Result<Vec<GrantType>, String> {
    match word {
        "authorization-code" => Ok(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]),
        "client-credentials" => Ok(vec![GrantType::ClientCredentials]),
        "implicit" | "openid-hybrid" => Err(format!(
            "grant `{word}` hands tokens to the browser's address bar (RFC 9700 section 2.1.2): use a code"
        )),
        "password" => {
            Err("grant `password` shows the app people's passwords (RFC 9700 section 2.4): use a code".into())
        }
        other => Err(format!("grant `{other}` is not spoken here")),
    }
}

fn kind(row: &Row) -> Result<Kind, String> {
    let is_private = |uri: &str| !uri.starts_with("https:") && !uri.starts_with("http:");
    match row.text("client_type") {
        "confidential" => Ok(Kind::Confidential),
        "public" if row.text("redirect_uris").split_whitespace().any(is_private) => Ok(Kind::Native),
        "public" => Ok(Kind::Public),
        other => Err(format!("client type `{other}` is none")),
    }
}

/// The URIs that may be registered here; the others are told of.
fn uris(row: &Row, field: &str, kind: Kind, tally: &mut Tally) -> Vec<String> {
    let sound = |uri: &&str| match RedirectUri::parse(uri, kind) {
        Ok(_) => true,
        Err(because) => {
            tally.note(&row.name, format!("{field}: {because}; left out"));
            false
        }
    };
    row.text(field).split_whitespace().filter(sound).map(str::to_owned).collect()
}

fn secret(row: &Row) -> Result<StoredSecret, String> {
    let stored = row.text("client_secret");
    if stored.is_empty() {
        return Err("a confidential client without a secret".into());
    }
    if password::is_usable(stored) {
        return Ok(StoredSecret::Hash(Secret::new(stored.to_owned())));
    }
    if row.flag("hash_client_secret") == Some(true) {
        return Err("the hash of its secret cannot be verified here".into());
    }
    Ok(StoredSecret::Digest(Secret::new(stored.to_owned()).digest()))
}
