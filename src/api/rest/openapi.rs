//! The `OpenAPI` 3.1 document, made of the table.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{AuthorizationCode, Flow, OAuth2, Scopes, SecurityScheme};

use super::endpoints::{Answer, BASE, ENDPOINTS, Endpoint, READ, WRITE};
use super::shape;

/// The document of this server.
///
/// # Errors
/// In words, when it is no `OpenAPI` document: a bug of ours.
pub fn document(issuer: &str) -> Result<OpenApi, String> {
    let mut paths: Map<String, Value> = Map::new();
    let mut schemas: Map<String, Value> = Map::new();
    schemas.insert("Problem".into(), problem());
    for endpoint in ENDPOINTS {
        if let Answer::One(name, fields)
        | Answer::Made(name, fields)
        | Answer::List(name, fields)
        | Answer::All(name, fields) = endpoint.answer
        {
            schemas.insert(name.to_owned(), shape::answer_schema(fields));
        }
        let item = paths.entry(format!("{BASE}{}", endpoint.path)).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(endpoint.method.to_lowercase(), operation(endpoint));
        }
    }
    let base = issuer.trim_end_matches('/');
    let whole = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Portcullis API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What operators do in the console, for programs. Errors are problem details (RFC 9457) that name every \
                member that is wrong. Answers with one document have an ETag; a change with If-Match is refused when somebody \
                else was faster. POST takes an Idempotency-Key: the same key within a day gets the same answer, and nothing \
                is done twice.",
        },
        "servers": [{ "url": base }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "An API key of somebody who may enter the console." },
            },
        },
        "security": [{ "oauth": [READ] }, { "key": [] }],
    });
    let mut document: OpenApi =
        serde_json::from_value(whole).map_err(|error| format!("the OpenAPI document: {error}"))?;
    // Read from JSON, a flow loses the address that tells it from others.
    if let Some(components) = &mut document.components {
        components.add_security_scheme("oauth", oauth(base));
    }
    Ok(document)
}

fn oauth(base: &str) -> SecurityScheme {
    let scopes = Scopes::from_iter([(READ, "Look"), (WRITE, "Change")]);
    let (authorize, token) = (format!("{base}/oauth2/authorize"), format!("{base}/oauth2/token"));
    let flow = Flow::AuthorizationCode(AuthorizationCode::new(authorize, token, scopes));
    let about =
        format!("An access token for the resource {base}{BASE} (RFC 8707), of somebody who may enter the console.");
    SecurityScheme::OAuth2(OAuth2::with_description([flow], about))
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail", "request_id"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "A stable word." },
            "detail": { "type": "string" },
            "request_id": { "type": "string", "description": "Under which the log says more." },
            "errors": {
                "type": "array",
                "description": "Every member that is wrong.",
                "items": {
                    "type": "object",
                    "required": ["field", "detail"],
                    "properties": { "field": { "type": "string" }, "detail": { "type": "string" } },
                },
            },
        },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let mut parameters: Vec<Value> = endpoint
        .names()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(endpoint.query.iter().map(|field| {
        let (name, is_required) = (field.name, field.is_required);
        json!({ "name": name, "in": "query", "required": is_required, "description": field.about, "schema": field.schema() })
    }));
    if endpoint.is_paged() {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": USUAL_LIMIT });
        parameters.push(json!({
            "name": "limit", "in": "query", "required": false, "schema": limit, "description": "Items at most.",
        }));
        let cursor = json!({ "type": "string", "maxLength": 2048 });
        parameters.push(json!({
            "name": "cursor", "in": "query", "required": false, "schema": cursor, "description": "next_cursor of the part before.",
        }));
    }
    if endpoint.method == "POST" {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": schema,
            "description": "The same key gets the same answer, and nothing is done twice.",
        }));
    }
    let has_version = ENDPOINTS
        .iter()
        .any(|one| one.path == endpoint.path && one.method == "GET" && matches!(one.answer, Answer::One(..)));
    if has_version {
        let (name, about) = if endpoint.is_look() {
            ("If-None-Match", "An ETag: 304 when it stands.")
        } else {
            ("If-Match", "An ETag of GET: 412 when it stands no more.")
        };
        let schema = json!({ "type": "string" });
        parameters
            .push(json!({ "name": name, "in": "header", "required": false, "schema": schema, "description": about }));
    }
    let mut out = json!({
        "summary": endpoint.summary,
        "description": format!("Takes the permission portcullis.{}.", endpoint.right),
        "operationId": operation_id(endpoint),
        "tags": [endpoint.path.split('/').nth(1).unwrap_or_default()],
        "parameters": parameters,
        "responses": responses(endpoint),
    });
    if let (Some(out), Some(fields)) = (out.as_object_mut(), endpoint.body) {
        let content = json!({ "application/json": { "schema": shape::schema(fields) } });
        out.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    if let (Some(out), false) = (out.as_object_mut(), endpoint.is_look()) {
        out.insert("security".into(), json!([{ "oauth": [WRITE] }, { "key": [] }]));
    }
    out
}

