//! What members a body, a query or an answer has: read by it, refused by it, and documented by it.

use serde_json::{Map, Value, json};

use crate::admin::deed::Wrong;

/// One member.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// In words.
    pub about: &'static str,
    /// Whether it has to be there.
    pub is_required: bool,
    /// Whether it may be null: taken away, or not there.
    pub is_nullable: bool,
    /// Whether others are judged by it: without it, nothing can be said of them.
    pub decides: bool,
}

/// What a member holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text without control characters, of so many characters at most.
    Text(usize),
    /// True or false.
    Flag,
    /// A whole number between these.
    Number(i64, i64),
    /// A list of texts, each of 2000 characters at most.
    Texts,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A time as in RFC 3339.
    Time,
    /// A UUID.
    Id,
    /// Any object.
    Object,
}

/// Longest list in a body.
const MAX_LIST: usize = 200;
/// Longest text in a list, in characters.
const MAX_ITEM: usize = 2000;

impl Field {
    /// A member that may be left out.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, about, is_required: false, is_nullable: false, decides: false }
    }

    /// One that has to be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// One that others are judged by.
    #[must_use]
    pub const fn deciding(self) -> Self {
        Self { decides: true, ..self }
    }

    /// One that may be null.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { is_nullable: true, ..self }
    }
}

/// What was sent and fits.
#[derive(Clone, Debug, Default)]
pub struct Members(Map<String, Value>);

/// Reads an object by its shape: the members that fit, and what is wrong with the others, those that the shape does not know
/// and those that it needs among them.
#[must_use]
pub fn read(shape: &[Field], mut body: Map<String, Value>) -> (Members, Vec<Wrong>) {
    let mut wrong = Vec::new();
    for name in body.keys().filter(|name| !shape.iter().any(|field| field.name == *name)) {
        let shown: String = name.chars().filter(|one| !one.is_control()).take(100).collect();
        wrong.push(Wrong::new(shown, "There is no such member here."));
    }
    for field in shape {
        match body.get(field.name) {
            None if field.is_required => wrong.push(Wrong::new(field.name, "This is needed.")),
            None => {}
            Some(Value::Null) if field.is_nullable => {}
            Some(value) => wrong.extend(field.kind.refuse(value).map(|why| Wrong::new(field.name, why))),
        }
    }
    // Of thousands of members that there are not, none is looked for among thousands of others.
    body.retain(|name, _| shape.iter().any(|field| field.name == name) && !wrong.iter().any(|one| one.field == *name));
    (Members(body), wrong)
}

/// Reads a query by its shape: the same members, written as text. A parameter that stands twice is wrong, too.
pub fn read_query<'a>(shape: &[Field], query: impl Iterator<Item = (&'a str, &'a str)>) -> (Members, Vec<Wrong>) {
    let (mut found, mut wrong) = (Map::new(), Vec::new());
    for (name, text) in query {
        let kind = shape.iter().find(|field| field.name == name).map(|field| field.kind);
        let value = match kind {
            Some(Kind::Number(..)) => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
            Some(Kind::Flag) => text.parse::<bool>().map_or_else(|_| json!(text), |flag| json!(flag)),
            _ => json!(text),
        };
        if found.insert(name.to_owned(), value).is_some() {
            wrong.push(Wrong::new(name.to_owned(), "This stands twice."));
        }
    }
    let (members, more) = read(shape, found);
    wrong.extend(more);
    (members, wrong)
}

impl Kind {
    fn refuse(self, value: &Value) -> Option<String> {
        let sound = |text: &str, most: usize| text.chars().count() <= most && !text.contains('\0');
        let fits = match (self, value) {
            (Self::Text(most), Value::String(text)) => sound(text, most),
            (Self::Flag, Value::Bool(_)) | (Self::Object, Value::Object(_)) => true,
            (Self::Number(least, most), Value::Number(number)) => {
                number.as_i64().is_some_and(|number| (least..=most).contains(&number))
            }
            (Self::Texts, Value::Array(all)) => {
                let is_text = |one: &Value| one.as_str().is_some_and(|text| sound(text, MAX_ITEM));
                all.len() <= MAX_LIST && all.iter().all(is_text)
            }
            (Self::Word(words), Value::String(text)) => words.contains(&text.as_str()),
            (Self::Time, Value::String(text)) => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
            (Self::Id, Value::String(text)) => uuid::Uuid::parse_str(text).is_ok(),
            _ => false,
        };
        (!fits).then(|| self.in_words())
    }

    fn in_words(self) -> String {
        match self {
            Self::Text(most) => format!("Give a text of at most {most} characters."),
            Self::Flag => "Give true or false.".into(),
            Self::Number(least, most) => format!("Give a whole number from {least} to {most}."),
            Self::Texts => format!("Give a list of at most {MAX_LIST} texts."),
            Self::Word(words) => format!("Give one of {}.", words.join(", ")),
            Self::Time => "Give a time like 2026-11-20T10:00:00Z.".into(),
            Self::Id => "Give an id: a UUID.".into(),
            Self::Object => "Give an object.".into(),
        }
    }

