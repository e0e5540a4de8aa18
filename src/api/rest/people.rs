//! `/api/v1/users`.

use serde_json::{Value, json};

use super::shape::{Field, Kind};
use super::{Call, Reply};
use crate::access::check::{self, What, Who};
use crate::accounts::name_key::name_key;
use crate::accounts::profile::{self, ProfileChanges, is_birthdate};
use crate::accounts::store::emails;
use crate::accounts::user::Email;
use crate::accounts::{self, PhoneNumber, User};
use crate::admin::deed::{Stop, Wrong};
use crate::admin::people::{self, Changes, Wish};
use crate::admin::policy::Right;
use crate::admin::store::{self as console, UserFilter};
use crate::kernel::Conn;
use crate::kernel::db::lock_for_transaction;
use crate::kernel::ids::UserId;
use crate::portal::profile_form;
use crate::spec::PermissionName;
use crate::spec::plain::misleads;

const fn text(name: &'static str, about: &'static str) -> Field {
    Field::new(name, Kind::Text(500), about)
}

/// An account.
pub const USER: &[Field] = &[
    Field::new("id", Kind::Id, "Its name in this API.").required(),
    Field::new("sub", Kind::Id, "What apps know the person by.").required(),
    text("username", "Name to sign in by.").required(),
    text("email", "Primary address.").required().nullable(),
    Field::new("email_verified", Kind::Flag, "Whether the address is proven.").required(),
    text("name", "Full name.").required().nullable(),
    text("given_name", "Given name.").required().nullable(),
    text("middle_name", "Middle name.").required().nullable(),
    text("family_name", "Family name.").required().nullable(),
    text("locale", "Language, like en-US.").required().nullable(),
    text("zoneinfo", "Time zone, like Europe/Berlin.").required().nullable(),
    text("birthdate", "YYYY-MM-DD or YYYY.").required().nullable(),
    text("phone", "Phone number with country code.").required().nullable(),
    Field::new("attributes", Kind::Object, "The operator's own fields (profile.fields).").required(),
    Field::new("is_active", Kind::Flag, "Whether it may be used.").required(),
    Field::new("is_staff", Kind::Flag, "Whether it may enter the console.").required(),
    Field::new("is_superuser", Kind::Flag, "Whether it may do everything.").required(),
    Field::new("is_service", Kind::Flag, "Whether it belongs to a program.").required(),
    Field::new("must_change_password", Kind::Flag, "Whether the password is changed at the next sign-in.").required(),
    Field::new("has_password", Kind::Flag, "Whether a password is set here.").required(),
    Field::new("created_at", Kind::Time, "When it was made.").required(),
    Field::new("updated_at", Kind::Time, "When it was last changed.").required(),
    Field::new("last_login_at", Kind::Time, "The last sign-in.").required().nullable(),
];

/// What stands before it, and the profile.
macro_rules! with_profile {
    ($($first:expr,)*) => {
        &[
            $($first,)*
            text("name", "Full name.").nullable(),
            text("given_name", "Given name.").nullable(),
            text("middle_name", "Middle name.").nullable(),
            text("family_name", "Family name.").nullable(),
            text("locale", "Language, like en-US.").nullable(),
            text("zoneinfo", "Time zone, like Europe/Berlin.").nullable(),
            text("birthdate", "YYYY-MM-DD or YYYY.").nullable(),
            text("phone", "Phone number with country code.").nullable(),
            Field::new("attributes", Kind::Object, "The operator's own fields; null takes one away, what is left out stays."),
        ]
    };
}

/// What may be said of a new account.
pub const NEW_USER: &[Field] = with_profile![
    Field::new("username", Kind::Text(150), "Name to sign in by: letters, digits and . + - _").required(),
    Field::new("email", Kind::Text(254), "Primary address.").nullable(),
    Field::new("email_verified", Kind::Flag, "Whether it is theirs for sure: superusers only may say so."),
    Field::new("password", Kind::Text(256), "The first password; left out: none yet.").nullable(),
    Field::new("must_change_password", Kind::Flag, "They choose another one at the first sign-in."),
    Field::new("send_link", Kind::Flag, "They get a letter with a link that sets the password.").deciding(),
    Field::new("is_service", Kind::Flag, "For a program: cannot sign in on pages.").deciding(),
];

