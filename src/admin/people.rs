//! What operators do with accounts. Each deed asks the policy about whom it is, then the rules of the folders below.

use chrono::Duration;
use serde_json::{Value, json};

use super::deed::{Stop, Wrong};
use super::policy::{self, Actor, Refusal};
use crate::access::{group, store as groups};
use crate::accounts::confirmation::Purpose;
use crate::accounts::name_key::name_key;
use crate::accounts::passwords::Password;
use crate::accounts::passwords::policy::Policy;
use crate::accounts::profile::{self, ProfileChanges};
use crate::accounts::registration::{self, Creation, NewUser, Proof};
use crate::accounts::standing::{self, Activity, Outcome};
use crate::accounts::store::{emails, former_usernames, lifecycle};
use crate::accounts::{self, EmailAddress, User, Username};
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ApiKeyId, EmailId, SessionId, UserId};
use crate::kernel::secret::Secret;
use crate::login::courier::{Courier, RESET_LIFE, Trip};
use crate::login::password_change::{self, ApiKeys, NewPassword, Others};
use crate::login::throttle::Throttle;
pub use crate::login::unlock::is_locked_out;
use crate::login::{departure, lifecycle as leaving, unlock};
use crate::mail::letter::Letter;
use crate::portal::addresses;
use crate::sessions::session::End;
use crate::spec::plain::misleads;
use crate::tokens::api_key::{self, NewApiKey};
use crate::tokens::revocation;

/// A link in the letter about a new account serves so many hours.
const WELCOME_HOURS: u32 = 72;

/// The account, when the actor may change it.
///
/// # Errors
/// [`Stop`].
pub fn within(conn: &mut Conn, actor: &Actor, id: UserId) -> Result<User, Stop> {
    let user = accounts::store::find(conn, id)?.ok_or(Stop::Gone)?;
    policy::check_about(conn, actor, &user)?.map_err(Stop::from)?;
    Ok(user)
}

/// The account of somebody whom the actor may change ([`within`]), held until the end of the transaction: deeds about people come
/// one after the other, and each sees what the one before left. Whoever holds people takes no lock of groups or apps before.
///
/// # Errors
/// [`Stop`].
pub fn held(conn: &mut Conn, actor: &Actor, id: UserId) -> Result<User, Stop> {
    lock_for_transaction(conn, LOCK)?;
    within(conn, actor, id)
}

/// Asks whether the actor may do what lets them use the account, and notes that they had a hand in it: it is known then when the
/// account becomes a stronger one. Superusers may do everything anyway.
fn in_hand(conn: &mut Conn, actor: &Actor, user: &User, scene: &Scene) -> Result<(), Stop> {
    policy::check_takeover(conn, actor, user)?.map_err(Stop::from)?;
    if !actor.is_superuser {
        lifecycle::mark_handled(conn, user.id, Some(scene.now))?;
    }
    Ok(())
}

/// An account as somebody wishes it; nothing checked yet.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one account")]
pub struct Wish {
    /// Name to sign in by.
    pub username: String,
    /// Primary address; empty: none.
    pub email: String,
    /// Whether the address is theirs for sure: superusers only may say so.
    pub email_verified: bool,
    /// The first password; `None`: none yet.
    pub password: Option<String>,
    /// The first password is changed at the first sign-in.
    pub must_change_password: bool,
    /// They get a letter with a link that sets the password.
    pub send_link: bool,
    /// For a program: cannot sign in by page.
    pub is_service: bool,
    /// Claims; flags in it are not looked at.
    pub profile: ProfileChanges,
}

/// A wish that may be carried out.
#[derive(Clone, Debug)]
pub struct Order {
    new: NewUser,
    must_change_password: bool,
    send_link: bool,
    is_service: bool,
    /// To be hashed; goes into [`add`].
    pub password: Option<Password>,
}

