//! `permission …`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::workshop::Workshop;
use super::{Failure, Globals, group, output};
use crate::access::check::{self, Match, Slice, Way, What as Question, Who};
use crate::access::grant::{self, Grantee, Granting};
use crate::access::permission::{self, Creation, Model, NewPermission, OWN_APP, ObjectId, PermissionName};
use crate::access::store::permissions::{self as store, Permission};
use crate::admin::{groups, permissions};
use crate::audit::Scene;
use crate::kernel::Conn;

/// How many are fetched at once.
const AT_A_TIME: i64 = 10_000;

/// Commands about permissions.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a permission.
    Create(Create),
    /// Make the four permissions of a model: add, change, delete, view.
    CreateModel {
        /// App and model, as in `blog.article`.
        model: Model,
    },
    /// List permissions.
    List {
        /// Of this app only.
        #[arg(long)]
        app: Option<String>,
    },
    /// Delete a permission: whoever held it holds it no more.
    Delete {
        /// As in `blog.publish_article`.
        permission: PermissionName,
    },
    /// Grant a permission to a user.
    Grant(ToUser),
    /// Take a permission back from a user.
    Revoke(ToUser),
    /// May this user do that? Every way in which they may is told.
    Check(ToUser),
    /// Who may do that?
    Who(What),
    /// What objects may this user do that to?
    Objects(Objects),
}

/// A new permission.
#[derive(Debug, Args)]
pub struct Create {
    /// As in `blog.publish_article`.
    permission: PermissionName,
    /// What it is about; without it, what stands behind the first `_`.
    #[arg(long)]
    model: Option<String>,
    /// In words, for people who grant it.
    #[arg(long, default_value = "")]
    description: String,
}

/// Which permission, and for which object.
#[derive(Debug, Args)]
pub struct What {
    /// As in `blog.publish_article`.
    permission: PermissionName,
    /// One object only, by the id that its app gives it.
    #[arg(long, value_name = "ID")]
    object: Option<ObjectId>,
}

/// Which permission, and whose.
#[derive(Debug, Args)]
pub struct ToUser {
    #[command(flatten)]
    what: What,
    /// Username, address or id.
    #[arg(long)]
    user: String,
}

/// Which permissions, and whose.
#[derive(Debug, Args)]
pub struct Objects {
    /// As in `blog.change_article`; more than one have to be about one model.
    #[arg(required = true)]
    permissions: Vec<PermissionName>,
    /// Username, address or id.
    #[arg(long)]
    user: String,
    /// One of the permissions is enough; otherwise all are needed.
    #[arg(long)]
    any: bool,
}

/// Who is granted something.
#[derive(Debug)]
pub enum Whom {
    /// A user, by any name.
    User(String),
    /// A group, by its name.
    Group(String),
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    match command {
        Command::Create(arguments) => create(globals, &workshop, arguments),
        Command::CreateModel { model } => create_model(globals, &workshop, &model),
        Command::List { app } => list(globals, &workshop, app.as_deref()),
        Command::Delete { permission } => {
            workshop.write(|conn, scene| {
                let found = find(conn, &permission)?;
                if permission.app == OWN_APP {
                    return Err(reserved());
                }
                permissions::spared_by_clients(conn, &found.name)?;
                permission::delete(conn, &found, scene)?;
                Ok::<_, Failure>(())
            })?;
            tell(globals, &json!({ "permission": permission.to_string(), "deleted": true }), "Deleted.");
            Ok(())
        }
        Command::Grant(ToUser { what, user }) => grant(globals, &workshop, &what, &Whom::User(user)),
        Command::Revoke(ToUser { what, user }) => revoke(globals, &workshop, &what, &Whom::User(user)),
        Command::Check(question) => check(globals, &workshop, &question),
        Command::Who(what) => who(globals, &workshop, what),
        Command::Objects(question) => objects(globals, &workshop, &question),
    }
}

fn tell(globals: &Globals, shown: &Value, words: &str) {
    if globals.json {
        output::print_json(shown);
    } else {
        output::say(words);
    }
}

