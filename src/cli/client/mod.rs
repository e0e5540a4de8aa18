//! `client …`.

mod arguments;

use arguments::{ChosenSecret, Create, RotateSecret, Update, draft};
use chrono::Duration;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::clients;
use crate::cli::secret_input::{self, Source};
use crate::cli::workshop::Workshop;
use crate::cli::{Failure, Globals, output};
use crate::clients::client::Client;
use crate::clients::metadata::{self, Draft, NewClient};
use crate::clients::registration::{self, Creation, Former};
use crate::clients::store;
use crate::clients::template::{self, Block, Template};
use crate::kernel::Conn;
use crate::kernel::secret::Secret;

/// Commands about clients.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register an app.
    Create(Box<Create>),
    /// List apps.
    List,
    /// Show one app.
    Show(Id),
    /// Change an app: what is not given stays.
    Update(Box<Update>),
    /// Let an app be used again.
    Enable(Id),
    /// Disable an app: it is as unknown as others, and its tokens are dead.
    Disable(Id),
    /// Apps that we know how to set up, for `create --template`.
    Templates,
    /// Replace an app's secret; the old one serves no more, or a while longer.
    RotateSecret(RotateSecret),
    /// End an app's old secret that serves a while longer.
    EndFormerSecret(Id),
    /// Delete an app and everything issued to it.
    Delete(Id),
}

/// Which.
#[derive(Debug, Args)]
pub struct Id {
    /// Client id.
    #[arg(value_name = "CLIENT_ID")]
    pub(super) client_id: String,
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
            let shown = find(&mut workshop.connect()?, &id)?.describe_with_secrets();
            output::print_json(&shown);
            Ok(())
        }
        Command::Update(arguments) => update(globals, &workshop, &arguments),
        Command::Enable(id) => set_enabled(globals, &workshop, &id, true),
        Command::Disable(id) => set_enabled(globals, &workshop, &id, false),
        Command::Templates => templates(globals),
        Command::RotateSecret(arguments) => rotate_secret(globals, &workshop, &arguments),
        Command::EndFormerSecret(id) => end_former_secret(globals, &workshop, &id),
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

fn create(globals: &Globals, workshop: &Workshop, arguments: Create) -> Result<(), Failure> {
    let secret = chosen(&arguments.secret)?;
    let template = arguments.template.clone().map(|id| find_template(&id)).transpose()?;
    let url = arguments.url.clone().unwrap_or_default();
    let draft = draft(workshop, arguments, template.as_ref())?;
    let (made, client_id) = workshop.write(|conn, scene| {
        let new = check(conn, draft)?;
        let made = match registration::create(conn, &new, secret, scene)? {
            Creation::Done(secret) => secret,
            Creation::Taken => return Err(Failure::Failed("there is a client with this id".into())),
        };
        Ok((made, new.draft.client_id))
    })?;
    let issuer = workshop.config.server.public_url.as_str();
    let blocks = template.map(|template| template.blocks(issuer, &client_id, made.as_ref(), &url)).unwrap_or_default();
    show_once(globals, &client_id, made.as_ref(), &blocks);
    Ok(())
}

/// What makes no sense is the caller's mistake; what is not there may come to be.
fn check(conn: &mut Conn, draft: Draft) -> Result<NewClient, Failure> {
    if let Err(problems) = metadata::validate(draft.clone()) {
        return Err(Failure::Usage(metadata::in_words(&problems, "\n  ")));
    }
    clients::check(conn, draft).map_err(|stop| Failure::Failed(stop.to_string()))
}

/// The only time a secret is shown.
fn show_once(globals: &Globals, client_id: &str, secret: Option<&Secret<String>>, blocks: &[Block]) {
    let mut shown = json!({ "client_id": client_id });
    if let (Some(shown), Some(secret)) = (shown.as_object_mut(), secret) {
        shown.insert("client_secret".into(), secret.expose().clone().into());
    }
    if let (Some(shown), false) = (shown.as_object_mut(), blocks.is_empty()) {
        shown.insert("config".into(), json!(blocks));
    }
    let mut words = match secret {
        Some(secret) => {
            format!("client_id:     {client_id}\nclient_secret: {}\nThe secret is shown only now.", secret.expose())
        }
        None => format!("client_id: {client_id}"),
    };
    for Block { label, text } in blocks {
        words.extend(["\n\n# ", label, "\n", text.trim_end()]);
    }
    tell(globals, &shown, &words);
}

