//! One row of a dump: a model, a key, fields.

use serde_json::{Map, Value};

use crate::kernel::Instant;

/// A row, its fields not looked at yet.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// `auth.user`, in lower case.
    pub model: String,
    /// Model and key, or file and number, for the report.
    pub name: String,
    /// Absent in dumps with `--natural-primary`.
    pub key: Option<Reference>,
    fields: Map<String, Value>,
}

/// How one row names another: a number, a UUID, or a natural key such as `["ada"]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Reference(String);

impl Reference {
    /// The natural key of these words.
    pub fn natural(words: &[&str]) -> Self {
        Self(Value::from(words.to_vec()).to_string())
    }

    fn of(value: &Value) -> Option<Self> {
        (!value.is_null()).then(|| Self(value.to_string()))
    }

    /// The words of a natural key.
    pub fn words(&self) -> Option<Vec<String>> {
        serde_json::from_str(&self.0).ok()
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.trim_matches('"'))
    }
}

impl Row {
    /// Reads a row; `place` names it where it has no key.
    ///
    /// # Errors
    /// In words.
    pub fn parse(value: Value, place: &str) -> Result<Self, String> {
        let Value::Object(mut row) = value else { return Err("is no object".into()) };
        let Some(Value::String(model)) = row.remove("model") else { return Err("has no model".into()) };
        let Some(Value::Object(fields)) = row.remove("fields") else { return Err("has no fields".into()) };
        let model = model.to_lowercase();
        let key = row.get("pk").and_then(Reference::of);
        let name = match &key {
            Some(key) => format!("{model} pk={key}"),
            None => format!("{model} ({place})"),
        };
        Ok(Self { model, name, key, fields })
    }

    /// Whether there is such a field.
    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// A text without the space around it; empty when there is none.
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default().trim()
    }

    /// A text that says something.
    pub fn words(&self, field: &str) -> Option<String> {
        Some(self.text(field)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A yes or no.
    pub fn flag(&self, field: &str) -> Option<bool> {
        self.fields.get(field).and_then(Value::as_bool)
    }

    /// A whole number.
    pub fn number(&self, field: &str) -> Option<i64> {
        self.fields.get(field).and_then(Value::as_i64)
    }

    /// A time. One without a zone (`USE_TZ = False`) counts as UTC.
    pub fn instant(&self, field: &str) -> Option<Instant> {
        let text = self.text(field);
        let zoned = chrono::DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
        zoned.or_else(|_| text.parse::<chrono::NaiveDateTime>().map(|at| at.and_utc())).ok()
    }

    /// Another row.
    pub fn reference(&self, field: &str) -> Option<Reference> {
        self.fields.get(field).and_then(Reference::of)
    }

    /// Other rows.
    pub fn references(&self, field: &str) -> Vec<Reference> {
        let list = self.fields.get(field).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Reference::of).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Reference, Row};

    #[test]
    fn rows_are_named_by_key_or_place() {
        let named = |value| Row::parse(value, "dump.json row 3").map(|row| row.name);
        assert_eq!(named(json!({ "model": "auth.User", "pk": 7, "fields": {} })).unwrap(), "auth.user pk=7");
        assert_eq!(named(json!({ "model": "a.b", "pk": "x-y", "fields": {} })).unwrap(), "a.b pk=x-y");
        assert_eq!(named(json!({ "model": "a.b", "fields": {} })).unwrap(), "a.b (dump.json row 3)");
        for bad in [json!(1), json!({}), json!({ "model": 1, "fields": {} }), json!({ "model": "a.b", "fields": [] })] {
            assert!(named(bad).is_err());
        }
    }

    #[test]
    fn fields_are_read_as_what_they_are() {
        let row = json!({ "model": "a.b", "fields": {
            "zoned": "2024-02-03T05:05:06.789+01:00", "naive": "2024-02-03T04:05:06.789", "odd": "yesterday",
            "empty": " ", "other": ["ada"], "others": [1, ["x", "y"], null], "none": null,
        } });
        let row = Row::parse(row, "").unwrap();
        assert_eq!(row.instant("zoned"), row.instant("naive"));
        assert!(row.instant("zoned").is_some() && row.instant("odd").is_none() && row.words("empty").is_none());
        assert_eq!(row.reference("other"), Some(Reference::natural(&["ada"])));
        assert_eq!(row.references("others").len(), 2);
        assert_eq!(row.references("others")[1].words().unwrap(), ["x", "y"]);
        assert!(row.references("others")[0].words().is_none() && row.reference("none").is_none());
    }
}
