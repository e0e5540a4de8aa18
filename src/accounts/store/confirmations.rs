//! One-time secrets in the database.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};

use crate::accounts::confirmation::{Asker, Confirmation, MAX_TRIES, Order, Purpose};
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ConfirmationId, UserId};
use crate::kernel::secret::Digest;
use crate::kernel::statement::statement;
use crate::kernel::{Conn, Instant};
use crate::schema::confirmations as c;

/// Writes one.
///
/// # Errors
/// [`Fault`] of the database.
pub fn insert(
    conn: &mut Conn,
    id: ConfirmationId,
    (link, code): (Digest, Digest),
    order: &Order,
    now: Instant,
) -> Result<(), Fault> {
    diesel::insert_into(c::table)
        .values((
            c::id.eq(id),
            c::purpose.eq(order.purpose.as_str()),
            c::user_id.eq(order.user_id),
            c::target.eq(&order.target),
            c::link_digest.eq(link),
            c::code_digest.eq(code),
            c::browser_digest.eq(order.browser),
            c::next.eq(&order.next),
            c::created_at.eq(now),
            c::expires_at.eq(now + order.life),
        ))
        .execute(conn)?;
    Ok(())
}

/// Open ones of these purposes, of one target or of all, serve no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn void(
    conn: &mut Conn,
    user: UserId,
    purposes: &[Purpose],
    target: Option<&str>,
    now: Instant,
) -> Result<(), Fault> {
    let purposes: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    let open = c::used_at.is_null().and(c::voided_at.is_null());
    let mut theirs = diesel::update(c::table)
        .filter(c::user_id.eq(user).and(c::purpose.eq_any(purposes)).and(open))
        .set(c::voided_at.eq(now))
        .into_boxed();
    if let Some(target) = target {
        theirs = theirs.filter(c::target.eq(target.to_owned()));
    }
    theirs.execute(conn)?;
    Ok(())
}

type Found = (ConfirmationId, UserId, String, String, Option<Digest>);

fn of_row((id, user_id, target, next, browser): Found) -> Confirmation {
    Confirmation { id, user_id, target, next, browser }
}

statement! {
    /// A link that resets or signs in is dead once its person has signed in or changed the password.
    FindByLink -> (SqlUuid, SqlUuid, Text, Text, Nullable<Binary>, Bool) {
        "SELECT c.id, c.user_id, c.target, c.next, c.browser_digest, \
         c.used_at IS NULL AND c.voided_at IS NULL AND u.is_active AND c.expires_at > " { now: Instant as Timestamptz }
        " AND (c.purpose NOT IN ('reset_password', 'magic_link') OR (coalesce(u.last_login_at <= c.created_at, true) \
         AND coalesce(u.password_changed_at <= c.created_at, true))) \
         FROM confirmations c JOIN users u ON u.id = c.user_id WHERE c.link_digest = " { link: Digest as Binary }
        " AND c.purpose = " { purpose: String as Text }
        ""
    }
}

/// The one with this link, and whether it serves.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_by_link(
    conn: &mut Conn,
    purpose: Purpose,
    link: Digest,
    now: Instant,
) -> Result<Option<(Confirmation, bool)>, Fault> {
    type Row = (ConfirmationId, UserId, String, String, Option<Digest>, bool);
    let row: Option<Row> = FindByLink { now, link, purpose: purpose.to_string() }.get_result(conn).optional()?;
    Ok(row.map(|(id, user, target, next, browser, good)| (of_row((id, user, target, next, browser)), good)))
}

statement! {
    RedeemLink -> (SqlUuid, SqlUuid, Text, Text, Nullable<Binary>) {
        "UPDATE confirmations c SET used_at = " { now: Instant as Timestamptz }
        " FROM users u WHERE u.id = c.user_id AND u.is_active AND c.used_at IS NULL AND c.voided_at IS NULL \
         AND c.expires_at > $1 AND (c.purpose NOT IN ('reset_password', 'magic_link') \
         OR (coalesce(u.last_login_at <= c.created_at, true) AND coalesce(u.password_changed_at <= c.created_at, true))) \
         AND c.link_digest = " { link: Digest as Binary }
        " AND c.purpose = " { purpose: String as Text }
        " RETURNING c.id, c.user_id, c.target, c.next, c.browser_digest"
    }
}