fn find_template(id: &str) -> Result<Template, Failure> {
    let all = template::load().map_err(Failure::Failed)?;
    let found = all.into_iter().find(|template| template.id == id);
    found.ok_or_else(|| Failure::Usage(format!("there is no template `{id}`: see client templates")))
}

fn templates(globals: &Globals) -> Result<(), Failure> {
    let all = template::load().map_err(Failure::Failed)?;
    if globals.json {
        let shown = |one: &Template| json!({ "id": one.id, "name": one.name, "about": one.about, "note": one.note });
        output::print_json(&all.iter().map(shown).collect());
    } else {
        let rows: Vec<_> = all.into_iter().map(|one| [one.id, one.name, one.about]).collect();
        output::print_table(["TEMPLATE", "APP", "WHAT FOR"], &rows);
    }
    Ok(())
}

fn update(globals: &Globals, workshop: &Workshop, arguments: &Update) -> Result<(), Failure> {
    let shown = workshop.write(|conn, scene| {
        let client = find(conn, &arguments.id)?;
        let draft = arguments.apply(Draft::of(&client))?;
        let new = check(conn, draft)?;
        registration::update(conn, &client, &new, scene)?;
        Ok::<_, Failure>(find(conn, &arguments.id)?.describe_with_secrets())
    })?;
    tell(globals, &shown, "Updated.");
    Ok(())
}

fn set_enabled(globals: &Globals, workshop: &Workshop, id: &Id, is_enabled: bool) -> Result<(), Failure> {
    workshop.write(|conn, scene| {
        let client = find(conn, id)?;
        Ok::<_, Failure>(registration::set_enabled(conn, &client, is_enabled, scene)?)
    })?;
    let words = if is_enabled { "Enabled." } else { "Disabled; its tokens are dead." };
    tell(globals, &json!({ "client_id": id.client_id, "enabled": is_enabled }), words);
    Ok(())
}

fn rotate_secret(globals: &Globals, workshop: &Workshop, arguments: &RotateSecret) -> Result<(), Failure> {
    let secret = chosen(&arguments.secret)?;
    let overlap = arguments.overlap_hours.map(|hours| Duration::hours(hours.into()));
    let former = overlap.map_or(Former::Ends, Former::Serves);
    let made = workshop.write(|conn, scene| {
        let client = find(conn, &arguments.id)?;
        if client.secret.is_none() {
            return Err(Failure::Failed("this client has no secret".into()));
        }
        clients::check_overlap(&client, former).map_err(|stop| Failure::Failed(stop.to_string()))?;
        Ok(registration::rotate_secret(conn, &client, (secret, former), scene)?)
    })?;
    show_once(globals, &arguments.id.client_id, Some(&made), &[]);
    Ok(())
}

fn end_former_secret(globals: &Globals, workshop: &Workshop, id: &Id) -> Result<(), Failure> {
    workshop.write(|conn, scene| {
        let client = find(conn, id)?;
        if registration::end_former_secret(conn, &client, scene)? {
            return Ok(());
        }
        Err(Failure::Failed("no old secret serves any more".into()))
    })?;
    tell(globals, &json!({ "client_id": id.client_id, "former_secret_until": null }), "The old secret serves no more.");
    Ok(())
}

fn list(globals: &Globals, workshop: &Workshop) -> Result<(), Failure> {
    let clients = store::list(&mut workshop.connect()?)?;
    if globals.json {
        output::print_json(&clients.iter().map(Client::describe).collect());
    } else {
        let rows: Vec<_> = clients
            .iter()
            .map(|client| [client.client_id.clone(), client.name.clone(), client.kind.to_string()])
            .collect();
        output::print_table(["CLIENT ID", "NAME", "TYPE"], &rows);
    }
    Ok(())
}
