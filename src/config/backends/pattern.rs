//! Filters and entry names with places for a value: `(uid={username})`.

use super::names;

/// Text with places. What goes into a place is escaped by whoever fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

/// What can go into a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `{username}`: what the person typed.
    Username,
    /// `{dn}`: the name of their entry.
    Dn,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

impl Pattern {
    /// A filter (RFC 4515) with at least one of `places`, and no other.
    pub(super) fn filter(text: &str, places: &[Place]) -> Result<Self, String> {
        let pattern = Self::parse(text, places)?;
        let sample = pattern.fill(|_| String::from("x"));
        if text.starts_with('(') && text.ends_with(')') && ldap3::parse_filter(&sample).is_ok() {
            return Ok(pattern);
        }
        Err(format!("`{text}` is not a filter; write it like (uid={{username}}), with all its brackets"))
    }

    /// The name of an entry (RFC 4514) with `{username}`.
    pub(super) fn entry(text: &str) -> Result<Self, String> {
        names::entry(text)?;
        Self::parse(text, &[Place::Username])
    }

    /// The text with `value` in each place. Values are not looked into for places.
    pub fn fill(&self, value: impl Fn(Place) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(place) => value(*place),
        };
        self.0.iter().map(piece).collect()
    }

    fn parse(text: &str, places: &[Place]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let place = places.iter().find(|place| place.name() == name);
            let place = place.ok_or_else(|| format!("has `{{{name}}}` in it; use {}", listed(places)))?;
            pieces.extend([Piece::Text(before.to_owned()), Piece::Place(*place)]);
            rest = after;
        }
        if pieces.is_empty() {
            return Err(format!("names nobody; use {}", listed(places)));
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }
}

impl Place {
    const fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Dn => "dn",
        }
    }
}

fn listed(places: &[Place]) -> String {
    let places: Vec<String> = places.iter().map(|place| format!("{{{}}}", place.name())).collect();
    places.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Place};

    #[test]
    fn a_value_that_looks_like_a_place_is_none() {
        let pattern = Pattern::filter("(|(member={dn})(memberUid={username}))", &[Place::Dn, Place::Username]);
        let filled = pattern.unwrap().fill(|place| match place {
            Place::Username => "{dn}".into(),
            Place::Dn => "{username}".into(),
        });
        assert_eq!(filled, "(|(member={username})(memberUid={dn}))");
    }

    #[test]
    fn broken_patterns_are_refused_with_a_remedy() {
        for (text, says) in [
            ("(uid=ada)", "use {username}"),
            ("(uid={user})", "use {username}"),
            ("(uid={username)", "use {username}"),
            ("uid={username}", "brackets"),
            ("(uid={username}", "brackets"),
            ("(uid={username})(a=b)", "brackets"),
            ("({username})", "brackets"),
        ] {
            let refusal = Pattern::filter(text, &[Place::Username]).unwrap_err();
            assert!(refusal.contains(says), "{text}: {refusal}");
        }
        assert!(Pattern::entry("uid={username},ou=people").is_ok());
        assert!(Pattern::entry("{username}").is_err());
    }
}