/// What may be changed.
pub const USER_CHANGES: &[Field] = with_profile![
    Field::new("username", Kind::Text(150), "Another name to sign in by."),
    Field::new("email", Kind::Text(254), "Another primary address."),
    Field::new("email_verified", Kind::Flag, "Whether it is theirs for sure: superusers only may say so."),
    Field::new("must_change_password", Kind::Flag, "They choose another password at the next sign-in."),
    Field::new("is_staff", Kind::Flag, "May enter the console: superusers only may change it."),
    Field::new("is_superuser", Kind::Flag, "May do everything: superusers only may change it."),
];

/// A new password.
pub const NEW_PASSWORD: &[Field] =
    &[Field::new("password", Kind::Text(256), "The new password; they choose another one when they sign in.")
        .required()];

/// Which accounts.
pub const USERS_QUERY: &[Field] = &[
    Field::new("q", Kind::Text(200), "What the username, an address or a name begins with."),
    Field::new(
        "state",
        Kind::Word(&["active", "disabled", "unproven", "leaving", "staff", "superuser", "service", "never"]),
        "Only these.",
    ),
    Field::new("group", Kind::Id, "Members of this group, by themselves."),
    Field::new("order", Kind::Word(&["name", "newest", "seen"]), "Which first."),
];

/// A permission, and the reason.
pub const HELD: &[Field] = &[
    Field::new("permission", Kind::Text(200), "As in blog.view_article.").required(),
    Field::new("because", Kind::Texts, "How it comes to them.").required(),
];

fn view(conn: &mut Conn, user: &User) -> Result<Value, Stop> {
    Ok(shown(user, emails::primary_of(conn, user.id)?.as_ref()))
}

fn shown(user: &User, email: Option<&Email>) -> Value {
    json!({
        "id": user.id,
        "sub": user.sub,
        "username": user.username,
        "email": email.map(|email| &email.address),
        "email_verified": email.is_some_and(|email| email.verified_at.is_some()),
        "name": user.name,
        "given_name": user.given_name,
        "middle_name": user.middle_name,
        "family_name": user.family_name,
        "locale": user.locale,
        "zoneinfo": user.zoneinfo,
        "birthdate": user.birthdate,
        "phone": user.phone,
        "attributes": user.attributes,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "is_service": user.is_service,
        "must_change_password": user.must_change_password,
        "has_password": user.password_hash.is_some(),
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_login_at": user.last_login_at,
    })
}

fn find(conn: &mut Conn, call: &Call<'_>) -> Result<User, Stop> {
    accounts::store::find(conn, call.id(0)?)?.ok_or(Stop::Gone)
}

/// `GET /users`.
///
/// # Errors
/// [`Stop`].
pub fn list(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let filter = UserFilter {
        begins: call.query.text("q").unwrap_or_default().to_owned(),
        state: call.query.parsed("state"),
        group: call.query.parsed("group").filter(|_| call.actor.may(Right::ViewGroup)),
        order: call.query.parsed("order").unwrap_or_default(),
        after: call.after_id(),
        limit: call.limit + 1,
    };
    if call.query.has("group") && filter.group.is_none() {
        return Err(Stop::wrong("group", "Seeing groups takes the permission portcullis.view_group."));
    }
    let ids: Vec<UserId> = console::list_users(conn, &filter)?.into_iter().map(|line| line.id).collect();
    let found = accounts::store::find_all(conn, &ids)?;
    let rows = ids.iter().filter_map(|id| found.get(id)).map(|(user, email)| shown(user, email.as_ref())).collect();
    Ok(Reply::list(rows, call.limit, "id"))
}

/// `POST /users`.
///
/// # Errors
/// [`Stop`].
pub fn create(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let body = call.body;
    let flag = |name: &str| body.flag(name).unwrap_or_default();
    let wish = Wish {
        username: body.text("username").unwrap_or_default().to_owned(),
        email: body.text("email").unwrap_or_default().to_owned(),
        email_verified: flag("email_verified"),
        password: body.text("password").map(str::to_owned),
        must_change_password: flag("must_change_password"),
        send_link: flag("send_link"),
        is_service: flag("is_service"),
        ..Wish::default()
    };
    // All that does not do is told at once.
    let mut wrong = Vec::new();
    let claims = told(claims(call), &mut wrong)?;
    let attributes = told(attributes(call, &json!({})), &mut wrong)?;
    let wish = Wish { profile: claims.unwrap_or_default(), ..wish };
    let order = told(people::read(call.actor, wish, call.office.passwords).map_err(renamed), &mut wrong)?;
    let Some(order) = order.filter(|_| wrong.is_empty()) else { return Err(Stop::Wrong(wrong)) };
    let id = people::add(conn, call.actor, order, call.hash.map(str::to_owned), call.office.courier, call.scene)?;
    if let Some(attributes) = attributes.flatten() {
        profile::update_attributes(conn, id, &attributes)?;
    }
    let user = accounts::store::find(conn, id)?.ok_or(Stop::Gone)?;
    Ok(Reply::made(view(conn, &user)?, format!("/api/v1/users/{id}")))
}

