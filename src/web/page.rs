//! Pages: a type for each, a template for each, and the headers that all share.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::{Value, json};
use tera::{Context, Kwargs, State, Tera};

use super::assets;
use super::edge::RequestId;
use super::errors::PageError;
use super::headers::{FormAction, dress_page};

#[derive(RustEmbed)]
#[folder = "templates"]
#[include = "*.html"]
struct Templates;

/// A page: what its template is told, and a sample for the test that renders every template.
pub trait Page: Serialize {
    /// The template's name.
    const TEMPLATE: &'static str;

    /// The words in the window's title.
    fn title(&self) -> String;

    /// Something to look at.
    fn sample() -> Self
    where
        Self: Sized;
}

/// What is wrong with one field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The input's id; empty for the whole form.
    pub field: Cow<'static, str>,
    /// In words.
    pub message: String,
}

impl FieldError {
    /// Makes one.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Somebody signed in, as layouts show them.
#[derive(Clone, Debug, Serialize)]
pub struct Viewer {
    /// Full name, or the username.
    pub name: String,
    /// Username.
    pub username: String,
}

/// All templates, parsed and checked at start.
pub struct Pages {
    tera: Tera,
}

impl Pages {
    /// The embedded templates, each replaced by the file of the same name in `folder` where there is
    /// one.
    ///
    /// # Errors
    /// In words, when a template does not parse.
    pub fn load(folder: Option<&Path>) -> Result<Self, String> {
        let mut tera = Tera::new();
        let version = assets::version();
        tera.register_function("asset", move |args: Kwargs, _: &State<'_>| -> tera::TeraResult<String> {
            let path: String = args.must_get("path")?;
            Ok(format!("/assets/{version}/{path}"))
        });
        let mut sources = Vec::new();
        for name in Templates::iter() {
            let own = folder.map(|folder| folder.join(name.as_ref())).filter(|file| file.is_file());
            let text = match own {
                Some(file) => std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?,
                None => Templates::get(&name)
                    .map(|file| String::from_utf8_lossy(&file.data).into_owned())
                    .unwrap_or_default(),
            };
            sources.push((name.to_string(), text));
        }
        tera.add_raw_templates(sources).map_err(|error| describe(&error))?;
        Ok(Self { tera })
    }

    /// Names of all templates that are pages, for the test that renders them.
    pub fn names(&self) -> Vec<String> {
        self.tera.get_template_names().filter(|name| !name.starts_with('_')).map(str::to_owned).collect()
    }

    /// The HTML of a page.
    ///
    /// # Errors
    /// In words, when the template asks for something the page does not tell.
    pub fn render<P: Page>(&self, page: &P, request_id: &str) -> Result<String, String> {
        let mut data = serde_json::to_value(page).map_err(|error| error.to_string())?;
        let shared = json!({ "title": page.title(), "request_id": request_id, "lang": "en" });
        if let (Some(data), Value::Object(shared)) = (data.as_object_mut(), shared) {
            data.extend(shared);
            data.entry("errors").or_insert_with(|| json!([]));
            data.entry("user").or_insert(Value::Null);
        }
        let context = Context::from_serialize(&data).map_err(|error| describe(&error))?;
        self.tera.render(P::TEMPLATE, &context).map_err(|error| describe(&error))
    }

    /// The answer with this page.
    ///
    /// # Errors
    /// A fault when the template fails: a bug of ours or of the operator's folder.
    pub fn answer<P: Page>(
        &self,
        req: &HttpRequest,
        status: StatusCode,
        page: &P,
        form_action: &FormAction,
    ) -> Result<HttpResponse, PageError> {
        let id = req.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let html = self.render(page, &id).map_err(PageError::bug)?;
        let mut response =
            HttpResponse::build(status).insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).body(html);
        dress_page(response.headers_mut(), form_action);
        Ok(response)
    }
}

/// 303: after a post, the browser fetches `location` with GET.
#[must_use]
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .finish()
}

fn describe(error: &tera::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}
