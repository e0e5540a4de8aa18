//! The operator's own fields: typed, edited by whom they are for, and told to apps behind their scope.

use std::fs;

use diesel::connection::SimpleConnection as _;
use reqwest::StatusCode;
use serde_json::json;

use super::House;
use crate::support::RelyingParty;
use crate::support::relying_party::text;

const FIELDS: &str = "
[[profile.fields]]
name = 'employee_number'
type = 'number'
scope = 'profile'
claim = 'https_employee'
[[profile.fields]]
name = 'shirt'
type = 'choice'
choices = ['S', 'M']
scope = 'clothes'
[[profile.fields]]
name = 'cleared'
type = 'boolean'
editable_by = 'staff'
scope = 'profile'
[[profile.fields]]
name = 'diary'
";

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fields.toml");
    fs::write(&file, FIELDS).unwrap();
    let house = House::open_with(&[("config_file", file.to_str().unwrap())]);
    house.server.user("ada");
    house
}

#[tokio::test]
async fn fields_are_taken_with_their_types_and_told_behind_their_scopes() {
    let house = house();
    house.server.conn().batch_execute("UPDATE users SET attributes = '{\"cleared\": true}'").unwrap();
    let browser = house.server.signed_in("ada").await;
    let csrf = browser.get("/account/profile").await.field("csrf_token");
    let post = |fields: Vec<(&'static str, &'static str)>| {
        let (browser, csrf) = (browser.clone(), csrf.clone());
        async move {
            let mut all = vec![("csrf_token", csrf.as_str())];
            all.extend(fields);
            browser.post("/account/profile", &all).await
        }
    };
    for (field, wrong) in
        [("employee_number", "many"), ("shirt", "XXL"), ("birthdate", "tomorrow"), ("website", "javascript:x")]
    {
        let answer = post(vec![(field, wrong)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{field}");
        assert!(answer.body.contains("error-summary"), "{field}");
    }
    // What is not hers to change is as it was, whatever she sends.
    let sent = vec![("employee_number", "1815"), ("shirt", "M"), ("diary", "secret"), ("cleared", "0")];
    assert_eq!(post(sent).await.status, StatusCode::SEE_OTHER);

    let app = RelyingParty::register(&house.server, "app", |draft| draft.scope = "openid profile clothes".into());
    for (scope, shirt) in [("openid profile", None), ("openid profile clothes", Some("M"))] {
        let tokens = app.tokens_with(&browser, &[("scope", scope)]).await;
        let told = app.userinfo(text(&tokens, "access_token")).await.json();
        assert_eq!((&told["https_employee"], &told["cleared"]), (&json!(1815), &json!(true)));
        assert_eq!(told.get("shirt"), shirt.map(|size| json!(size)).as_ref());
        assert!(told.get("diary").is_none() && told.get("employee_number").is_none());
    }
    let document = browser.get("/.well-known/openid-configuration").await.json();
    assert!(document["scopes_supported"].as_array().unwrap().contains(&json!("clothes")));
    assert!(document["claims_supported"].as_array().unwrap().contains(&json!("https_employee")));
}