/// The permission of this name.
///
/// # Errors
/// When there is none.
pub fn find(conn: &mut Conn, name: &PermissionName) -> Result<Permission, Failure> {
    store::find(conn, name)?.ok_or_else(|| Failure::Failed(format!("there is no permission `{name}`")))
}

fn create(globals: &Globals, workshop: &Workshop, arguments: Create) -> Result<(), Failure> {
    let Create { permission, model, description } = arguments;
    let new = NewPermission::new(permission, model, description).map_err(Failure::Usage)?;
    match workshop.write(|conn, scene| Ok(permission::create(conn, &new, scene)?))? {
        Creation::Done => {
            let shown = json!({ "permission": new.name.to_string(), "model": new.model });
            tell(globals, &shown, "Created.");
            Ok(())
        }
        Creation::Reserved => Err(reserved()),
        Creation::Taken => {
            Err(Failure::Failed("there is a permission of this name, or of this action on this model".into()))
        }
    }
}

fn reserved() -> Failure {
    Failure::Failed(format!("permissions of `{OWN_APP}` are the console's own: they are granted, not made or deleted"))
}

fn create_model(globals: &Globals, workshop: &Workshop, wanted: &Model) -> Result<(), Failure> {
    let Some(model) = &wanted.model else {
        return Err(Failure::Usage(format!("`{wanted}`: name a model too, as in {wanted}.article")));
    };
    if wanted.app == OWN_APP {
        return Err(reserved());
    }
    permission::check_model(model).map_err(Failure::Usage)?;
    let made = workshop.write(|conn, scene| Ok(permission::create_model(conn, &wanted.app, model, scene)?))?;
    let names: Vec<_> = made.iter().map(ToString::to_string).collect();
    let words = if names.is_empty() { "They are there already.".to_owned() } else { names.join("\n") };
    tell(globals, &json!({ "created": names }), &words);
    Ok(())
}

fn list(globals: &Globals, workshop: &Workshop, app: Option<&str>) -> Result<(), Failure> {
    let all = store::list(&mut workshop.connect()?, app)?;
    if globals.json {
        let shown = |one: &Permission| json!({ "permission": one.name.to_string(), "model": one.model, "description": one.description });
        output::print_json(&all.iter().map(shown).collect());
    } else {
        let rows: Vec<_> = all.into_iter().map(|one| [one.name.to_string(), one.description]).collect();
        output::print_table(["PERMISSION", "IN WORDS"], &rows);
    }
    Ok(())
}

