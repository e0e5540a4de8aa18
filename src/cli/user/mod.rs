//! `user …`.

mod arguments;
mod password;

use arguments::{Create, Delete, Name, SetPassword, Update, attributes, changes};
use clap::Subcommand;
use password::hash_password;
use serde_json::{Value, json};

use crate::access;
use crate::accounts::confirmation::Purpose;
use crate::accounts::name_key::name_key;
use crate::accounts::profile;
use crate::accounts::registration::{self, Creation, NewUser, Proof};
use crate::accounts::standing::{self, Activity, Outcome};
use crate::accounts::store::lifecycle;
use crate::accounts::{self, EmailAddress, User, Username};
use crate::admin::people;
use crate::app;
use crate::audit::Event;
use crate::audit::event::Kind;
use crate::cli::workshop::Workshop;
use crate::cli::{Failure, Globals, output};
use crate::kernel::Conn;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::ids::EmailId;
use crate::login::courier::{RESET_LIFE, Trip};
use crate::login::departure;
use crate::login::password_change::{self, ApiKeys, NewPassword, Others};

/// Commands about users.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an account.
    Create(Box<Create>),
    /// List accounts.
    List,
    /// Show one account.
    Show(Name),
    /// Change an account.
    Update(Box<Update>),
    /// Disable an account: it is out everywhere at once.
    Disable(Name),
    /// Enable an account again.
    Enable(Name),
    /// Set a new password: whoever was signed in by the old one is out.
    SetPassword(SetPassword),
    /// Print a one-time link that sets a new password.
    Recover(Name),
    /// Delete an account for good, at once.
    Delete(Delete),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Create(arguments) => create(globals, &workshop, &arguments),
        Command::List => list(globals, &workshop),
        Command::Show(name) => show(globals, &workshop, &name),
        Command::Update(arguments) => update(globals, &workshop, &arguments),
        Command::Disable(name) => set_activity(globals, &workshop, &name, Activity::Disabled),
        Command::Enable(name) => set_activity(globals, &workshop, &name, Activity::Enabled),
        Command::SetPassword(arguments) => set_password(globals, &workshop, &arguments),
        Command::Recover(name) => recover(globals, &workshop, &name),
        Command::Delete(arguments) => delete(globals, &workshop, &arguments),
    }
}

fn create(globals: &Globals, workshop: &Workshop, arguments: &Create) -> Result<(), Failure> {
    let username = Username::parse(&arguments.username).map_err(|problem| usage("username", &problem))?;
    let email = arguments.email.as_deref().map(EmailAddress::parse).transpose();
    let email = email.map_err(|problem| usage("email", &problem))?;
    let mut profile = changes(&arguments.claims)?;
    profile.is_staff = Some(arguments.staff || arguments.superuser);
    profile.is_superuser = Some(arguments.superuser);
    let own: Vec<&str> = std::iter::once(username.as_str()).chain(email.as_ref().map(EmailAddress::as_str)).collect();
    let password_hash = if arguments.service { None } else { hash_password(workshop, arguments.password_stdin, &own)? };
    let own_fields = attributes(&arguments.claims, &Value::Null, &workshop.config.profile_fields)?;
    let proof = if arguments.email_verified { Proof::Verified } else { Proof::Unverified };
    let new = NewUser { username, email: email.map(|email| (email, proof)), password_hash, profile };
    let shown = workshop.write(|conn, scene| {
        accounts::store::former_usernames::release(conn, &new.username.key())?;
        let user = match registration::create(conn, &new, scene)? {
            Creation::Done(user) => user,
            Creation::UsernameTaken => {
                return Err(Failure::Failed("the username is taken, or looks like one that is".into()));
            }
            Creation::EmailTaken => return Err(Failure::Failed("the address belongs to another account".into())),
            Creation::PhoneTaken => return Err(Failure::Failed("the phone number belongs to another account".into())),
        };
        profile::update_attributes(conn, user, &own_fields)?;
        if arguments.service {
            lifecycle::mark_service(conn, user)?;
        } else {
            access::group::join_defaults(conn, user, scene)?;
        }
        if arguments.must_change_password {
            lifecycle::set_must_change_password(conn, user, true, scene.now)?;
        }
        for name in &arguments.groups {
            let group = access::store::find_group(conn, name)?;
            let group = group.ok_or_else(|| Failure::Failed(format!("there is no group `{name}`")))?;
            access::group::add_member(conn, &group, user, scene)?;
        }
        let user = accounts::store::find(conn, user)?.ok_or_else(|| Failure::Failed("the account is gone".into()))?;
        describe(conn, &user)
    })?;
    tell(globals, &shown, &format!("Created {}.", arguments.username));
    Ok(())
}

fn usage(field: &str, problem: &str) -> Failure {
    Failure::Usage(format!("{field}: {problem}"))
}

fn find(conn: &mut Conn, name: &Name) -> Result<User, Failure> {
    accounts::store::find_named(conn, &name.user)?
        .ok_or_else(|| Failure::Failed(format!("there is no user `{}`", name.user)))
}

