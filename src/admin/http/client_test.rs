//! `/admin/clients/{id}/test`: a sign-in to an app, from its request to its tokens, of which nothing stands afterwards.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::Value;

use super::frame::ConsolePage;
use super::operator::{Operator, Ordered};
use crate::clients::{Client, store};
use crate::oidc::http::token::issuer;
use crate::oidc::rehearsal::{self, Rehearsed, Step, Wish};
use crate::web::PageError;

/// A sign-in of oneself, run to its end and taken back.
#[derive(Clone, Debug, Serialize)]
pub struct RehearsalPage {
    client_id: String,
    name: String,
    redirect_uri: String,
    scope: String,
    resource: String,
    redirect_uris: Vec<String>,
    steps: Vec<StepLine>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Serialize)]
struct StepLine {
    what: &'static str,
    outcome: String,
    is_done: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Part {
    id: &'static str,
    title: &'static str,
    json: String,
}

impl ConsolePage for RehearsalPage {
    const TEMPLATE: &'static str = "admin/client_test.html";
    const MENU: &'static str = "clients";

    fn title(&self) -> String {
        format!("Test of {}", self.name)
    }

    fn sample() -> Self {
        Self {
            client_id: "my-app".into(),
            name: "My app".into(),
            redirect_uri: "https://app.example.test/callback".into(),
            scope: "openid".into(),
            resource: String::new(),
            redirect_uris: vec!["https://app.example.test/callback".into()],
            steps: vec![
                StepLine { what: "Redirect URI", outcome: "a sample".into(), is_done: true },
                StepLine { what: "Access", outcome: "a sample".into(), is_done: false },
            ],
            parts: vec![Part { id: "id-token", title: "ID token", json: "{}".into() }],
        }
    }
}

/// `GET /admin/clients/{id}/test`.
///
/// # Errors
/// A page.
pub async fn test(operator: Operator, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let client = find(&operator, &id).await?;
    let wish = Wish { redirect_uri: String::new(), scope: client.scope.to_string(), resource: None };
    show_rehearsal(&operator, &client, wish, Rehearsed::default())
}

/// `POST /admin/clients/{id}/test`: of the operator themself, with the session that they have.
///
/// # Errors
/// A page.
pub async fn post_test(Ordered { operator, form }: Ordered, id: web::Path<String>) -> Result<HttpResponse, PageError> {
    let client = Arc::new(find(&operator, &id).await?);
    let text = |name: &str| form.find(name).unwrap_or_default().trim().to_owned();
    let wish = Wish {
        redirect_uri: text("redirect_uri"),
        scope: text("scope"),
        resource: Some(text("resource")).filter(|resource| !resource.is_empty()),
    };
    let (app, scene, session) = (operator.app.clone(), operator.scene(), operator.session.clone());
    let (own_client, own_wish) = (Arc::clone(&client), wish.clone());
    let rehearsed = operator
        .carry_out(move |conn, _| {
            let issuer = issuer(&app, &scene);
            Ok(rehearsal::rehearse(conn, &own_client, &session, &own_wish, (issuer, &scene))?)
        })
        .await?;
    match rehearsed {
        Ok(rehearsed) => show_rehearsal(&operator, &client, wish, rehearsed),
        Err(undone) => Err(super::gate::refused(&undone.in_words())),
    }
}

async fn find(operator: &Operator, id: &str) -> Result<Client, PageError> {
    let id = id.to_owned();
    operator.read(move |conn| store::find(conn, &id)).await?.ok_or_else(PageError::not_found)
}

fn show_rehearsal(
    operator: &Operator,
    client: &Client,
    wish: Wish,
    rehearsed: Rehearsed,
) -> Result<HttpResponse, PageError> {
    let redirect_uris: Vec<String> = client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect();
    let parts = [
        ("answer", "What the token endpoint answers", rehearsed.answer),
        ("id-token", "ID token", rehearsed.id_token),
        ("access-token", "Access token", rehearsed.access_token),
    ];
    let part = |(id, title, value): (&'static str, &'static str, Option<Value>)| {
        Some(Part { id, title, json: serde_json::to_string_pretty(&value?).ok()? })
    };
    let step = |step: Step| StepLine { what: step.what, outcome: step.outcome, is_done: step.is_done };
    operator.show(RehearsalPage {
        client_id: client.client_id.clone(),
        name: client.name.clone(),
        redirect_uri: if wish.redirect_uri.is_empty() {
            redirect_uris.first().cloned().unwrap_or_default()
        } else {
            wish.redirect_uri
        },
        redirect_uris,
        scope: wish.scope,
        resource: wish.resource.unwrap_or_default(),
        steps: rehearsed.steps.into_iter().map(step).collect(),
        parts: parts.into_iter().filter_map(part).collect(),
    })
}
