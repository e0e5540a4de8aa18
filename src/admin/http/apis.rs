//! `/admin/apis`: resources that tokens are for (RFC 8707), who answers for them, and who asks for them.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde::Serialize;

use super::frame::ConsolePage;
use super::operator::Operator;
use crate::admin::policy::{Right, api_resource};
use crate::clients::{Client, store};
use crate::web::PageError;

/// Every resource that an app is registered with.
#[derive(Clone, Debug, Serialize)]
pub struct ApisPage {
    apis: Vec<Api>,
    /// Our own API's identifier.
    own: String,
    may_add: bool,
}

/// One resource.
#[derive(Clone, Debug, Default, Serialize)]
struct Api {
    identifier: String,
    is_own: bool,
    /// Apps that are this API: they introspect its tokens.
    served_by: Vec<App>,
    /// Apps that may ask for tokens for it.
    asked_by: Vec<App>,
    /// Scopes that those may ask for, apart from those about people.
    scopes: Vec<String>,
    /// Apps of permissions that the API may ask about.
    permissions: Vec<String>,
    /// What its tokens look like.
    formats: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct App {
    id: String,
    name: String,
}

impl ConsolePage for ApisPage {
    const TEMPLATE: &'static str = "admin/apis.html";
    const MENU: &'static str = "apis";

    fn title(&self) -> String {
        "APIs".into()
    }

    fn sample() -> Self {
        let app = || vec![App { id: "wiki".into(), name: "Wiki".into() }];
        let api = Api {
            identifier: "https://api.example.test/".into(),
            is_own: false,
            served_by: app(),
            asked_by: app(),
            scopes: vec!["articles:read".into()],
            permissions: vec!["blog".into()],
            formats: vec!["at+jwt, ES256".into()],
        };
        Self { apis: vec![api], own: "https://id.example.test/api/v1".into(), may_add: true }
    }
}

/// `GET /admin/apis`.
///
/// # Errors
/// A page.
pub async fn get(operator: Operator) -> Result<HttpResponse, PageError> {
    let clients = operator.read(store::list).await?;
    let own = api_resource(&operator.app.issuer);
    operator.show(ApisPage { apis: collect(&clients, &own), own, may_add: operator.actor.may(Right::AddClient) })
}

/// Scopes of `OpenID` Connect, which are about people and not about an API.
const ABOUT_PEOPLE: [&str; 8] =
    ["openid", "profile", "email", "address", "phone", "groups", "permissions", "offline_access"];

fn collect(clients: &[Client], own: &str) -> Vec<Api> {
    let mut apis: BTreeMap<&str, Api> = BTreeMap::new();
    let app = |client: &Client| App { id: client.client_id.clone(), name: client.name.clone() };
    for client in clients {
        for identifier in client.serves.iter() {
            let api = apis.entry(identifier).or_default();
            api.served_by.push(app(client));
            api.permissions.extend(client.apps.iter().cloned());
        }
        for identifier in client.audiences.iter() {
            let api = apis.entry(identifier).or_default();
            api.asked_by.push(app(client));
            let about_it = client.scope.iter().filter(|name| !ABOUT_PEOPLE.contains(name));
            api.scopes.extend(about_it.map(str::to_owned));
            api.formats.push(format!("{}, {}", client.access_token_typ.as_str(), client.access_token_alg));
        }
    }
    let finish = |(identifier, mut api): (&str, Api)| {
        for list in [&mut api.scopes, &mut api.permissions, &mut api.formats] {
            list.sort();
            list.dedup();
        }
        Api { identifier: identifier.to_owned(), is_own: identifier == own, ..api }
    };
    apis.into_iter().map(finish).collect()
}
