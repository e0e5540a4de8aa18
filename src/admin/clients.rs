//! What operators do with apps.

use url::Url;

use super::deed::{Stop, Wrong};
use super::policy::{self, Actor};
use super::version;
use crate::access::store as groups;
use crate::access::store::permissions;
use crate::audit::Scene;
use crate::clients::client::{Client, Restriction};
use crate::clients::metadata::{self, Draft, NewClient};
use crate::clients::registration::{self, Creation, Former};
use crate::clients::{RedirectUri, store};
use crate::kernel::Conn;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::secret::Secret;

/// Operators change one app at a time, so that none puts back what another one just took.
pub const LOCK: i64 = 0x706f_7274_6170_7073;

/// The app, when the actor may change it: nobody else does until the transaction ends.
///
/// # Errors
/// [`Stop`].
pub fn within(conn: &mut Conn, actor: &Actor, client_id: &str, issuer: &str) -> Result<Client, Stop> {
    lock_for_transaction(conn, LOCK)?;
    let client = store::find(conn, client_id)?.ok_or(Stop::Gone)?;
    policy::check_known_client(conn, actor, &client, issuer)?.map_err(Stop::from)?;
    Ok(client)
}

/// Checks a draft; groups and permissions that it is restricted to have to be there: else it would shut everybody out.
///
/// # Errors
/// [`Stop`].
pub fn check(conn: &mut Conn, draft: Draft) -> Result<NewClient, Stop> {
    let mut wrong = Vec::new();
    let new = match metadata::validate(draft) {
        Ok(new) => new,
        Err(problems) => {
            let sentence = |problem: metadata::Problem| Wrong::new(problem.field, sentence(&problem.message));
            return Err(Stop::Wrong(problems.into_iter().map(sentence).collect()));
        }
    };
    missing(conn, &new.restriction, &mut wrong)?;
    if wrong.is_empty() { Ok(new) } else { Err(Stop::Wrong(wrong)) }
}

fn sentence(problem: &str) -> String {
    let mut letters = problem.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn missing(conn: &mut Conn, restriction: &Restriction, wrong: &mut Vec<Wrong>) -> Result<(), Fault> {
    for name in &restriction.groups {
        if groups::find_group(conn, name)?.is_none() {
            wrong.push(Wrong::new("restricted_to_groups", format!("There is no group “{name}”.")));
        }
    }
    if let Some(name) = &restriction.permission
        && permissions::find(conn, name)?.is_none()
    {
        wrong.push(Wrong::new("restricted_to_permission", format!("There is no permission “{name}”.")));
    }
    Ok(())
}

/// Registers an app; its secret is known only here, and only now.
///
/// # Errors
/// [`Stop`].
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    draft: Draft,
    issuer: &str,
    scene: &Scene,
) -> Result<Option<Secret<String>>, Stop> {
    policy::check_client(actor, &draft, issuer)?;
    policy::check_serves(conn, actor, &draft)?.map_err(Stop::from)?;
    policy::check_audiences(conn, actor, None, &draft)?.map_err(Stop::from)?;
    let new = check(conn, draft)?;
    match registration::create(conn, &new, None, scene)? {
        Creation::Done(secret) => Ok(secret),
        Creation::Taken => Err(Stop::wrong("client_id", "Another app has this id.")),
    }
}

/// Changes an app. Its id and kind stay. `seen`: the [`version`](super::version) that the change was thought out on.
///
/// # Errors
/// [`Stop`].
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    (draft, seen): (Draft, Option<&str>),
    issuer: &str,
    scene: &Scene,
) -> Result<(), Stop> {
    let client = within(conn, actor, &draft.client_id, issuer)?;
    policy::check_client(actor, &draft, issuer)?;
    policy::check_serves(conn, actor, &draft)?.map_err(Stop::from)?;
    policy::check_audiences(conn, actor, Some(&client), &draft)?.map_err(Stop::from)?;
    if seen.is_some_and(|seen| seen != version::of(&client.describe())) {
        return Err(Stop::conflict(
            "Somebody else changed this app meanwhile. Load the page again, and look what is left to change.",
        ));
    }
    if draft.kind != client.kind {
        return Err(Stop::wrong("type", "An app stays of its type: register another one."));
    }
    let new = check(conn, draft)?;
    Ok(registration::update(conn, &client, &new, scene)?)
}