fn list(globals: &Globals, workshop: &Workshop) -> Result<(), Failure> {
    const PAGE: i64 = 500;
    let mut conn = workshop.connect()?;
    let mut users = Vec::new();
    let mut after = String::new();
    loop {
        let page = accounts::store::list(&mut conn, &after, PAGE)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.username_key);
        users.extend(page);
    }
    if globals.json {
        output::print_json(&users.iter().map(brief).collect());
        return Ok(());
    }
    let rows: Vec<_> = users
        .iter()
        .map(|user| [user.username.clone(), user.display_name(), flags(user), user.id.to_string()])
        .collect();
    output::print_table(["USERNAME", "NAME", "FLAGS", "ID"], &rows);
    Ok(())
}

fn flags(user: &User) -> String {
    let known = [
        (!user.is_active, "disabled"),
        (user.is_service, "service"),
        (user.awaits_proof_since.is_some(), "unproven"),
        (user.deletion_due_at.is_some(), "leaving"),
        (user.must_change_password, "must change password"),
        (user.is_staff, "staff"),
        (user.is_superuser, "superuser"),
    ];
    known.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect::<Vec<_>>().join(",")
}

fn brief(user: &User) -> Value {
    json!({
        "id": user.id,
        "sub": user.sub,
        "username": user.username,
        "name": user.display_name(),
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "created_at": user.created_at,
        "last_login_at": user.last_login_at,
    })
}

fn describe(conn: &mut Conn, user: &User) -> Result<Value, Failure> {
    let emails: Vec<_> = accounts::store::emails::of_user(conn, user.id)?
        .into_iter()
        .map(|email| json!({ "address": email.address, "primary": email.is_primary, "verified": email.verified_at.is_some() }))
        .collect();
    let mut out = brief(user);
    if let Some(out) = out.as_object_mut() {
        out.insert("emails".into(), emails.into());
        out.insert("groups".into(), access::check::groups_of(conn, user.id)?.into());
        out.insert("permissions".into(), access::check::permissions_of(conn, user.id, &[])?.into());
        out.insert("has_password".into(), user.password_hash.is_some().into());
        let claims = [
            ("given_name", &user.given_name),
            ("family_name", &user.family_name),
            ("phone", &user.phone),
            ("locale", &user.locale),
            ("zoneinfo", &user.zoneinfo),
            ("birthdate", &user.birthdate),
        ];
        out.extend(claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into()))));
    }
    Ok(out)
}

fn tell(globals: &Globals, shown: &Value, words: &str) {
    if globals.json {
        output::print_json(shown);
    } else {
        output::say(words);
    }
}

fn show(globals: &Globals, workshop: &Workshop, name: &Name) -> Result<(), Failure> {
    let mut conn = workshop.connect()?;
    let user = find(&mut conn, name)?;
    let shown = describe(&mut conn, &user)?;
    if globals.json {
        output::print_json(&shown);
        return Ok(());
    }
    let rows: Vec<_> = shown
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| [key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)])
        .collect();
    output::print_table(["FIELD", "VALUE"], &rows);
    Ok(())
}

fn update(globals: &Globals, workshop: &Workshop, arguments: &Update) -> Result<(), Failure> {
    let mut profile_changes = changes(&arguments.claims)?;
    profile_changes.is_staff = arguments.staff;
    profile_changes.is_superuser = arguments.superuser;
    let email = arguments.email.as_deref().map(EmailAddress::parse).transpose().map_err(Failure::Usage)?;
    let shown = workshop.write(|conn, scene| {
        lock_for_transaction(conn, people::LOCK)?;
        let user = find(conn, &arguments.name)?;
        let loses = (arguments.superuser == Some(false) && user.is_superuser)
            || (arguments.staff == Some(false) && user.is_staff);
        if loses && accounts::store::is_last_administrator(conn, user.id)? {
            return Err(last_administrator());
        }
        if let Some(Some(phone)) = &profile_changes.phone_key
            && user.phone.as_ref() != Some(phone)
            && accounts::store::phone_is_taken(conn, phone)?
        {
            return Err(Failure::Failed("the phone number belongs to another account".into()));
        }
        if let Some(email) = &email {
            let own = accounts::store::emails::of_user(conn, user.id)?;
            let primary = own.iter().find(|known| known.is_primary);
            let own_address = primary.map(|known| (known.address.clone(), known.verified_at.is_some()));
            let own = own.iter().find(|known| known.is_primary && name_key(&known.address) == email.key());
            if own.is_none() && accounts::store::emails::is_held(conn, &email.key())? {
                return Err(Failure::Failed("the address belongs to an account already".into()));
            }
            // The same address, spelled anew, stays proven.
            let is_proven = arguments.email_verified || own.is_some_and(|own| own.verified_at.is_some());
            let proof = if is_proven { Proof::Verified } else { Proof::Unverified };
            let id = EmailId::new(&scene.random, scene.now)?;
            accounts::store::emails::replace_primary(conn, id, (user.id, email, proof), scene.now)?;
            password_change::void_links(conn, user.id, scene)?;
            let before = own_address.as_ref().map(|(address, _)| address.as_str());
            let proven = [own_address.as_ref().is_some_and(|(_, is)| *is), is_proven];
            let details = json!({ "before": before, "after": email.as_str(), "proven": proven });
            scene.record(conn, &Event::new(Kind::AddressChanged).user(user.id).details(details))?;
            if arguments.email_verified && user.awaits_proof_since.is_some() {
                lifecycle::mark_proven(conn, user.id, scene.now)?;
                access::group::join_defaults(conn, user.id, scene)?;
            }
        }
        let own_fields = attributes(&arguments.claims, &user.attributes, &workshop.config.profile_fields)?;
        profile::update_attributes(conn, user.id, &own_fields)?;
        if let Some(must) = arguments.must_change_password {
            lifecycle::set_must_change_password(conn, user.id, must, scene.now)?;
        }
        profile::update(conn, user.id, &profile_changes, scene)?;
        let changed = |wish: Option<bool>, now: bool| wish.is_some_and(|wish| wish != now);
        let (staff, superuser) =
            (changed(arguments.staff, user.is_staff), changed(arguments.superuser, user.is_superuser));
        if staff || superuser {
            let rises = (staff && !user.is_staff) || (superuser && !user.is_superuser);
            departure::change_rank(conn, user.id, rises, scene)?;
        }
        let user = find(conn, &arguments.name).or(Ok::<_, Failure>(user))?;
        describe(conn, &user)
    })?;
    tell(globals, &shown, "Updated.");
    Ok(())
}

