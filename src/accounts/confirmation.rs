//! One-time secrets that are sent to an address: a link, a short code, or both.
//!
//! Each is bound to its purpose, account and target, serves once, and dies with a newer one of its
//! kind. The database keeps digests: of the link's 256 bits, and a keyed one of the code.

use chrono::Duration;

use super::store::confirmations;
use crate::audit::Scene;
use crate::kernel::Conn;
use crate::kernel::crypto::Mac;
use crate::kernel::fault::Fault;
use crate::kernel::ids::{ConfirmationId, UserId};
use crate::kernel::secret::{Digest, Secret};

crate::spec::words! {
    /// What a one-time secret is good for. None opens another's door.
    Purpose {
        /// Proves a mail address.
        VerifyEmail = "verify_email",
        /// Sets a new password.
        ResetPassword = "reset_password",
        /// Takes a change of address back.
        UndoEmail = "undo_email",
        /// Proves a phone number.
        VerifyPhone = "verify_phone",
        /// Signs in.
        MagicLink = "magic_link",
    }
}

/// A wrong code may be entered this often.
pub const MAX_TRIES: i32 = 5;
const CODE_DIGITS: u32 = 6;

/// What to make.
#[derive(Clone, Debug)]
pub struct Order {
    /// What for.
    pub purpose: Purpose,
    /// For whom.
    pub user_id: UserId,
    /// The address or number it is sent to, or is about.
    pub target: String,
    /// Where to go on afterwards: a local path.
    pub next: String,
    /// The browser that asked.
    pub browser: Option<Digest>,
    /// How long it serves.
    pub life: Duration,
}

/// The secrets, to be sent and forgotten.
#[derive(Debug)]
pub struct Made {
    /// For a link.
    pub link: Secret<String>,
    /// To be typed.
    pub code: Secret<String>,
}

/// Makes a link and a code; earlier ones of this purpose, account and target are void.
///
/// # Errors
/// [`Fault`] of the database.
pub fn make(conn: &mut Conn, codes: &Mac, order: &Order, scene: &Scene) -> Result<Made, Fault> {
    let id = ConfirmationId::new(&scene.random, scene.now)?;
    let link = scene.random.secret()?;
    let code = Secret::new(scene.random.digits(CODE_DIGITS)?);
    confirmations::void(conn, order.user_id, &[order.purpose], Some(&order.target), scene.now)?;
    let digests = (link.digest(), code_digest(codes, id, order.purpose, code.expose()));
    confirmations::insert(conn, id, digests, order, scene.now)?;
    Ok(Made { link, code })
}

/// A code is short: without the key, its digest could be tried out.
fn code_digest(codes: &Mac, id: ConfirmationId, purpose: Purpose, code: &str) -> Digest {
    Digest::of(&codes.tag(&[id.0.as_bytes(), purpose.as_str().as_bytes(), code.as_bytes()]))
}

/// A confirmation that stands, or stood.
#[derive(Clone, Debug)]
pub struct Confirmation {
    /// Row.
    pub id: ConfirmationId,
    /// Whose.
    pub user_id: UserId,
    /// The address or number.
    pub target: String,
    /// Where to go on.
    pub next: String,
    /// The browser that asked.
    pub browser: Option<Digest>,
}

/// What a link is worth, looked at without using it.
#[derive(Clone, Debug)]
pub enum Look {
    /// It serves.
    Good(Confirmation),
    /// It did, or a newer one took its place.
    Dead(Confirmation),
    /// There is no such link.
    Unknown,
}

/// Looks at a link.
///
/// # Errors
/// [`Fault`] of the database.
pub fn look(conn: &mut Conn, purpose: Purpose, link: &str, scene: &Scene) -> Result<Look, Fault> {
    Ok(match confirmations::find_by_link(conn, purpose, Digest::of(link.as_bytes()), scene.now)? {
        Some((confirmation, true)) => Look::Good(confirmation),
        Some((confirmation, false)) => Look::Dead(confirmation),
        None => Look::Unknown,
    })
}

/// Uses a link up; `None` when it serves no more. Of two at once one gets it.
///
/// # Errors
/// [`Fault`] of the database.
pub fn redeem_link(
    conn: &mut Conn,
    purpose: Purpose,
    link: &str,
    scene: &Scene,
) -> Result<Option<Confirmation>, Fault> {
    confirmations::redeem_link(conn, purpose, Digest::of(link.as_bytes()), scene.now)
}

/// Whose code is entered.
#[derive(Clone, Debug)]
pub enum Asker {
    /// Somebody signed in.
    User(UserId),
    /// Somebody signed in, about one of their addresses or numbers.
    About(UserId, String),
    /// The browser that asked.
    Browser(Digest),
}

/// Uses a code up; `None` when it is not the one, or has been tried too often. Counted before it is
/// compared, in the same statement.
///
/// # Errors
/// [`Fault`] of the database.
pub fn redeem_code(
    conn: &mut Conn,
    codes: &Mac,
    (purpose, asker): (Purpose, &Asker),
    typed: &str,
    scene: &Scene,
) -> Result<Option<Confirmation>, Fault> {
    let typed: String = typed.chars().filter(char::is_ascii_digit).collect();
    let Some(open) = confirmations::find_open(conn, purpose, asker, scene.now)? else { return Ok(None) };
    let digest = code_digest(codes, open.id, purpose, &typed);
    Ok(confirmations::try_code(conn, open.id, digest, scene.now)?.then_some(open))
}