/// Runs `rule` with the permission and whom it is for.
fn with_grantee<T>(
    workshop: &Workshop,
    (what, whom): (&What, &Whom),
    rule: impl FnOnce(&mut Conn, &Permission, Grantee<'_>, &Scene) -> Result<T, Failure>,
) -> Result<T, Failure> {
    workshop.write(|conn, scene| {
        let permission = find(conn, &what.permission)?;
        match whom {
            Whom::User(name) => {
                let user = group::find_user(conn, name)?;
                rule(conn, &permission, Grantee::User(&user), scene)
            }
            Whom::Group(name) => {
                let group = group::find(conn, name)?;
                rule(conn, &permission, Grantee::Group(&group), scene)
            }
        }
    })
}

fn shown(what: &What, whom: &Whom, is_granted: bool) -> Value {
    let (kind, name) = match whom {
        Whom::User(name) => ("user", name),
        Whom::Group(name) => ("group", name),
    };
    json!({
        "permission": what.permission.to_string(), "object": what.object.as_ref().map(ObjectId::as_str), kind: name,
        "granted": is_granted,
    })
}

/// Grants a permission.
///
/// # Errors
/// [`Failure`] in words.
pub fn grant(globals: &Globals, workshop: &Workshop, what: &What, whom: &Whom) -> Result<(), Failure> {
    let done = with_grantee(workshop, (what, whom), |conn, permission, to, scene| {
        groups::sparing_newcomers(conn, |conn| Ok(grant::grant(conn, permission, what.object.as_ref(), to, scene)?))
    })?;
    if done == Granting::NotAboutObjects {
        let permission = &what.permission;
        return Err(Failure::Failed(format!("`{permission}` is about no model, so it cannot be for one object")));
    }
    tell(globals, &shown(what, whom, true), "Granted.");
    Ok(())
}

/// Takes a permission back.
///
/// # Errors
/// [`Failure`] in words.
pub fn revoke(globals: &Globals, workshop: &Workshop, what: &What, whom: &Whom) -> Result<(), Failure> {
    let was_granted = with_grantee(workshop, (what, whom), |conn, permission, from, scene| {
        Ok(grant::revoke(conn, permission, what.object.as_ref(), from, scene)?)
    })?;
    let words = if was_granted { "Taken back." } else { "It was not granted like this: nothing is changed." };
    tell(globals, &shown(what, whom, false), words);
    Ok(())
}

fn check(globals: &Globals, workshop: &Workshop, question: &ToUser) -> Result<(), Failure> {
    let conn = &mut workshop.connect()?;
    let ToUser { what, user } = question;
    let user = group::find_user(conn, user)?;
    find(conn, &what.permission)?;
    let asked = Question::Permission(what.permission.clone());
    let ways = check::ways(conn, &Who::User(user.id), &asked, what.object.as_ref())?;
    let because: Vec<_> = ways.iter().map(Way::to_string).collect();
    let words = match (because.is_empty(), user.is_live()) {
        (false, _) => format!("yes: {}", because.join("\n     ")),
        (true, false) if !user.is_active => "no: the account is disabled".to_owned(),
        (true, false) if user.awaits_proof_since.is_some() => "no: the account has not proven its address".to_owned(),
        (true, false) => "no: the account is about to be deleted".to_owned(),
        (true, true) => {
            let groups = check::groups_of(conn, user.id)?;
            let them = if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") };
            format!("no: held neither by {} nor by a group that they are in ({them})", user.username)
        }
    };
    tell(globals, &json!({ "allowed": !because.is_empty(), "ways": because }), &words);
    Ok(())
}

fn who(globals: &Globals, workshop: &Workshop, what: What) -> Result<(), Failure> {
    let conn = &mut workshop.connect()?;
    find(conn, &what.permission)?;
    let asked = Question::Permission(what.permission);
    let mut people: Vec<check::Person> = Vec::new();
    loop {
        let after = people.last().map(|last| last.sub.to_string()).unwrap_or_default();
        let more = check::users_with(conn, &asked, what.object.as_ref(), Slice { after: &after, limit: AT_A_TIME })?;
        let is_last = more.is_empty();
        people.extend(more);
        if is_last {
            break;
        }
    }
    people.sort_by(|one, other| one.username.cmp(&other.username));
    if globals.json {
        let shown = |one: &check::Person| json!({ "sub": one.sub, "username": one.username });
        output::print_json(&people.iter().map(shown).collect());
    } else {
        let rows: Vec<_> = people.into_iter().map(|one| [one.username, one.sub.to_string()]).collect();
        output::print_table(["USERNAME", "SUB"], &rows);
    }
    Ok(())
}

fn objects(globals: &Globals, workshop: &Workshop, question: &Objects) -> Result<(), Failure> {
    let conn = &mut workshop.connect()?;
    let user = group::find_user(conn, &question.user)?;
    let mut about = None;
    for name in &question.permissions {
        let found = find(conn, name)?;
        let model = (found.name.app, found.model);
        if about.get_or_insert_with(|| model.clone()) != &model {
            return Err(Failure::Usage("the permissions are about different models".into()));
        }
    }
    let counts = if question.any { Match::Any } else { Match::All };
    let (who, mut found) = (Who::User(user.id), check::Objects::default());
    loop {
        let after = found.ids.last().cloned().unwrap_or_default();
        let slice = Slice { after: &after, limit: AT_A_TIME };
        let more = check::objects_for(conn, &who, &question.permissions, counts, slice)?;
        found.all = more.all;
        if more.ids.is_empty() {
            break;
        }
        found.ids.extend(more.ids);
    }
    let known = found.ids.join("\n");
    let words = if found.all { format!("every object; known here:\n{known}") } else { known };
    tell(globals, &json!({ "all": found.all, "objects": found.ids }), &words);
    Ok(())
}