/// Reads a wish, without the database.
///
/// # Errors
/// Every field that does not do.
pub fn read(actor: &Actor, wish: Wish, rules: &Policy) -> Result<Order, Stop> {
    let mut wrong = Vec::new();
    let mut refuse = |field, message: String| wrong.push(Wrong::new(field, message));
    let username = Username::parse(&wish.username).map_err(|why| refuse("username", why)).ok();
    let typed = Some(wish.email.trim()).filter(|email| !email.is_empty());
    let email = typed.and_then(|email| EmailAddress::parse(email).map_err(|why| refuse("email", why)).ok());
    if wish.send_link && typed.is_none() {
        refuse("email", "A link can be sent only to an address.".into());
    }
    if wish.email_verified && !actor.is_superuser {
        refuse("email_verified", "Only superusers say that an address is proven.".into());
    }
    let own = [wish.username.trim(), wish.email.trim()];
    let password = match wish.password.as_deref().map(Password::parse) {
        None => None,
        Some(None) => {
            refuse("new-password", "Use at most 256 characters.".into());
            None
        }
        Some(Some(password)) => {
            rules.refusals(&password, &own).into_iter().for_each(|why| refuse("new-password", why));
            Some(password)
        }
    };
    if wish.is_service && (password.is_some() || wish.send_link) {
        refuse("is_service", "A service account has no password: it uses API keys.".into());
    }
    let Some(username) = username.filter(|_| wrong.is_empty()) else { return Err(Stop::Wrong(wrong)) };
    let proof = if wish.email_verified { Proof::Verified } else { Proof::Unverified };
    let profile = ProfileChanges { is_staff: None, is_superuser: None, ..wish.profile };
    Ok(Order {
        new: NewUser { username, email: email.map(|email| (email, proof)), password_hash: None, profile },
        must_change_password: wish.must_change_password && password.is_some(),
        send_link: wish.send_link,
        is_service: wish.is_service,
        password,
    })
}

/// Makes an account. `hash` is that of the order's password.
///
/// # Errors
/// [`Stop`].
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    mut order: Order,
    hash: Option<String>,
    courier: &Courier,
    scene: &Scene,
) -> Result<UserId, Stop> {
    order.new.password_hash = hash;
    give_away(conn, actor, &order.new.username)?;
    let id = match registration::create(conn, &order.new, scene)? {
        Creation::Done(id) => id,
        Creation::UsernameTaken => {
            return Err(Stop::wrong("username", "The username is taken, or was somebody's, or looks like such a one."));
        }
        Creation::EmailTaken => return Err(Stop::wrong("email", "The address belongs to another account.")),
        Creation::PhoneTaken => return Err(Stop::wrong("phone", "The number belongs to another account.")),
    };
    if order.is_service {
        lifecycle::mark_service(conn, id)?;
    } else {
        group::join_defaults(conn, id, scene)?;
    }
    if !actor.is_superuser {
        lifecycle::mark_handled(conn, id, Some(scene.now))?;
    }
    if order.must_change_password {
        lifecycle::set_must_change_password(conn, id, true, scene.now)?;
    }
    if order.send_link
        && let Some(user) = accounts::store::find(conn, id)?
        && let Some(email) = emails::primary_of(conn, id)?
    {
        let life = Duration::hours(WELCOME_HOURS.into());
        let trip = Trip { next: "/account".into(), app: None, browser: None };
        let made = courier.confirm(conn, Purpose::ResetPassword, (id, &email.address), &trip, (life, scene))?;
        let link = courier.links.secret("/password/reset/link", &made.link);
        let letter = Letter::AccountMade { username: user.username.clone(), link, hours: WELCOME_HOURS };
        courier.post(conn, &user, &email.address, &letter, (life, scene))?;
    }
    Ok(id)
}

/// Superusers may call somebody as somebody else was called.
fn give_away(conn: &mut Conn, actor: &Actor, username: &Username) -> Result<(), Fault> {
    if actor.is_superuser { former_usernames::release(conn, &username.key()) } else { Ok(()) }
}

/// Disables an account: it is out everywhere at once.
///
/// # Errors
/// [`Stop`].
pub fn disable(conn: &mut Conn, actor: &Actor, id: UserId, scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    match departure::disable(conn, user.id, scene)? {
        Outcome::Done => Ok(()),
        Outcome::LastAdministrator => Err(last_administrator()),
    }
}