/// Items on a page at most.
pub const MAX_LIMIT: i64 = 200;
/// Items on a page when nobody says otherwise.
pub const USUAL_LIMIT: i64 = 50;

fn operation_id(endpoint: &Endpoint) -> String {
    let path = endpoint.path.trim_start_matches('/').replace(['{', '}'], "").replace(['/', '-'], "_");
    format!("{}_{path}", endpoint.method.to_lowercase())
}

fn responses(endpoint: &Endpoint) -> Value {
    let document = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let answer = |description: &str, schema: Value| json!({ "description": description, "content": { "application/json": { "schema": schema } } });
    let items = |name: &str| json!({ "type": "array", "items": document(name) });
    let (status, success) = match endpoint.answer {
        Answer::Nothing => ("204", json!({ "description": "Done." })),
        Answer::One(name, _) => ("200", answer("Here it is.", document(name))),
        Answer::Made(name, _) => ("201", answer("It is made.", document(name))),
        Answer::All(name, _) => {
            let schema = json!({ "type": "object", "required": ["items"], "properties": { "items": items(name) } });
            ("200", answer("All of them.", schema))
        }
        Answer::List(name, _) => {
            let cursor = json!({ "type": ["string", "null"], "description": "Where the next part begins." });
            let properties = json!({ "items": items(name), "next_cursor": cursor });
            let schema = json!({ "type": "object", "required": ["items", "next_cursor"], "properties": properties });
            ("200", answer("A part of the list.", schema))
        }
    };
    let problem = |description: &str| json!({ "description": description, "content": { "application/problem+json": { "schema": document("Problem") } } });
    let mut all = json!({
        status: success,
        "401": problem("No live token or key."),
        "403": problem("They may not."),
        "404": problem("There is nothing here."),
        "422": problem("Members or parameters that do not do; each is named."),
        "503": problem("Busy: try again in a moment."),
    });
    let mut more = |status: &str, description: &str| {
        if let Some(all) = all.as_object_mut() {
            all.insert(status.to_owned(), problem(description));
        }
    };
    if !endpoint.is_look() {
        more("409", "It does not go with what is there.");
        more("412", "Somebody changed it meanwhile.");
    }
    more("400", "The request cannot be read.");
    if endpoint.body.is_some() || !endpoint.is_look() {
        more("413", "The body is larger than 64 kB.");
        more("415", "The body is not application/json.");
    }
    let header = |name: &str, about: &str| json!({ name: { "description": about, "schema": { "type": "string" } } });
    let headers = match endpoint.answer {
        Answer::Made(..) => Some(header("Location", "Where it stands.")),
        Answer::One(..) if endpoint.method != "POST" => Some(header("ETag", "For If-Match and If-None-Match.")),
        _ => None,
    };
    if let (Some(headers), Some(success)) = (headers, all.get_mut(status).and_then(Value::as_object_mut)) {
        success.insert("headers".into(), headers);
    }
    if let (Some(all), true) = (all.as_object_mut(), matches!(endpoint.answer, Answer::One(..)) && endpoint.is_look()) {
        all.insert("304".into(), json!({ "description": "It is what If-None-Match names." }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::document;

    #[test]
    fn the_document_is_as_it_was_reviewed() {
        let made = document("https://id.example.org").unwrap().to_pretty_json().unwrap();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(file, format!("{made}\n")).unwrap();
        }
        let kept = std::fs::read_to_string(file).unwrap();
        assert!(
            kept.trim_end() == made,
            "the API is another than docs/openapi.json says: UPDATE_SNAPSHOTS=1 writes it anew"
        );
    }
}