/// What is wrong with fields is kept for later; `None`: something is.
fn told<T>(read: Result<T, Stop>, wrong: &mut Vec<Wrong>) -> Result<Option<T>, Stop> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(Stop::Wrong(more)) => {
            wrong.extend(more);
            Ok(None)
        }
        Err(stop) => Err(stop),
    }
}

/// The operator's own fields, with what was sent; `None`: nothing was.
fn attributes(call: &Call<'_>, stands: &Value) -> Result<Option<Value>, Stop> {
    let Some(sent) = call.body.object("attributes").and_then(Value::as_object) else { return Ok(None) };
    let (mut all, mut wrong) = (stands.as_object().cloned().unwrap_or_default(), Vec::new());
    for (name, value) in sent {
        let refuse = |why: String| Wrong::new(format!("attributes.{name}"), why);
        let Some(field) = call.office.fields.iter().find(|field| field.name == *name) else {
            wrong.push(refuse("There is no such field.".into()));
            continue;
        };
        let text = match value {
            Value::Null => {
                all.remove(name);
                continue;
            }
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                wrong.push(refuse("Give a text, a number, true or false.".into()));
                continue;
            }
        };
        match profile_form::parse(field, &text) {
            Ok(Some(value)) => drop(all.insert(name.clone(), value)),
            Ok(None) => drop(all.remove(name)),
            Err(why) => wrong.push(refuse(why)),
        }
    }
    if wrong.is_empty() { Ok(Some(all.into())) } else { Err(Stop::Wrong(wrong)) }
}

/// The form calls the password by the id of its input.
fn renamed(stop: Stop) -> Stop {
    let Stop::Wrong(mut fields) = stop else { return stop };
    for wrong in fields.iter_mut().filter(|wrong| wrong.field == "new-password") {
        wrong.field = "password".into();
    }
    Stop::Wrong(fields)
}

fn claims(call: &Call<'_>) -> Result<ProfileChanges, Stop> {
    let body = call.body;
    let mut wrong = Vec::new();
    for name in ["name", "given_name", "middle_name", "family_name", "locale", "zoneinfo"] {
        if body.text(name).is_some_and(|text| text.chars().any(misleads)) {
            wrong.push(Wrong::new(name, "Use one line of plain text."));
        }
    }
    if body.text("locale").is_some_and(|tag| !tag.is_empty() && tag.parse::<unic_langid::LanguageIdentifier>().is_err())
    {
        wrong.push(Wrong::new("locale", "Give a language like en or de-AT."));
    }
    if let Some(Err(why)) = body.text("zoneinfo").filter(|zone| !zone.is_empty()).map(profile_form::zone) {
        wrong.push(Wrong::new("zoneinfo", why));
    }
    if body.text("birthdate").is_some_and(|date| !date.is_empty() && !is_birthdate(date)) {
        wrong.push(Wrong::new("birthdate", "Give a date like 1990-12-31, or the year alone."));
    }
    let phone = body.change("phone").map(|phone| phone.map(|phone| PhoneNumber::parse(&phone)).transpose());
    let phone = phone.transpose().unwrap_or_else(|why| {
        wrong.push(Wrong::new("phone", why));
        None
    });
    if !wrong.is_empty() {
        return Err(Stop::Wrong(wrong));
    }
    let changes = ProfileChanges {
        name: body.change("name"),
        given_name: body.change("given_name"),
        middle_name: body.change("middle_name"),
        family_name: body.change("family_name"),
        locale: body.change("locale"),
        zoneinfo: body.change("zoneinfo"),
        birthdate: body.change("birthdate"),
        is_staff: body.flag("is_staff"),
        is_superuser: body.flag("is_superuser"),
        ..ProfileChanges::default()
    };
    Ok(match phone {
        Some(phone) => changes.with_phone(phone.as_ref()),
        None => changes,
    })
}

/// `GET /users/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn show(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let user = find(conn, call)?;
    Ok(Reply::one(view(conn, &user)?))
}

/// Whether the address stands as proven, and no other one is given.
fn stays_proven(conn: &mut Conn, call: &Call<'_>) -> Result<bool, Stop> {
    let own = emails::primary_of(conn, call.id(0)?)?.filter(|own| own.verified_at.is_some());
    let given = call.body.text("email").map(name_key);
    Ok(own.is_some_and(|own| given.is_none_or(|given| given == name_key(&own.address))))
}