/// Uses a link up.
///
/// # Errors
/// [`Fault`] of the database.
pub fn redeem_link(
    conn: &mut Conn,
    purpose: Purpose,
    link: Digest,
    now: Instant,
) -> Result<Option<Confirmation>, Fault> {
    let redeem = RedeemLink { now, link, purpose: purpose.to_string() };
    Ok(redeem.get_result::<Found>(conn).optional()?.map(of_row))
}

/// The newest open one of this purpose.
///
/// # Errors
/// [`Fault`] of the database.
pub fn find_open(
    conn: &mut Conn,
    purpose: Purpose,
    asker: &Asker,
    now: Instant,
) -> Result<Option<Confirmation>, Fault> {
    let open = c::used_at.is_null().and(c::voided_at.is_null()).and(c::expires_at.gt(now));
    let mut rows = c::table
        .filter(c::purpose.eq(purpose.as_str()).and(open))
        .order(c::created_at.desc())
        .select((c::id, c::user_id, c::target, c::next, c::browser_digest))
        .into_boxed();
    rows = match asker {
        Asker::User(user) => rows.filter(c::user_id.eq(*user)),
        Asker::About(user, target) => rows.filter(c::user_id.eq(*user).and(c::target.eq(target.clone()))),
        Asker::Browser(browser) => rows.filter(c::browser_digest.eq(*browser)),
    };
    Ok(rows.first::<Found>(conn).optional()?.map(of_row))
}

/// The newest one of this purpose that was not used, open or not.
///
/// # Errors
/// [`Fault`] of the database.
pub fn latest(conn: &mut Conn, purpose: Purpose, asker: &Asker) -> Result<Option<Confirmation>, Fault> {
    let mut rows = c::table
        .filter(c::purpose.eq(purpose.as_str()).and(c::used_at.is_null()))
        .order(c::created_at.desc())
        .select((c::id, c::user_id, c::target, c::next, c::browser_digest))
        .into_boxed();
    rows = match asker {
        Asker::User(user) => rows.filter(c::user_id.eq(*user)),
        Asker::About(user, target) => rows.filter(c::user_id.eq(*user).and(c::target.eq(target.clone()))),
        Asker::Browser(browser) => rows.filter(c::browser_digest.eq(*browser)),
    };
    Ok(rows.first::<Found>(conn).optional()?.map(of_row))
}

statement! {
    TryCode -> Bool {
        "UPDATE confirmations SET tries = tries + 1, used_at = CASE WHEN code_digest = " { code: Digest as Binary }
        " THEN " { now: Instant as Timestamptz }
        " END WHERE id = " { id: ConfirmationId as SqlUuid }
        " AND used_at IS NULL AND voided_at IS NULL AND expires_at > $2 AND tries < " { limit: i32 as Integer }
        " RETURNING used_at IS NOT NULL"
    }
}

/// Counts a try and, when it is the code, uses it up.
///
/// # Errors
/// [`Fault`] of the database.
pub fn try_code(conn: &mut Conn, id: ConfirmationId, code: Digest, now: Instant) -> Result<bool, Fault> {
    let matched = TryCode { code, now, id, limit: MAX_TRIES }.get_result::<bool>(conn).optional()?;
    Ok(matched == Some(true))
}

/// Notes that the other browser agreed; `false` when it is not open.
///
/// # Errors
/// [`Fault`] of the database.
pub fn mark_confirmed(conn: &mut Conn, purpose: Purpose, link: Digest, now: Instant) -> Result<bool, Fault> {
    let open =
        c::used_at.is_null().and(c::voided_at.is_null()).and(c::expires_at.gt(now)).and(c::confirmed_at.is_null());
    let row = c::table.filter(c::link_digest.eq(link).and(c::purpose.eq(purpose.as_str())).and(open));
    Ok(diesel::update(row).set(c::confirmed_at.eq(now)).execute(conn)? == 1)
}

/// Uses up one that was confirmed elsewhere; `false` when it was not, or serves no more.
///
/// # Errors
/// [`Fault`] of the database.
pub fn redeem_confirmed(conn: &mut Conn, id: ConfirmationId, now: Instant) -> Result<bool, Fault> {
    let open = c::used_at.is_null().and(c::voided_at.is_null()).and(c::expires_at.gt(now));
    let row = c::table.filter(c::id.eq(id).and(open).and(c::confirmed_at.is_not_null()));
    Ok(diesel::update(row).set(c::used_at.eq(now)).execute(conn)? == 1)
}

/// Deletes what expired before `before`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn prune(conn: &mut Conn, before: Instant) -> Result<usize, Fault> {
    Ok(diesel::delete(c::table.filter(c::expires_at.lt(before))).execute(conn)?)
}