fn last_administrator() -> Stop {
    Stop::conflict("This is the last administrator who can sign in: make another one first.")
}

/// Enables an account.
///
/// # Errors
/// [`Stop`].
pub fn enable(conn: &mut Conn, actor: &Actor, id: UserId, scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    standing::set_activity(conn, user.id, Activity::Enabled, scene)?;
    Ok(())
}

/// Ends every session and every token of an account.
///
/// # Errors
/// [`Stop`].
pub fn sign_out(conn: &mut Conn, actor: &Actor, id: UserId, scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    Ok(departure::sign_out_everywhere(conn, user.id, End::Revoked, scene)?)
}

/// Ends one session of somebody, and what was issued through it.
///
/// # Errors
/// [`Stop`].
pub fn end_session(
    conn: &mut Conn,
    actor: &Actor,
    (id, session): (UserId, SessionId),
    scene: &Scene,
) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    if departure::end_other(conn, user.id, session, scene)? { Ok(()) } else { Err(Stop::Gone) }
}

/// Ends one API key of somebody.
///
/// # Errors
/// [`Stop`].
pub fn revoke_key(conn: &mut Conn, actor: &Actor, (id, key): (UserId, ApiKeyId), scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    if api_key::revoke(conn, user.id, key, scene)? { Ok(()) } else { Err(Stop::Gone) }
}

/// Longest name of a key, in characters.
const MAX_KEY_NAME: usize = 100;

/// Makes an API key of a service account, known only here, and only now. Whoever has it is the account: it takes what getting
/// hold of an account takes.
///
/// # Errors
/// [`Stop`].
pub fn make_key(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    new: &NewApiKey,
    scene: &Scene,
) -> Result<Secret<String>, Stop> {
    let user = held(conn, actor, id)?;
    in_hand(conn, actor, &user, scene)?;
    if !user.is_service {
        return Err(Stop::conflict("People make their keys themselves; this is for the accounts of programs."));
    }
    if new.name.is_empty() || new.name.chars().count() > MAX_KEY_NAME || new.name.chars().any(misleads) {
        return Err(Stop::wrong("key-name", format!("Give the key a name of at most {MAX_KEY_NAME} characters.")));
    }
    if new.scope.is_empty() {
        return Err(Stop::wrong("key-scope", "Say what the key is for: scopes with spaces between, like api:read."));
    }
    let made = api_key::make(conn, user.id, new, scene)?;
    let (_, secret) = made.ok_or_else(|| Stop::conflict("There are too many keys already: revoke one first."))?;
    Ok(secret)
}

/// Takes an app's access back: consent, families and tokens are void.
///
/// # Errors
/// [`Stop`].
pub fn revoke_app(conn: &mut Conn, actor: &Actor, id: UserId, client: &str, scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    if revocation::revoke_grant(conn, user.id, client, scene)? { Ok(()) } else { Err(Stop::Gone) }
}

/// Puts somebody into a group.
///
/// # Errors
/// [`Stop`].
pub fn join(conn: &mut Conn, actor: &Actor, id: UserId, group: &str, scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    let group = groups::find_group(conn, group)?
        .ok_or_else(|| Stop::wrong("group", format!("There is no group “{group}”.")))?;
    policy::check_group(conn, actor, &group)?.map_err(Stop::from)?;
    Ok(group::add_member(conn, &group, user.id, scene)?)
}

/// Takes somebody out of a group.
///
/// # Errors
/// [`Stop`].
pub fn leave(conn: &mut Conn, actor: &Actor, id: UserId, group: &str, scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    let Some(group) = groups::find_group(conn, group)? else { return Ok(()) };
    policy::check_group(conn, actor, &group)?.map_err(Stop::from)?;
    Ok(group::remove_member(conn, &group, user.id, scene)?)
}

