//! A new password out of a form, held to the rules.

use crate::accounts::User;
use crate::accounts::passwords::Password;
use crate::accounts::store::{emails, former_passwords};
use crate::app::App;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::spec::Params;
use crate::web::page::FieldError;

const FIELD: &str = "new-password";

/// The password in the field `new-password`, or what is wrong with it for this person.
///
/// # Errors
/// [`Fault`] of the database, or of a full hashing queue.
pub async fn read(app: &App, form: &Params, user: &User) -> Result<Result<Password, Vec<FieldError>>, Fault> {
    let refuse = |text: &str| Ok(Err(vec![FieldError::new(FIELD, text)]));
    let Some(password) = Password::parse(form.find(FIELD).unwrap_or_default()) else {
        return refuse("Use at most 256 characters.");
    };
    let (person, keep) = (user.clone(), app.password_policy.history());
    let (own, former) = app.db.read(move |conn| known_of(conn, &person, keep)).await?;
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let refusals = app.password_policy.refusals(&password, &own);
    if !refusals.is_empty() {
        return Ok(Err(refusals.into_iter().map(|text| FieldError::new(FIELD, text)).collect()));
    }
    if keep > 0 && app.hasher.verify_any(password.clone(), former).await? {
        return refuse("You have used this password before. Choose one you have not used here.");
    }
    Ok(Ok(password))
}

/// The person's own words, and their present and former passwords.
fn known_of(conn: &mut Conn, user: &User, keep: usize) -> Result<(Vec<String>, Vec<String>), Fault> {
    let names = [&user.name, &user.given_name, &user.family_name].into_iter().flatten().cloned();
    let addresses = emails::of_user(conn, user.id)?.into_iter().map(|email| email.address);
    let own = std::iter::once(user.username.clone()).chain(names).chain(addresses).collect();
    let mut former = former_passwords::list(conn, user.id, keep)?;
    former.extend(user.password_hash.clone());
    Ok((own, former))
}
