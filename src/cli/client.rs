//! `client …`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};

use super::secret_input::{self, Source};
use super::workshop::Workshop;
use super::{Failure, Globals, output};
use crate::clients::client::{Client, Kind, Restriction};
use crate::clients::metadata::{self, Draft};
use crate::clients::registration::{self, Creation};
use crate::clients::{RedirectUri, store};
use crate::kernel::Conn;
use crate::kernel::secret::Secret;
use crate::keys::Algorithm;
use crate::keys::jws::TokenType;
use crate::spec::{AuthMethod, GrantType};

/// Commands about clients.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register an app.
    Create(Box<Create>),
    /// List apps.
    List,
    /// Show one app.
    Show(Id),
    /// Replace an app's secret; the old one serves no more.
    RotateSecret(RotateSecret),
    /// Delete an app and everything issued to it.
    Delete(Id),
}

/// Which.
#[derive(Debug, Args)]
pub struct Id {
    /// Client id.
    #[arg(value_name = "CLIENT_ID")]
    client_id: String,
}

/// Where a chosen secret comes from.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("secret").multiple(false))]
struct ChosenSecret {
    /// Read the secret from standard input instead of making one.
    #[arg(long, group = "secret")]
    secret_stdin: bool,
    /// Read the secret from a file instead of making one.
    #[arg(long, group = "secret", value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

/// A new secret.
#[derive(Debug, Args)]
pub struct RotateSecret {
    #[command(flatten)]
    id: Id,
    #[command(flatten)]
    secret: ChosenSecret,
}

/// A new client.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of one client")]
pub struct Create {
    /// Public name of the app; made up when left out.
    #[arg(long)]
    id: Option<String>,
    /// Name that people see.
    #[arg(long)]
    name: Option<String>,
    /// confidential (keeps a secret), public (runs in a browser) or native (runs on a device).
    #[arg(long = "type", default_value = "confidential")]
    kind: Kind,
    /// Where codes may go; may be given more than once.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where people may go after signing out; may be given more than once.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// `authorization_code`, `refresh_token`, `client_credentials`; may be given more than once.
    #[arg(long = "grant-type", value_name = "GRANT")]
    grant_types: Vec<GrantType>,
    /// The most it may ask for, space-separated.
    #[arg(long)]
    scope: Option<String>,
    /// Pin the way it authenticates; without it, Basic or post.
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<AuthMethod>,
    /// Its public keys, as a JWK set in a file (for `private_key_jwt`).
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    /// A resource indicator it may ask tokens for; may be given more than once.
    #[arg(long = "audience", value_name = "URI")]
    audiences: Vec<String>,
    /// A resource indicator it answers for as an API: it may introspect tokens for it.
    #[arg(long = "serves", value_name = "URI")]
    serves: Vec<String>,
    /// An app of permissions that it may ask about, as in `blog`; its tokens tell of no others. May be given more than once.
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,
    /// Only members of this group may use it; may be given more than once.
    #[arg(long = "restrict-to-group", value_name = "GROUP")]
    restrict_to_groups: Vec<String>,
    /// Only holders of this permission may use it (with groups: members or holders).
    #[arg(long, value_name = "PERMISSION")]
    restrict_to_permission: Option<String>,
    /// Algorithm of its ID tokens.
    #[arg(long, default_value = "RS256")]
    id_token_alg: Algorithm,
    /// Algorithm of its access tokens.
    #[arg(long, default_value = "ES256")]
    access_token_alg: Algorithm,
    /// typ of its access tokens: at+jwt or JWT.
    #[arg(long, default_value = "at+jwt", value_parser = ["at+jwt", "JWT"])]
    access_token_typ: String,
    /// Life of its access tokens.
    #[arg(long, value_name = "SECONDS")]
    access_ttl_secs: Option<i32>,
    /// Put scope claims into the ID token too.
    #[arg(long)]
    claims_in_id_token: bool,
    /// Do not ask people for consent.
    #[arg(long)]
    skip_consent: bool,
    /// Let people sign in to it by a link in a mail.
    #[arg(long)]
    allow_magic_link: bool,
    /// Demand PKCE although the client is confidential.
    #[arg(long)]
    require_pkce: bool,
    /// Applies when a request has no `max_age`.
    #[arg(long, value_name = "SECONDS")]
    default_max_age_secs: Option<i32>,
    /// Home page.
    #[arg(long, value_name = "URL")]
    client_uri: Option<String>,
    /// Privacy policy.
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// Terms of service.
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    /// Let it sign people in by their password at `/api/token`: for apps of your own that cannot open a browser.
    #[arg(long)]
    allow_token_pair: bool,
    #[command(flatten)]
    secret: ChosenSecret,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Create(arguments) => create(globals, &workshop, *arguments),
        Command::List => list(globals, &workshop),
        Command::Show(id) => {
            let shown = describe(&find(&mut workshop.connect()?, &id)?);
            output::print_json(&shown);
            Ok(())
        }
        Command::RotateSecret(arguments) => rotate_secret(globals, &workshop, &arguments),
        Command::Delete(id) => {
            workshop.write(|conn, scene| {
                let client = find(conn, &id)?;
                Ok(registration::delete(conn, &client, scene)?)
            })?;
            tell(globals, &json!({ "client_id": id.client_id, "deleted": true }), "Deleted.");
            Ok(())
        }
    }
}

