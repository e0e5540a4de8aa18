//! `token …`: as an operator, who may look at any token and take any back.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::secret_input::{self, Source};
use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::app::chrono_of;
use crate::kernel::Conn;
use crate::kernel::crypto::Sealer;
use crate::kernel::secret::Secret;
use crate::keys::keyring::{Keyring, Keys};
use crate::keys::store;
use crate::oidc::introspect;
use crate::tokens::access::AccessTokens;
use crate::tokens::refresh::RefreshTokens;
use crate::tokens::revocation;
use crate::tokens::store::{families, standing};
use crate::tokens::{AccessClaims, refresh::RefreshClaims};

/// Commands about tokens.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say whether a token is alive, and what it says.
    Introspect(TokenSource),
    /// Take a token back: an access token alone, a refresh token with its family.
    Revoke(TokenSource),
}

/// Where the token comes from.
#[derive(Debug, Args)]
pub struct TokenSource {
    /// Read the token from a file; without it, from standard input.
    #[arg(long, value_name = "FILE")]
    file: Option<std::path::PathBuf>,
}

enum Token {
    Access(Box<AccessClaims>),
    Refresh(RefreshClaims),
    Unreadable,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Introspect(source) => {
            let token = read(&workshop, &secret_of(&source)?)?;
            output::print_json(&look(&workshop, &token)?);
            Ok(())
        }
        Command::Revoke(source) => {
            let token = read(&workshop, &secret_of(&source)?)?;
            workshop.write(|conn, scene| match &token {
                Token::Access(claims) => Ok(revocation::revoke_access_token(conn, claims, scene)?),
                Token::Refresh(claims) => Ok(revocation::revoke_refresh_token(conn, claims.fid, "", scene)?),
                Token::Unreadable => Err(Failure::Failed("this is no live token of this server".into())),
            })?;
            if globals.json {
                output::print_json(&json!({ "revoked": true }));
            } else {
                output::say("Revoked.");
            }
            Ok(())
        }
    }
}

fn secret_of(source: &TokenSource) -> Result<Secret<String>, Failure> {
    let source = source.file.as_deref().map_or(Source::Stdin, Source::File);
    secret_input::read(source)?.ok_or_else(|| Failure::Usage("no token".into()))
}

fn read(workshop: &Workshop, token: &Secret<String>) -> Result<Token, Failure> {
    let master = workshop.master_key()?;
    let issuer = workshop.config.server.public_url.as_str();
    let rows = store::list(&mut workshop.connect()?)?;
    let keyring = Keyring::new(Keys::open(&rows, &Sealer::new(&master)?)?);
    if let Some(claims) = AccessTokens::new(issuer).read(&keyring, token.expose(), workshop.clock.now()) {
        return Ok(Token::Access(Box::new(claims)));
    }
    let refresh = RefreshTokens::new(&master, issuer)?;
    Ok(refresh.read(token.expose()).map_or(Token::Unreadable, Token::Refresh))
}

fn look(workshop: &Workshop, token: &Token) -> Result<Value, Failure> {
    let mut conn = workshop.connect()?;
    match token {
        Token::Access(claims) => Ok(match standing_of(workshop, &mut conn, claims)? {
            Some(standing) => introspect::active(claims, &standing, None),
            None => introspect::inactive(),
        }),
        Token::Refresh(claims) => {
            let now = workshop.clock.now();
            let row = workshop.write(|conn, _| Ok(families::find_and_lock(conn, claims.fid)?))?;
            let is_live = row.is_some_and(|row| {
                row.dead_because(now).is_none()
                    && row.family.generation == claims.generation
                    && claims.exp > now.timestamp()
            });
            Ok(json!({ "active": is_live, "token_type": "refresh_token", "family": claims.fid }))
        }
        Token::Unreadable => Ok(introspect::inactive()),
    }
}

fn standing_of(
    workshop: &Workshop,
    conn: &mut Conn,
    claims: &AccessClaims,
) -> Result<Option<crate::tokens::Standing>, Failure> {
    let (idle, now) = (chrono_of(workshop.config.sessions.idle)?, workshop.clock.now());
    Ok(standing::of_token(conn, claims, idle, now)?)
}