    fn schema(self) -> Value {
        match self {
            Self::Text(most) => json!({ "type": "string", "maxLength": most }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Self::Texts => {
                json!({ "type": "array", "maxItems": MAX_LIST, "items": { "type": "string", "maxLength": MAX_ITEM } })
            }
            Self::Word(words) => json!({ "type": "string", "enum": words }),
            Self::Time => json!({ "type": "string", "format": "date-time" }),
            Self::Id => json!({ "type": "string", "format": "uuid" }),
            Self::Object => json!({ "type": "object" }),
        }
    }
}

impl Field {
    /// Its JSON Schema.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        if let Some(out) = schema.as_object_mut() {
            out.insert("description".into(), self.about.into());
            if self.is_nullable {
                let kind = out.get("type").cloned().unwrap_or_default();
                out.insert("type".into(), json!([kind, "null"]));
                if let Some(words) = out.get_mut("enum").and_then(Value::as_array_mut) {
                    words.push(Value::Null);
                }
            }
        }
        schema
    }
}

/// The JSON Schema of an answer of this shape: as [`schema`], and its lists are as long as they are.
#[must_use]
pub fn answer_schema(shape: &[Field]) -> Value {
    let mut schema = schema(shape);
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(Map::values_mut) {
        if let Some(property) = property.as_object_mut() {
            property.remove("maxItems");
        }
    }
    schema
}

/// The JSON Schema of an object of this shape.
#[must_use]
pub fn schema(shape: &[Field]) -> Value {
    let properties: Map<String, Value> = shape.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
    let required: Vec<_> = shape.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    let mut out = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let (Some(out), false) = (out.as_object_mut(), required.is_empty()) {
        out.insert("required".into(), json!(required));
    }
    out
}

impl Members {
    /// A text; `None`: not sent, or null.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A text that may be taken away: not sent, sent as null, or sent.
    #[must_use]
    pub fn change(&self, name: &str) -> Option<Option<String>> {
        let value = self.0.get(name)?;
        Some(value.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// A flag.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// A number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let all = self.0.get(name)?.as_array()?;
        Some(all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect())
    }

    /// An object.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| value.is_object())
    }

    /// Whether it was sent, null or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A value that a word, an id or a time stands for; what does not parse is as if it were not there, which the shape
    /// has excluded.
    #[must_use]
    pub fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// All of it, in one order.
    #[must_use]
    pub fn to_text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Field, Kind, read, read_query};

    const SHAPE: &[Field] = &[
        Field::new("name", Kind::Text(5), "").required(),
        Field::new("note", Kind::Text(5), "").nullable(),
        Field::new("size", Kind::Number(1, 9), ""),
        Field::new("is_big", Kind::Flag, ""),
        Field::new("tags", Kind::Texts, ""),
        Field::new("color", Kind::Word(&["red"]), ""),
        Field::new("at", Kind::Time, ""),
        Field::new("id", Kind::Id, ""),
    ];

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn every_member_that_does_not_fit_is_named() {
        let bad = json!({
            "note": 1, "size": 0, "is_big": "yes", "tags": [1], "color": "blue", "at": "now", "id": "7", "more": true,
        });
        let (members, wrong) = read(SHAPE, object(&bad));
        assert_eq!(members.to_text(), "{}");
        let mut named: Vec<_> = wrong.iter().map(|wrong| wrong.field.as_ref()).collect();
        named.sort_unstable();
        assert_eq!(named, ["at", "color", "id", "is_big", "more", "name", "note", "size", "tags"]);
        for bad in
            [json!({ "name": "sixsix" }), json!({ "name": null }), json!({ "name": "a\0" }), json!({ "name": [] })]
        {
            assert_eq!(read(SHAPE, object(&bad)).1.len(), 1, "{bad}");
        }
        let (members, wrong) = read(SHAPE, object(&json!({ "name": "a", "size": 0, "more": 1 })));
        assert_eq!(
            (members.to_text().as_str(), wrong.len()),
            ("{\"name\":\"a\"}", 2),
            "what fits is read all the same"
        );
    }

    #[test]
    fn null_is_not_absence() {
        let (members, wrong) = read(SHAPE, object(&json!({ "name": "a", "note": null })));
        assert_eq!(wrong, []);
        assert_eq!((members.change("note"), members.change("more")), (Some(None), None));
        assert_eq!(members.text("name"), Some("a"));
    }

    #[test]
    fn a_query_is_read_by_the_same_shape() {
        let (members, wrong) = read_query(SHAPE, [("name", "a"), ("size", "3"), ("is_big", "true")].into_iter());
        assert_eq!(wrong, []);
        assert_eq!((members.number("size"), members.flag("is_big")), (Some(3), Some(true)));
        for bad in [&[("name", "a"), ("name", "b")][..], &[("name", "a"), ("size", "x")], &[("name", "a"), ("x", "")]] {
            assert_eq!(read_query(SHAPE, bad.iter().copied()).1.len(), 1, "{bad:?}");
        }
    }
}
