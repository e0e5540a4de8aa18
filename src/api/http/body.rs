//! Reading a JSON object: bounded, flat, no member twice.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::api::Refusal;
use crate::spec::Params;
use crate::web::form::{self, FormError};

/// A posted JSON object, or what is wrong with it.
#[derive(Debug)]
pub struct JsonBody(pub Result<Members, Refusal>);

/// A posted JSON object of any depth, of at most so many kB, or what is wrong with it.
#[derive(Debug)]
pub struct JsonDocument<const KB: usize = 64>(pub Result<Value, Refusal>);

/// The members of an object. Those that are text are parameters like those of a form.
#[derive(Debug, Default)]
pub struct Members {
    /// Members that are text.
    pub params: Params,
    others: HashMap<String, Other>,
}

/// A member that is no text.
#[derive(Clone, Copy, Debug)]
enum Other {
    Null,
    Scalar,
}

impl Members {
    /// The values of these members, in this order.
    ///
    /// # Errors
    /// A problem for each one that is missing, empty or no text.
    pub fn require<const N: usize>(&self, names: [&'static str; N]) -> Result<[&str; N], Refusal> {
        let problems: Vec<_> = names.iter().filter_map(|name| Some((*name, self.problem(name)?))).collect();
        if problems.is_empty() {
            Ok(names.map(|name| self.params.find(name).unwrap_or_default()))
        } else {
            Err(Refusal::members(&problems))
        }
    }

    fn problem(&self, name: &str) -> Option<&'static str> {
        match (self.params.find(name), self.others.get(name)) {
            (Some(text), _) if text.contains('\0') => Some("Null characters are not allowed."),
            (Some(_), _) => None,
            (None, Some(Other::Null)) => Some("This field may not be null."),
            (None, Some(Other::Scalar)) => Some("Not a valid string."),
            (None, None) if self.params.has(name) => Some("This field may not be blank."),
            (None, None) => Some("This field is required."),
        }
    }
}

impl FromRequest for JsonBody {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read(req, payload);
        Box::pin(async move { Ok(Self(body.await)) })
    }
}

impl<const KB: usize> FromRequest for JsonDocument<KB> {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(req);
        let body = form::read_body_up_to(KB * 1024, req, payload);
        Box::pin(async move {
            let whole = parse::<Unique>(body.await, is_json).map(|Unique(value)| value);
            Ok(Self(whole.and_then(|value| {
                if value.is_object() { Ok(value) } else { Err(Refusal::unreadable("the body is no JSON object")) }
            })))
        })
    }
}

/// JSON in which no member stands twice, at any depth: of two, one reader takes the first and another the last.
/// A JSON object, or nothing at all.
#[derive(Debug)]
pub struct MaybeJson(pub Result<Option<Map<String, Value>>, Refusal>);

impl FromRequest for MaybeJson {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(req);
        let body = form::read_body(req, payload);
        Box::pin(async move {
            Ok(Self(match body.await {
                Ok(body) if body.is_empty() => Ok(None),
                body => parse::<Unique>(body, is_json).and_then(|Unique(value)| match value {
                    Value::Object(members) => Ok(Some(members)),
                    _ => Err(Refusal::unreadable("the body is no JSON object")),
                }),
            }))
        })
    }
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON in which no member stands twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unique(value))) = map.next_entry::<String, Unique>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(is.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }
}

fn read<T: DeserializeOwned>(
    req: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<T, Refusal>> + use<T> {
    let is_json = is_json(req);
    let body = form::read_body(req, payload);
    async move { parse(body.await, is_json) }
}

fn parse<T: DeserializeOwned>(body: Result<Vec<u8>, FormError>, is_json: bool) -> Result<T, Refusal> {
    match body {
        Err(FormError::TooLarge) => Err(Refusal::new(413, "too_large", "The body is too large")),
        Err(error) => Err(Refusal::unreadable(error.to_string())),
        Ok(_) if !is_json => Err(Refusal::new(415, "unsupported_media_type", "The body is not application/json")),
        Ok(body) => serde_json::from_slice(&body).map_err(|error| Refusal::unreadable(place_of(&error))),
    }
}

/// Where reading stopped: the library's own words may quote what was sent.
fn place_of(error: &serde_json::Error) -> String {
    format!("{:?} at line {} column {}", error.classify(), error.line(), error.column())
}

fn is_json(req: &HttpRequest) -> bool {
    let media_type = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"))
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        let mut texts = HashMap::new();
        while let Some((name, member)) = map.next_entry::<String, Member>()? {
            let known = match member {
                Member::Text(text) if !members.others.contains_key(&name) => texts.insert(name, text).is_some(),
                Member::Other(other) if !texts.contains_key(&name) => members.others.insert(name, other).is_some(),
                _ => true,
            };
            if known {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        members.params = texts.iter().fold(Params::default(), |params, (name, text)| params.with(name, text));
        Ok(members)
    }
}

/// A value of one level: lists and objects are refused, however deep, by not being read.
enum Member {
    Text(String),
    Other(Other),
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

struct MemberVisitor;

impl Visitor<'_> for MemberVisitor {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, true, false or null")
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Other(Other::Null))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Member, E> {
        Ok(Member::Other(Other::Scalar))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
        Ok(Member::Other(Other::Scalar))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Member, E> {
        Ok(Member::Other(Other::Scalar))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
        Ok(Member::Other(Other::Scalar))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Members, Unique};

    fn read(text: &str) -> Option<Members> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn a_flat_object_is_read_and_each_missing_member_is_named() {
        let members = read(r#"{"a":"x","b":"","c":null,"d":7,"e":true,"f":"\u0000","g":1.5}"#).unwrap();
        assert_eq!(members.require(["a"]).unwrap(), ["x"]);
        let refusal = members.require(["a", "b", "c", "d", "e", "f", "h"]).unwrap_err();
        let words = json!({
            "b": ["This field may not be blank."],
            "c": ["This field may not be null."],
            "d": ["Not a valid string."],
            "e": ["Not a valid string."],
            "f": ["Null characters are not allowed."],
            "h": ["This field is required."],
        });
        assert_eq!((refusal.status, refusal.body), (400, words));
    }

    #[test]
    fn no_member_stands_twice_at_any_depth() {
        let whole = r#"{"a":{"b":[1,-2,0.5,null,true,{"c":"d"}]}}"#;
        let Unique(value) = serde_json::from_str(whole).unwrap();
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(whole).unwrap());
        for twice in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"b":2}}"#, r#"[{"a":1,"\u0061":2}]"#, &"[".repeat(200)] {
            assert!(serde_json::from_str::<Unique>(twice).is_err(), "{twice}");
        }
    }

    #[test]
    fn what_is_twice_deep_or_no_object_is_refused() {
        let deep = format!("{{\"a\":{}", "[".repeat(30_000));
        for text in [
            "",
            "[]",
            "\"a\"",
            "null",
            "{",
            "{}x",
            r#"{"a":"x","a":"x"}"#,
            r#"{"a":"x","a":null}"#,
            r#"{"a":null,"a":"x"}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":"x","\u0061":"y"}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1e999}"#,
            &deep,
        ] {
            assert!(read(text).is_none(), "{}", &text[..text.len().min(40)]);
        }
        assert!(read("{}").is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = read(&text);
        }
    }
}
