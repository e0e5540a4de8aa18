//! What a permission is called: `app.action_model`, as in Django.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::small_word;

/// What a permission is called: `blog.publish_article`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PermissionName {
    /// The app it belongs to.
    pub app: String,
    /// The rest: usually an action and a model.
    pub codename: String,
}

impl FromStr for PermissionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (app, codename) =
            text.split_once('.').ok_or_else(|| format!("`{text}`: a permission is named app.action_model"))?;
        small_word::check("app", app)?;
        small_word::check("codename", codename)?;
        Ok(Self { app: app.to_owned(), codename: codename.to_owned() })
    }
}

impl fmt::Display for PermissionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.codename)
    }
}

impl Serialize for PermissionName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PermissionName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::PermissionName;

    #[test]
    fn names_are_an_app_and_a_codename_in_small_letters() {
        let name: PermissionName = "blog.publish_article2".parse().unwrap();
        assert_eq!((name.app.as_str(), name.codename.as_str()), ("blog", "publish_article2"));
        assert_eq!(name.to_string(), "blog.publish_article2");
        for text in ["blog", "Blog.add", "blog.Odd-Name", ".add", "blog.", "blog.2add", "blog.add.x", "blog.ädd"] {
            assert!(text.parse::<PermissionName>().is_err(), "{text}");
        }
    }
}
