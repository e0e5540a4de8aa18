//! A house as one document, and another house made from it.

use serde_json::{Value, json};

use super::{House, house, json_of, refusal};

fn fill(house: &House) {
    json_of(house, "permission create-model blog.article");
    for name in ["editors", "staff"] {
        json_of(house, &format!("group create {name}"));
    }
    json_of(house, "group add-member staff --group editors");
    json_of(house, "group grant editors blog.change_article");
    json_of(house, "group grant staff portcullis.view_user");
    json_of(
        house,
        "client create --id wiki --type confidential --grant-type authorization_code --scope openid \
         --redirect-uri https://wiki.example.test/callback --restrict-to-group editors",
    );
    json_of(
        house,
        "client create --id phone --type native --grant-type authorization_code --scope openid \
         --redirect-uri http://127.0.0.1/callback",
    );
    json_of(house, "client disable phone");
}

fn bring(house: &House, bundle: &Value, more: &str) -> Value {
    let line = format!("import bundle - --json {more}");
    house.run_with(&line.split_whitespace().collect::<Vec<_>>(), &bundle.to_string()).json()
}

fn names(outcome: &Value) -> Vec<String> {
    let all = outcome["differences"].as_array().unwrap().iter();
    all.map(|one| format!("{} {} {}", one["is_new"], one["kind"].as_str().unwrap(), one["name"].as_str().unwrap()))
        .collect()
}

/// All that a bundle is about, without when and where.
fn content(house: &House) -> Value {
    let mut all = json_of(house, "export");
    for name in ["exported_at", "issuer", "settings"] {
        all.as_object_mut().unwrap().remove(name);
    }
    all
}

#[test]
fn commands_spare_what_apps_go_by_and_the_api_of_a_house_moves_with_its_apps() {
    let (first, second) = (house(), house());
    fill(&first);
    let (code, why) = refusal(&first, "group delete editors", "");
    assert!(code == 1 && why.contains("take the group from the app first"), "{why}");
    assert_eq!(refusal(&first, "group rename editors authors", "").0, 1);
    json_of(&first, "client update wiki --restrict-to-permission blog.view_article");
    let (code, why) = refusal(&first, "permission delete blog.view_article", "");
    assert!(code == 1 && why.contains("take it from the app first"), "{why}");
    json_of(&first, "permission delete blog.add_article");
    // New accounts join a group: it carries nothing of the console, nor does a group that it is in.
    json_of(&first, "group create everyone");
    json_of(&first, "group set-default everyone true");
    let (code, why) = refusal(&first, "group grant everyone portcullis.view_user", "");
    assert!(code == 1 && why.contains("New accounts join the group everyone"), "{why}");
    assert_eq!(refusal(&first, "group add-member staff --group everyone", "").0, 1);
    json_of(&first, "group grant everyone blog.view_article");

    let api = |house: &House| format!("{}/api/v1", house.base.replace("127.0.0.1", "localhost"));
    let create = format!(
        "client create --id ops --type confidential --grant-type authorization_code --scope api:read \
         --redirect-uri https://ops.example.test/callback --audience {}",
        api(&first)
    );
    json_of(&first, &create);
    bring(&second, &json_of(&first, "export"), "");
    assert_eq!(json_of(&second, "client show ops")["audiences"], json!([api(&second)]));
}

#[test]
fn no_file_of_the_configuration_is_dropped_without_a_word() {
    let house = house();
    let ended = house.run_with(&["--config", "/nowhere", "user", "list", "--config", "/nowhere"], "");
    assert!(ended.code == Some(2) && ended.stderr.contains("in one place"), "{}", ended.stderr);
}