/// Adds a redirect URI that an app was seen to send. Anybody can make it send one, so its host is typed by hand.
///
/// # Errors
/// [`Stop`].
pub fn add_redirect_uri(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, uri, typed_host): (&str, &str, &str),
    issuer: &str,
    scene: &Scene,
) -> Result<(), Stop> {
    let client = within(conn, actor, client_id, issuer)?;
    let host = Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned));
    if host.is_none_or(|host| !host.eq_ignore_ascii_case(typed_host.trim())) {
        return Err(Stop::wrong("host", "This is not the host of the address: nothing was added."));
    }
    let mut draft = Draft::of(&client);
    if draft.redirect_uris.iter().any(|known| known == uri) {
        return Ok(());
    }
    draft.redirect_uris.push(uri.to_owned());
    let new = check(conn, draft)?;
    Ok(registration::update(conn, &client, &new, scene)?)
}

/// The registered redirect URI that is most like this one, when it is much like it.
#[must_use]
pub fn did_you_mean<'a>(client: &'a Client, uri: &str) -> Option<&'a str> {
    let registered = client.redirect_uris.iter().map(RedirectUri::as_str);
    let scored = registered.map(|known| (strsim::normalized_levenshtein(known, uri), known));
    let best = scored.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > MUCH_ALIKE).then_some(best.1)
}

/// Of addresses that differ in a letter, a slash, a port or a scheme.
const MUCH_ALIKE: f64 = 0.75;

/// Replaces an app's secret.
///
/// # Errors
/// [`Stop`].
pub fn rotate_secret(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, former): (&str, Former),
    issuer: &str,
    scene: &Scene,
) -> Result<Secret<String>, Stop> {
    let client = within(conn, actor, client_id, issuer)?;
    let new = metadata::validate(Draft::of(&client));
    if !new.is_ok_and(|new| new.needs_secret()) {
        return Err(Stop::conflict("This app has no secret: it does not need one."));
    }
    check_overlap(&client, former)?;
    Ok(registration::rotate_secret(conn, &client, (None, former), scene)?)
}

/// Whether the present secret may do what is wished of it.
///
/// # Errors
/// [`Stop`].
pub fn check_overlap(client: &Client, former: Former) -> Result<(), Stop> {
    if former != Former::Ends && client.secret.is_some() && !registration::can_overlap(client) {
        return Err(Stop::conflict(
            "The secret came from another system and was not used here yet: it cannot serve beside a new one.",
        ));
    }
    Ok(())
}

/// Ends the secret before the present one, before its time.
///
/// # Errors
/// [`Stop`].
pub fn end_former_secret(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    issuer: &str,
    scene: &Scene,
) -> Result<(), Stop> {
    let client = within(conn, actor, client_id, issuer)?;
    if registration::end_former_secret(conn, &client, scene)? { Ok(()) } else { Err(Stop::Gone) }
}

/// Sets the picture of an app, or takes it away.
///
/// # Errors
/// [`Stop`].
pub fn set_logo(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, png): (&str, Option<&[u8]>),
    issuer: &str,
    scene: &Scene,
) -> Result<(), Stop> {
    let client = within(conn, actor, client_id, issuer)?;
    if png.is_none() && client.logo.is_none() {
        return Err(Stop::Gone);
    }
    Ok(registration::set_logo(conn, &client, png, scene)?)
}

/// Lets an app be used, or not.
///
/// # Errors
/// [`Stop`].
pub fn set_enabled(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, is_enabled): (&str, bool),
    issuer: &str,
    scene: &Scene,
) -> Result<(), Stop> {
    let client = within(conn, actor, client_id, issuer)?;
    if client.is_enabled == is_enabled {
        return Ok(());
    }
    Ok(registration::set_enabled(conn, &client, is_enabled, scene)?)
}

/// Deletes an app and everything issued to it. `typed` is its id: it cannot happen by a slip.
///
/// # Errors
/// [`Stop`].
pub fn delete(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, typed): (&str, &str),
    issuer: &str,
    scene: &Scene,
) -> Result<(), Stop> {
    let client = within(conn, actor, client_id, issuer)?;
    if typed != client.client_id {
        return Err(Stop::wrong("delete-id", "The id that you typed is not this app's: nothing was deleted."));
    }
    Ok(registration::delete(conn, &client, scene)?)
}