/// What is changed about an account; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Another name to sign in by.
    pub username: Option<String>,
    /// Another primary address.
    pub email: Option<String>,
    /// Whether that address is theirs for sure.
    pub email_verified: bool,
    /// Whether the password is changed at the next sign-in.
    pub must_change_password: Option<bool>,
    /// Claims, and the two flags that only superusers set.
    pub profile: ProfileChanges,
    /// The operator's own fields, all of them.
    pub attributes: Option<Value>,
    /// The [`version`] that the change was thought out on, by a form that says all of it anew.
    pub seen: Option<String>,
}

/// Operators change one account at a time, so that none puts back what another one just took.
pub const LOCK: i64 = 0x706f_7274_7065_6f70;

/// What a form about an account shows: another one when anything of it is another.
///
/// # Errors
/// [`Fault`] of the database.
pub fn version(conn: &mut Conn, user: &User) -> Result<String, Fault> {
    let email = emails::primary_of(conn, user.id)?.map(|email| (email.address, email.verified_at));
    Ok(super::version::of(&json!([user.updated_at, user.is_staff, user.is_superuser, email])))
}

/// Changes an account.
///
/// # Errors
/// [`Stop`].
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    changes: &Changes,
    (courier, scene): (&Courier, &Scene),
) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    if let Some(seen) = &changes.seen
        && *seen != version(conn, &user)?
    {
        return Err(Stop::conflict(
            "Somebody else changed this account meanwhile. Load the page again, and look what is left to change.",
        ));
    }
    let own_email = emails::primary_of(conn, user.id)?;
    let mut wrong = Vec::new();
    if changes.email.as_ref().is_some_and(String::is_empty) && own_email.is_some() {
        wrong.push(Wrong::new("email", "An address is replaced by another one: it cannot be left out."));
    }
    let parsed = |field, why: String| Wrong::new(field, why);
    let username = changes.username.as_deref().map(Username::parse).transpose();
    let username = username.map_err(|why| wrong.push(parsed("username", why))).ok().flatten();
    let typed = changes.email.as_deref().filter(|email| !email.is_empty());
    let email = typed.map(EmailAddress::parse).transpose();
    let email = email.map_err(|why| wrong.push(parsed("email", why))).ok().flatten();
    if changes.email_verified && !actor.is_superuser {
        wrong.push(parsed("email_verified", "Only superusers say that an address is proven.".into()));
    }
    // Proven is the address that is there, where no other one is given.
    let is_own = changes.email_verified && typed.is_none();
    if is_own && own_email.is_none() {
        wrong.push(parsed("email_verified", "There is no address that could be proven: give one.".into()));
    }
    let own = own_email.filter(|_| is_own).and_then(|own| EmailAddress::parse(&own.address).ok());
    let email = email.or(own);
    if !wrong.is_empty() {
        return Err(Stop::Wrong(wrong));
    }
    if let Some(username) = username.filter(|username| username.as_str() != user.username) {
        if username.key() != user.username_key {
            // Apps behind a proxy go by the name.
            policy::check_takeover(conn, actor, &user)?.map_err(Stop::from)?;
            give_away(conn, actor, &username)?;
            if accounts::store::username_is_taken(conn, &username.key())? {
                return Err(Stop::wrong(
                    "username",
                    "The username is taken, or was somebody's, or looks like such a one.",
                ));
            }
        }
        lifecycle::respell(conn, user.id, &username, scene.now)?;
        let details = json!({ "changed": { "username": [user.username, username.as_str()] } });
        scene.record(conn, &Event::new(Kind::UserUpdated).user(user.id).details(details))?;
    }
    if let Some(email) = &email {
        set_email(conn, actor, (&user, email, changes.email_verified), (courier, scene))?;
    }
    if let Some(must) = changes.must_change_password.filter(|must| *must != user.must_change_password) {
        lifecycle::set_must_change_password(conn, user.id, must, scene.now)?;
        let details = json!({ "changed": { "must_change_password": [user.must_change_password, must] } });
        scene.record(conn, &Event::new(Kind::UserUpdated).user(user.id).details(details))?;
    }
    set_flags(conn, actor, &user, &changes.profile, scene)?;
    if let Some(Some(phone)) = &changes.profile.phone_key
        && user.phone.as_ref() != Some(phone)
        && accounts::store::phone_is_taken(conn, phone)?
    {
        return Err(Stop::wrong("phone", "The number belongs to another account."));
    }
    if let Some(attributes) = changes.attributes.as_ref().filter(|attributes| **attributes != user.attributes) {
        profile::update_attributes(conn, user.id, attributes)?;
        let details = json!({ "changed": { "attributes": [user.attributes, attributes] } });
        scene.record(conn, &Event::new(Kind::UserUpdated).user(user.id).details(details))?;
    }
    // A flag that stands as asked for was not looked at, and is not written: it may have changed since.
    let differing = |wish: Option<bool>, now: bool| wish.filter(|wish| *wish != now);
    let claims = ProfileChanges {
        is_superuser: differing(changes.profile.is_superuser, user.is_superuser),
        is_staff: differing(changes.profile.is_staff, user.is_staff),
        ..changes.profile.clone()
    };
    Ok(profile::update(conn, user.id, &claims, scene)?)
}