fn last_administrator() -> Failure {
    Failure::Failed("this is the last administrator who can sign in: make another one first".into())
}

fn set_activity(globals: &Globals, workshop: &Workshop, name: &Name, activity: Activity) -> Result<(), Failure> {
    let shown = workshop.write(|conn, scene| {
        let user = find(conn, name)?;
        let outcome = match activity {
            Activity::Disabled => departure::disable(conn, user.id, scene)?,
            Activity::Enabled => standing::set_activity(conn, user.id, Activity::Enabled, scene)?,
        };
        match outcome {
            Outcome::Done => Ok(brief(&User { is_active: activity == Activity::Enabled, ..user })),
            Outcome::LastAdministrator => Err(last_administrator()),
        }
    })?;
    let words = if activity == Activity::Enabled { "Enabled." } else { "Disabled, and signed out everywhere." };
    tell(globals, &shown, words);
    Ok(())
}

fn set_password(globals: &Globals, workshop: &Workshop, arguments: &SetPassword) -> Result<(), Failure> {
    let user = find(&mut workshop.connect()?, &arguments.name)?;
    let hash = hash_password(workshop, arguments.password_stdin, &[&user.username])?;
    let hash = hash.ok_or_else(|| Failure::Usage("no terminal to ask on: use --password-stdin".into()))?;
    let keep_former = workshop.config.passwords.history;
    let new = NewPassword { hash, keep_former, others: Others::SignedOut, keys: ApiKeys::Kept };
    workshop.write(|conn, scene| Ok(password_change::set(conn, &user, &new, None, scene)?))?;
    tell(globals, &brief(&user), "The password is set; all sessions are ended.");
    Ok(())
}

fn recover(globals: &Globals, workshop: &Workshop, name: &Name) -> Result<(), Failure> {
    let courier = app::courier(&workshop.config, &workshop.master_key()?)?;
    let link = workshop.write(|conn, scene| {
        let user = find(conn, name)?;
        if user.is_service || user.backend.is_some() {
            return Err(Failure::Failed("this account has no password here".into()));
        }
        let trip = Trip { next: "/account".into(), app: None, browser: None };
        let target = accounts::store::emails::primary_of(conn, user.id)?.map(|email| email.address);
        let about = (user.id, target.as_deref().unwrap_or("recovery"));
        let made = courier.confirm(conn, Purpose::ResetPassword, about, &trip, (RESET_LIFE, scene))?;
        scene.record(conn, &Event::new(Kind::RecoveryShown).user(user.id))?;
        Ok(courier.links.secret("/password/reset/link", &made.link))
    })?;
    if globals.json {
        output::print_json(&json!({ "link": link, "minutes": RESET_LIFE.num_minutes() }));
    } else {
        output::say(&format!("{link}\n\nIt serves once, for {} minutes.", RESET_LIFE.num_minutes()));
    }
    Ok(())
}

fn delete(globals: &Globals, workshop: &Workshop, arguments: &Delete) -> Result<(), Failure> {
    let user = find(&mut workshop.connect()?, &arguments.name)?;
    if !arguments.yes {
        return Err(Failure::Usage(format!("this deletes {} and all that is theirs: say --yes", user.username)));
    }
    let courier = app::courier(&workshop.config, &workshop.master_key()?)?;
    workshop.write(|conn, scene| {
        if accounts::store::is_last_administrator(conn, user.id)? {
            return Err(last_administrator());
        }
        crate::login::lifecycle::delete(conn, &user, &courier, scene)?;
        Ok::<_, Failure>(())
    })?;
    tell(globals, &brief(&user), "Deleted.");
    Ok(())
}