fn tell(globals: &Globals, shown: &Value, words: &str) {
    if globals.json {
        output::print_json(shown);
    } else {
        output::say(words);
    }
}

fn find(conn: &mut Conn, id: &Id) -> Result<Client, Failure> {
    store::find(conn, &id.client_id)?.ok_or_else(|| Failure::Failed(format!("there is no client `{}`", id.client_id)))
}

fn chosen(secret: &ChosenSecret) -> Result<Option<Secret<String>>, Failure> {
    let chosen = match (&secret.secret_file, secret.secret_stdin) {
        (Some(file), _) => secret_input::read(Source::File(file))?,
        (None, true) => secret_input::read(Source::Stdin)?,
        (None, false) => None,
    };
    if chosen.as_ref().is_some_and(|secret| secret.expose().len() < 32) {
        output::complain(
            "note: the secret is shorter than 32 characters; one that this command makes has 43 random ones",
        );
    }
    Ok(chosen)
}

/// What a client gets that asks for nothing: as much as its redirect URIs say it is for.
fn default_grants(arguments: &Create) -> Vec<GrantType> {
    if arguments.redirect_uris.is_empty() && arguments.allow_token_pair {
        vec![]
    } else if arguments.redirect_uris.is_empty() && arguments.kind == Kind::Confidential {
        vec![GrantType::ClientCredentials]
    } else {
        vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
    }
}

fn draft(workshop: &Workshop, arguments: Create) -> Result<Draft, Failure> {
    let grant_types =
        if arguments.grant_types.is_empty() { default_grants(&arguments) } else { arguments.grant_types.clone() };
    let signs_people_in = grant_types.contains(&GrantType::AuthorizationCode) || arguments.allow_token_pair;
    let default_scope = if signs_people_in { "openid profile email offline_access" } else { "" };
    let jwks = arguments.jwks_file.as_ref().map(|file| {
        std::fs::read_to_string(file).map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))
    });
    let client_id = match arguments.id {
        Some(id) => id,
        None => workshop.random.hex::<8>()?,
    };
    Ok(Draft {
        name: arguments.name.unwrap_or_else(|| client_id.clone()),
        client_id,
        kind: arguments.kind,
        auth_method: arguments.auth_method,
        jwks: jwks.transpose()?,
        redirect_uris: arguments.redirect_uris,
        post_logout_redirect_uris: arguments.post_logout_redirect_uris,
        grant_types,
        scope: arguments.scope.unwrap_or_else(|| default_scope.to_owned()),
        audiences: arguments.audiences,
        serves: arguments.serves,
        apps: arguments.apps,
        restrict_to_groups: arguments.restrict_to_groups,
        restrict_to_permission: arguments.restrict_to_permission,
        id_token_alg: arguments.id_token_alg,
        access_token_alg: arguments.access_token_alg,
        access_token_typ: if arguments.access_token_typ == "JWT" { TokenType::PlainAccess } else { TokenType::Access },
        access_ttl_secs: arguments.access_ttl_secs,
        claims_in_id_token: arguments.claims_in_id_token,
        skip_consent: arguments.skip_consent,
        allow_magic_link: arguments.allow_magic_link,
        require_pkce: arguments.require_pkce,
        default_max_age_secs: arguments.default_max_age_secs,
        client_uri: arguments.client_uri,
        policy_uri: arguments.policy_uri,
        tos_uri: arguments.tos_uri,
        allow_token_pair: arguments.allow_token_pair,
    })
}