/// The same address, spelled anew, stays proven; another one does not, unless the operator says so.
fn set_email(
    conn: &mut Conn,
    actor: &Actor,
    (user, email, is_proven): (&User, &EmailAddress, bool),
    (courier, scene): (&Courier, &Scene),
) -> Result<(), Stop> {
    let own = emails::of_user(conn, user.id)?;
    let primary = own.iter().find(|known| known.is_primary);
    let own_address = primary.map(|known| known.address.clone());
    let was_proven = primary.is_some_and(|known| known.verified_at.is_some());
    let own = own.iter().find(|known| known.is_primary && name_key(&known.address) == email.key());
    if own.is_none() && emails::is_held(conn, &email.key())? {
        return Err(Stop::wrong("email", "The address belongs to an account already."));
    }
    let is_proven = is_proven || own.is_some_and(|own| own.verified_at.is_some());
    if own.is_some_and(|own| own.address == email.as_str() && own.verified_at.is_some() == is_proven) {
        return Ok(());
    }
    in_hand(conn, actor, user, scene)?;
    let proof = if is_proven { Proof::Verified } else { Proof::Unverified };
    let id = EmailId::new(&scene.random, scene.now)?;
    emails::replace_primary(conn, id, (user.id, email, proof), scene.now)?;
    password_change::void_links(conn, user.id, scene)?;
    if is_proven && user.awaits_proof_since.is_some() {
        lifecycle::mark_proven(conn, user.id, scene.now)?;
        group::join_defaults(conn, user.id, scene)?;
    }
    // Whoever had the account's mail hears of it, and can take it back.
    if let (Some(old), true) = (&own_address, was_proven)
        && name_key(old) != email.key()
    {
        addresses::tell_old(conn, courier, user, (old, email.as_str()), scene)?;
    }
    let details = json!({ "before": own_address, "after": email.as_str(), "proven": [was_proven, is_proven] });
    Ok(scene.record(conn, &Event::new(Kind::AddressChanged).user(user.id).details(details))?)
}

/// Only superusers make staff or superusers, and one who can sign in is always left.
fn set_flags(conn: &mut Conn, actor: &Actor, user: &User, changes: &ProfileChanges, scene: &Scene) -> Result<(), Stop> {
    let differs = |wish: Option<bool>, now: bool| wish.is_some_and(|wish| wish != now);
    let (superuser, staff) =
        (differs(changes.is_superuser, user.is_superuser), differs(changes.is_staff, user.is_staff));
    if !superuser && !staff {
        return Ok(());
    }
    if !actor.is_superuser {
        return Err(Refusal::Raising.into());
    }
    let falls = (superuser && user.is_superuser) || (staff && user.is_staff);
    if falls && accounts::store::is_last_administrator(conn, user.id)? {
        return Err(last_administrator());
    }
    let rises = (superuser && !user.is_superuser) || (staff && !user.is_staff);
    if rises && emails::primary_of(conn, user.id)?.is_some_and(|own| own.verified_at.is_none()) {
        return Err(Stop::wrong(
            "email",
            "The address is not proven: whoever reads its mail could take the account. Say that it is theirs, or let them prove it.",
        ));
    }
    Ok(departure::change_rank(conn, user.id, rises, scene)?)
}