#[test]
fn a_house_is_made_like_another_one_and_told_what_differs() {
    let (first, second) = (house(), house());
    fill(&first);
    let bundle = json_of(&first, "export");
    assert_eq!(bundle["bundle"], json!(1));
    let text = bundle.to_string();
    assert!(!text.contains("secret_digest") && !text.contains("client_secret"), "{text}");
    let url = bundle["settings"].as_array().unwrap().iter().find(|one| one["key"] == "server.public_url").unwrap();
    assert!(url["source"].as_str().unwrap().contains("PORTCULLIS_SERVER__PUBLIC_URL"), "{url}");

    let empty = content(&second);
    let dry = bring(&second, &bundle, "--dry-run");
    assert_eq!((names(&dry).len(), &dry["dry_run"], &dry["secrets"]), (8, &json!(true), &json!([])));
    assert_eq!(content(&second), empty, "a dry run writes nothing");

    let written = bring(&second, &bundle, "");
    assert_eq!(names(&written), names(&dry));
    assert_eq!(content(&second), content(&first));
    let secret = written["secrets"][0]["client_secret"].as_str().unwrap();
    assert_eq!(
        (written["secrets"].as_array().unwrap().len(), &written["secrets"][0]["client_id"]),
        (1, &json!("wiki"))
    );
    assert!(secret.len() >= 43, "a secret of its own: {secret}");
    assert!(written["notes"].to_string().contains("server.public_url"), "{}", written["notes"]);
    let again = bring(&second, &bundle, "");
    assert_eq!((names(&again).len(), &again["secrets"]), (0, &json!([])), "{again}");

    json_of(&second, "client update wiki --name Elsewhere");
    json_of(&second, "group revoke editors blog.change_article");
    json_of(&second, "group grant editors blog.view_article");
    json_of(&second, "group create own");
    let told = second.run_with(&["import", "bundle", "-", "--dry-run"], &bundle.to_string()).stdout;
    for line in [
        "~ group editors\n    permissions: [\"blog.view_article\"] → [\"blog.change_article\"]",
        "~ client wiki\n    name: \"Elsewhere\" → \"wiki\"",
        "Nothing was written: this was a dry run.",
    ] {
        assert!(told.contains(line), "{told}");
    }
    bring(&second, &bundle, "");
    // Another spelling of a group is that group, and what is left out of an app stays as it is.
    let spelled = json!({
        "bundle": 1,
        "groups": [{ "name": "STAFF", "groups": ["Editors"], "permissions": ["portcullis.view_user"] }],
        "clients": [{ "client_id": "wiki", "type": "confidential" }],
    });
    for _ in 0..2 {
        assert_eq!(names(&bring(&second, &spelled, "")), Vec::<String>::new());
    }
    let now = content(&second);
    assert!(now["groups"].as_array().unwrap().iter().any(|group| group["name"] == "own"), "the rest stays: {now}");
    assert_eq!((&now["clients"], &now["permissions"]), (&content(&first)["clients"], &content(&first)["permissions"]));
}

#[test]
fn what_in_a_bundle_does_not_do_is_named_and_nothing_of_it_is_written() {
    let house = house();
    let empty = content(&house);
    let app = |more: Value| {
        let mut app = json!({
            "client_id": "wiki", "type": "confidential", "grant_types": ["authorization_code"], "scope": "openid",
            "redirect_uris": ["https://wiki.example.test/callback"],
        });
        app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "bundle": 1, "groups": [{ "name": "made-before" }], "clients": [app] })
    };
    for (bundle, code, words) in [
        (json!({ "bundle": 2 }), 2, "another version"),
        (json!({ "bundle": 1, "users": [] }), 2, "unknown field `users`"),
        (json!({ "groups": [] }), 2, "missing field `bundle`"),
        (app(json!({ "client_secret": "chosen" })), 2, "unknown field `client_secret`"),
        (app(json!({ "redirect_uris": ["https://*.example.test/"] })), 1, "client wiki: "),
        (app(json!({ "restricted_to_groups": ["nobody"] })), 1, "There is no group “nobody”"),
        (
            json!({ "bundle": 1, "groups": [{ "name": "a", "groups": ["b"] }, { "name": "b", "groups": ["a"] }] }),
            1,
            "in itself",
        ),
        (
            json!({ "bundle": 1, "groups": [{ "name": "a", "permissions": ["blog.none"] }] }),
            1,
            "there is no permission blog.none",
        ),
        (json!({ "bundle": 1, "permissions": [{ "name": "portcullis.rule" }] }), 1, "console's own"),
    ] {
        let (ended, told) = refusal(&house, "import bundle -", &bundle.to_string());
        assert!(ended == code && told.contains(words), "{words}: {ended} {told}");
    }
    assert_eq!(content(&house), empty);
    let file = house.data().with_file_name("bundle.json");
    let line = format!("export --output {}", file.display());
    assert_eq!(house.run(&line.split(' ').collect::<Vec<_>>()).code, Some(0));
    let (code, told) = refusal(&house, &line, "");
    assert!(code == 1 && told.contains("exists"), "what is there is not overwritten: {told}");
}