fn create(globals: &Globals, workshop: &Workshop, arguments: Create) -> Result<(), Failure> {
    let secret = chosen(&arguments.secret)?;
    let draft = draft(workshop, arguments)?;
    let new = metadata::validate(draft).map_err(|problems| Failure::Usage(problems.join("\n  ")))?;
    let made = workshop.write(|conn, scene| {
        check_restriction(conn, &new.restriction)?;
        match registration::create(conn, &new, secret, scene)? {
            Creation::Done(secret) => Ok(secret),
            Creation::Taken => Err(Failure::Failed("there is a client with this id".into())),
        }
    })?;
    show_once(globals, &new.draft.client_id, made.as_ref());
    Ok(())
}

/// A restriction to what is not there would shut everybody out.
fn check_restriction(conn: &mut Conn, restriction: &Restriction) -> Result<(), Failure> {
    for name in &restriction.groups {
        super::group::find(conn, name)?;
    }
    restriction.permission.as_ref().map_or(Ok(()), |name| super::permission::find(conn, name).map(|_| ()))
}

/// The only time a secret is shown.
fn show_once(globals: &Globals, client_id: &str, secret: Option<&Secret<String>>) {
    let mut shown = json!({ "client_id": client_id });
    if let (Some(shown), Some(secret)) = (shown.as_object_mut(), secret) {
        shown.insert("client_secret".into(), secret.expose().clone().into());
    }
    let words = match secret {
        Some(secret) => {
            format!("client_id:     {client_id}\nclient_secret: {}\nThe secret is shown only now.", secret.expose())
        }
        None => format!("client_id: {client_id}"),
    };
    tell(globals, &shown, &words);
}

fn rotate_secret(globals: &Globals, workshop: &Workshop, arguments: &RotateSecret) -> Result<(), Failure> {
    let secret = chosen(&arguments.secret)?;
    let made = workshop.write(|conn, scene| {
        let client = find(conn, &arguments.id)?;
        if client.secret.is_none() {
            return Err(Failure::Failed("this client has no secret".into()));
        }
        Ok(registration::rotate_secret(conn, &client, secret, scene)?)
    })?;
    show_once(globals, &arguments.id.client_id, Some(&made));
    Ok(())
}

fn list(globals: &Globals, workshop: &Workshop) -> Result<(), Failure> {
    let clients = store::list(&mut workshop.connect()?)?;
    if globals.json {
        output::print_json(&clients.iter().map(describe).collect());
    } else {
        let rows: Vec<_> = clients
            .iter()
            .map(|client| [client.client_id.clone(), client.name.clone(), client.kind.to_string()])
            .collect();
        output::print_table(["CLIENT ID", "NAME", "TYPE"], &rows);
    }
    Ok(())
}

fn describe(client: &Client) -> Value {
    let uris = |uris: &[RedirectUri]| uris.iter().map(RedirectUri::as_str).map(Value::from).collect::<Value>();
    json!({
        "client_id": client.client_id,
        "name": client.name,
        "type": client.kind,
        "enabled": client.is_enabled,
        "auth_method": client.auth_method,
        "redirect_uris": uris(&client.redirect_uris),
        "post_logout_redirect_uris": uris(&client.post_logout_redirect_uris),
        "grant_types": client.grant_types,
        "scope": client.scope,
        "audiences": client.audiences,
        "serves": client.serves,
        "apps": client.apps,
        "restricted_to_groups": client.restriction.groups,
        "restricted_to_permission": client.restriction.permission,
        "id_token_alg": client.id_token_alg,
        "access_token_alg": client.access_token_alg,
        "access_token_typ": client.access_token_typ.as_str(),
        "claims_in_id_token": client.claims_in_id_token,
        "skip_consent": client.skip_consent,
        "allow_magic_link": client.allow_magic_link,
        "require_pkce": client.needs_pkce(),
        "allow_token_pair": client.allow_token_pair,
    })
}