/// `PATCH /users/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn update(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    // What stands is read when nobody else changes it any more.
    lock_for_transaction(conn, people::LOCK)?;
    let stands = find(conn, call)?.attributes;
    let mut wrong = Vec::new();
    if call.body.flag("email_verified") == Some(false) && stays_proven(conn, call)? {
        wrong.push(Wrong::new("email_verified", "An address that is proven stays so: give another one."));
    }
    let claims = told(claims(call), &mut wrong)?;
    let attributes = told(attributes(call, &stands), &mut wrong)?;
    let (Some(claims), Some(attributes), true) = (claims, attributes, wrong.is_empty()) else {
        return Err(Stop::Wrong(wrong));
    };
    let changes = Changes {
        username: call.body.text("username").map(str::to_owned),
        email: call.body.text("email").map(str::to_owned),
        email_verified: call.body.flag("email_verified").unwrap_or_default(),
        must_change_password: call.body.flag("must_change_password"),
        profile: claims,
        attributes,
        seen: None,
    };
    people::update(conn, call.actor, call.id(0)?, &changes, (call.office.courier, call.scene))?;
    show(conn, call)
}

/// `DELETE /users/{user}`.
///
/// # Errors
/// [`Stop`].
pub fn delete(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let user = find(conn, call)?;
    people::delete(conn, call.actor, user.id, &user.username, call.office.courier, call.scene)?;
    Ok(Reply::done())
}

/// `POST /users/{user}/disable`.
///
/// # Errors
/// [`Stop`].
pub fn disable(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::disable(conn, call.actor, call.id(0)?, call.scene)?;
    Ok(Reply::done())
}

/// `POST /users/{user}/enable`.
///
/// # Errors
/// [`Stop`].
pub fn enable(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::enable(conn, call.actor, call.id(0)?, call.scene)?;
    Ok(Reply::done())
}

/// `POST /users/{user}/unlock`.
///
/// # Errors
/// [`Stop`].
pub fn unlock(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::unlock(conn, call.actor, call.id(0)?, call.office.throttle, call.scene)?;
    Ok(Reply::done())
}

/// `POST /users/{user}/reset`.
///
/// # Errors
/// [`Stop`].
pub fn reset(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    people::send_reset(conn, call.actor, call.id(0)?, call.office.courier, call.scene)?;
    Ok(Reply::done())
}

/// `PUT /users/{user}/password`.
///
/// # Errors
/// [`Stop`].
pub fn set_password(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let id: UserId = call.id(0)?;
    let user = people::within(conn, call.actor, id)?;
    let typed = accounts::passwords::Password::parse(call.body.text("password").unwrap_or_default());
    let password = typed.ok_or_else(|| Stop::wrong("password", "Use at most 256 characters."))?;
    let refusals = call.office.passwords.refusals(&password, &[&user.username, &user.display_name()]);
    if !refusals.is_empty() {
        return Err(Stop::Wrong(refusals.into_iter().map(|why| Wrong::new("password", why)).collect()));
    }
    let hash = call.hash.ok_or_else(|| Stop::wrong("password", "This is needed."))?.to_owned();
    people::set_password(
        conn,
        call.actor,
        id,
        (hash, call.office.passwords.history()),
        (call.office.courier, call.scene),
    )?;
    Ok(Reply::done())
}

/// `GET /users/{user}/permissions`.
///
/// # Errors
/// [`Stop`].
pub fn permissions(conn: &mut Conn, call: &Call<'_>) -> Result<Reply, Stop> {
    let user = find(conn, call)?;
    if !call.actor.may(Right::ViewUser) {
        return Err(Stop::wrong("", "Seeing people takes the permission portcullis.view_user."));
    }
    let mut names = check::permissions_of(conn, user.id, &[])?;
    names.retain(|name| call.after.is_none_or(|after| name.as_str() > after));
    names.truncate(usize::try_from(call.limit + 1).unwrap_or(usize::MAX));
    let mut rows = Vec::new();
    for name in names {
        let Ok(parsed) = name.parse::<PermissionName>() else { continue };
        let ways = check::ways(conn, &Who::User(user.id), &What::Permission(parsed), None)?;
        let because: Vec<_> = ways.iter().map(ToString::to_string).collect();
        rows.push(json!({ "permission": name, "because": because }));
    }
    Ok(Reply::list(rows, call.limit, "permission"))
}