/// Sends the link that sets a new password to the address that is stored.
///
/// # Errors
/// [`Stop`].
pub fn send_reset(conn: &mut Conn, actor: &Actor, id: UserId, courier: &Courier, scene: &Scene) -> Result<(), Stop> {
    let user = with_password(conn, actor, id)?;
    if emails::primary_of(conn, user.id)?.is_none() {
        return Err(Stop::conflict("This account has no address to send a link to."));
    }
    courier.send_reset(conn, &user, "/account", scene)?;
    Ok(scene.record(conn, &Event::new(Kind::ResetRequested).user(user.id))?)
}

fn with_password(conn: &mut Conn, actor: &Actor, id: UserId) -> Result<User, Stop> {
    let user = held(conn, actor, id)?;
    if user.is_service || user.backend.is_some() {
        return Err(Stop::conflict("This account has no password here."));
    }
    Ok(user)
}

/// A link that sets a new password, for the operator to hand over: for who cannot read their mail.
///
/// # Errors
/// [`Stop`].
pub fn recover(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    courier: &Courier,
    scene: &Scene,
) -> Result<Secret<String>, Stop> {
    let user = with_password(conn, actor, id)?;
    in_hand(conn, actor, &user, scene)?;
    // Who uses the link is taken to have read it in the mail: so it would prove an address that nobody has shown to be theirs.
    if user.awaits_proof_since.is_some() && !actor.is_superuser {
        return Err(Stop::conflict(
            "The address of this account is not proven yet: only its owner, or a superuser, can say that it is.",
        ));
    }
    let trip = Trip { next: "/account".into(), app: None, browser: None };
    let target = emails::primary_of(conn, user.id)?.map(|email| email.address);
    let about = (user.id, target.as_deref().unwrap_or("recovery"));
    let made = courier.confirm(conn, Purpose::ResetPassword, about, &trip, (RESET_LIFE, scene))?;
    scene.record(conn, &Event::new(Kind::RecoveryShown).user(user.id))?;
    Ok(Secret::new(courier.links.secret("/password/reset/link", &made.link)))
}

/// Sets a password, which its person changes at the next sign-in; whoever was in by the old one is out.
///
/// # Errors
/// [`Stop`].
pub fn set_password(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    (hash, keep_former): (String, usize),
    (courier, scene): (&Courier, &Scene),
) -> Result<(), Stop> {
    let user = with_password(conn, actor, id)?;
    in_hand(conn, actor, &user, scene)?;
    let new = NewPassword { hash, keep_former, others: Others::SignedOut, keys: ApiKeys::Kept };
    password_change::set(conn, &user, &new, None, scene)?;
    courier.tell_password_changed(conn, &user, scene)?;
    Ok(lifecycle::set_must_change_password(conn, user.id, true, scene.now)?)
}

/// Whoever had to wait may try again, by any of their names.
///
/// # Errors
/// [`Stop`].
pub fn unlock(conn: &mut Conn, actor: &Actor, id: UserId, counter: &Throttle, scene: &Scene) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    unlock::unlock(conn, counter, &user, scene.now)?;
    Ok(scene.record(conn, &Event::new(Kind::UserUnlocked).user(user.id))?)
}

/// Deletes an account for good, at once. `typed` is its username: it cannot happen by a slip.
///
/// # Errors
/// [`Stop`].
pub fn delete(
    conn: &mut Conn,
    actor: &Actor,
    id: UserId,
    typed: &str,
    courier: &Courier,
    scene: &Scene,
) -> Result<(), Stop> {
    let user = held(conn, actor, id)?;
    if typed != user.username {
        return Err(Stop::wrong(
            "delete-username",
            "The name that you typed is not this account's: nothing was deleted.",
        ));
    }
    if accounts::store::is_last_administrator(conn, user.id)? {
        return Err(last_administrator());
    }
    if leaving::delete(conn, &user, courier, scene)? { Ok(()) } else { Err(Stop::Gone) }
}
