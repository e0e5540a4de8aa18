//! Permissions: `app.action_model`, as Django names them.

use std::fmt;
use std::str::FromStr;

use serde_json::json;

use super::store::permissions as store;
use crate::audit::event::Kind;
use crate::audit::{Event, Scene};
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::PermissionId;
use crate::kernel::notify::{self, Change};
pub use crate::spec::PermissionName;
use crate::spec::plain::misleads;
use crate::spec::small_word;

/// The app of the console's own permissions. They are made with the database, and stay.
pub const OWN_APP: &str = "portcullis";

/// Actions that `create-model` makes, as in Django.
pub const ACTIONS: [&str; 4] = ["add", "change", "delete", "view"];

/// Longest description, in characters; Django's names of permissions fit.
pub const MAX_DESCRIPTION: usize = 255;

/// Longest id of an object, in characters.
const MAX_OBJECT_CHARS: usize = 255;

/// What permissions are about: `blog.article`, or all of `blog`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    /// The app it belongs to.
    pub app: String,
    /// One kind of its objects; without one, the app as a whole.
    pub model: Option<String>,
}

/// One object, as its app calls it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(String);

/// A permission to be made.
#[derive(Clone, Debug)]
pub struct NewPermission {
    /// Its name.
    pub name: PermissionName,
    /// What it is about.
    pub model: Option<String>,
    /// In words, for people who grant it.
    pub description: String,
}

impl FromStr for Model {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (app, model) = text.split_once('.').map_or((text, None), |(app, model)| (app, Some(model)));
        small_word::check("app", app)?;
        model.map_or(Ok(()), |model| small_word::check("model", model))?;
        Ok(Self { app: app.to_owned(), model: model.map(str::to_owned) })
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.app)?;
        self.model.as_ref().map_or(Ok(()), |model| write!(f, ".{model}"))
    }
}

impl FromStr for ObjectId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sound = !text.is_empty() && text.chars().count() <= MAX_OBJECT_CHARS && !text.chars().any(char::is_control);
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("an object's id has 1 to {MAX_OBJECT_CHARS} characters, none of them a control character"))
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ObjectId {
    /// As the app calls it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NewPermission {
    /// A permission of this name. Without a `model` it is about what stands behind the name's first `_`:
    /// `publish_article` is about articles.
    ///
    /// # Errors
    /// In words.
    pub fn new(name: PermissionName, model: Option<String>, description: String) -> Result<Self, String> {
        if let Some(model) = &model {
            small_word::check("model", model)?;
        }
        check_description(&description)?;
        let behind = name.codename.split_once('_').map(|(_, model)| model.to_owned());
        let model = model.or_else(|| behind.filter(|model| small_word::check("model", model).is_ok()));
        Ok(Self { name, model, description })
    }
}

/// Whether a permission may be described like this.
///
/// # Errors
/// In words.
pub fn check_description(text: &str) -> Result<(), String> {
    let is_line = text.chars().count() <= MAX_DESCRIPTION && !text.chars().any(misleads);
    if is_line { Ok(()) } else { Err(format!("the description is one line of at most {MAX_DESCRIPTION} characters")) }
}

/// How making a permission ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It stands.
    Done,
    /// There is one of this name, or one that does the same to the same model.
    Taken,
    /// The app is the console's own.
    Reserved,
}

/// Makes a permission.
///
/// # Errors
/// [`Fault`] of the database.
pub fn create(conn: &mut Conn, new: &NewPermission, scene: &Scene) -> Result<Creation, Fault> {
    if new.name.app == OWN_APP {
        return Ok(Creation::Reserved);
    }
    let id = PermissionId::new(&scene.random, scene.now)?;
    if !store::insert(conn, id, new, scene.now)? {
        return Ok(Creation::Taken);
    }
    let details = json!({ "permission": new.name.to_string(), "model": new.model, "description": new.description });
    scene.record(conn, &Event::new(Kind::PermissionCreated).details(details))?;
    Ok(Creation::Done)
}

/// Whether the four permissions of a model can be named: the longest name has to fit too.
///
/// # Errors
/// In words.
pub fn check_model(model: &str) -> Result<(), String> {
    ACTIONS.iter().try_for_each(|action| small_word::check("model", &format!("{action}_{model}")))
}

/// Makes the four permissions of a model; those that are there stay. Says which are new.
///
/// # Errors
/// [`Fault`] of the database.
pub fn create_model(conn: &mut Conn, app: &str, model: &str, scene: &Scene) -> Result<Vec<PermissionName>, Fault> {
    let mut made = Vec::new();
    for action in ACTIONS {
        let name = PermissionName { app: app.to_owned(), codename: format!("{action}_{model}") };
        let description = format!("Can {action} {}", model.replace('_', " "));
        let new = NewPermission { name: name.clone(), model: Some(model.to_owned()), description };
        if create(conn, &new, scene)? == Creation::Done {
            made.push(name);
        }
    }
    Ok(made)
}

/// Deletes a permission, and takes it from everybody who held it; `false` when somebody was faster.
///
/// # Errors
/// [`Fault`] of the database.
pub fn delete(conn: &mut Conn, permission: &store::Permission, scene: &Scene) -> Result<bool, Fault> {
    let held = store::count_grants(conn, permission.id)?;
    if !store::delete(conn, permission.id)? {
        return Ok(false);
    }
    notify::announce(conn, Change::Standing)?;
    let details = json!({
        "permission": permission.name.to_string(), "model": permission.model, "description": permission.description,
        "grants": held,
    });
    scene.record(conn, &Event::new(Kind::PermissionDeleted).details(details))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{Model, NewPermission, ObjectId, PermissionName};

    #[test]
    fn a_model_is_an_app_and_perhaps_one_kind_of_its_objects() {
        for text in ["blog", "blog.article", "blog.blog_post"] {
            assert_eq!(text.parse::<Model>().unwrap().to_string(), text);
        }
        for text in ["", ".", "blog.", ".article", "Blog.article", "a.b.c"] {
            assert!(text.parse::<Model>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_permission_is_about_what_stands_behind_the_first_underscore_unless_it_says_otherwise() {
        let model = |codename: &str, model: Option<&str>| {
            let name = PermissionName { app: "blog".into(), codename: codename.into() };
            NewPermission::new(name, model.map(str::to_owned), String::new()).map(|new| new.model)
        };
        assert_eq!(model("publish_article", None).unwrap().as_deref(), Some("article"));
        assert_eq!(model("add_blog_post", None).unwrap().as_deref(), Some("blog_post"));
        assert_eq!(model("can_publish_article", Some("article")).unwrap().as_deref(), Some("article"));
        assert_eq!(model("moderate", None).unwrap(), None);
        assert_eq!(model("moderate_", None).unwrap(), None);
        assert!(model("moderate", Some("Article")).is_err());
    }

    #[test]
    fn an_object_is_what_its_app_calls_it() {
        let long = "x".repeat(256);
        for (text, is_sound) in
            [("7", true), ("a/b c", true), ("ü", true), ("", false), ("a\u{0}", false), (&long, false)]
        {
            assert_eq!(text.parse::<ObjectId>().is_ok(), is_sound, "{text}");
        }
    }
}
