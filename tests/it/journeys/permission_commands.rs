//! Groups and permissions by command line.

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use serde_json::{Value, json};

use crate::process::House;
use crate::{cluster, create_user, house, json_of, refusal};

#[test]
fn permissions_are_made_granted_asked_about_and_taken_back() {
    let house = house();
    for name in ["ada", "bob"] {
        create_user(&house, name, "");
    }
    let made = json_of(&house, "permission create-model blog.article");
    let four = ["blog.add_article", "blog.change_article", "blog.delete_article", "blog.view_article"];
    assert_eq!(made["created"], json!(four));
    assert_eq!(json_of(&house, "permission create-model blog.article")["created"], json!([]), "they stay");
    let custom = json_of(&house, "permission create blog.publish_article");
    assert_eq!(custom["model"], json!("article"));
    json_of(&house, "group create editors");
    json_of(&house, "group add-member editors bob");
    json_of(&house, "group grant editors blog.publish_article");
    json_of(&house, "permission grant blog.publish_article --user ada --object 7");
    let check =
        |line: &str| json_of(&house, &format!("permission check blog.publish_article {line}"))["allowed"].clone();
    assert_eq!((check("--user bob"), check("--user bob --object 7")), (json!(true), json!(true)));
    assert_eq!((check("--user ada"), check("--user ada --object 7")), (json!(false), json!(true)));
    let told = house.run(&["permission", "check", "blog.publish_article", "--user", "bob"]).stdout;
    assert!(told.starts_with("yes: via group editors, granted by cli on "), "{told}");
    let told = house.run(&["permission", "check", "blog.publish_article", "--user", "ada"]).stdout;
    assert!(told.starts_with("no: held neither by ada nor by a group that they are in (no group)"), "{told}");
    let who = json_of(&house, "permission who blog.publish_article --object 7");
    assert_eq!(who.as_array().unwrap().iter().map(|one| &one["username"]).collect::<Vec<_>>(), ["ada", "bob"]);
    assert_eq!(json_of(&house, "permission objects blog.publish_article --user ada")["objects"], json!(["7"]));
    let everything = json_of(&house, "permission objects blog.publish_article blog.view_article --any --user bob");
    assert_eq!(everything, json!({ "all": true, "objects": ["7"] }));
    json_of(&house, "group revoke editors blog.publish_article");
    assert_eq!(check("--user bob"), json!(false));
    json_of(&house, "permission delete blog.publish_article");
    let listed = json_of(&house, "permission list --app blog");
    assert_eq!(listed.as_array().unwrap().iter().map(|one| &one["permission"]).collect::<Vec<_>>(), four);
    assert_eq!(json_of(&house, "permission list --app shop"), json!([]));
}

#[test]
fn who_asks_about_an_account_that_may_nothing_is_told_why() {
    let url = cluster::empty_database();
    let house = House::new(&[("database.url", &url), ("database.pool_size", "4")]);
    json_of(&house, "permission create-model blog.article");
    for (state, why) in [
        ("is_active = false", "no: the account is disabled"),
        ("awaits_proof_since = now()", "no: the account has not proven its address"),
        ("deletion_due_at = now() + interval '1 day'", "no: the account is about to be deleted"),
    ] {
        create_user(&house, "ada", "");
        json_of(&house, "permission grant blog.view_article --user ada");
        let told = || house.run(&["permission", "check", "blog.view_article", "--user", "ada"]).stdout;
        assert!(told().starts_with("yes: held by the person"), "{}", told());
        PgConnection::establish(&url).unwrap().batch_execute(&format!("UPDATE users SET {state}")).unwrap();
        assert_eq!(told().trim_end(), why);
        let shown = json_of(&house, "permission check blog.view_article --user ada");
        assert_eq!(shown, json!({ "allowed": false, "ways": [] }));
        json_of(&house, "user delete ada --yes");
    }
}

#[test]
fn answers_go_on_where_one_look_ends() {
    const MANY: usize = 20_001;
    let url = cluster::empty_database();
    let house = House::new(&[("database.url", &url), ("database.pool_size", "4")]);
    create_user(&house, "ada", "");
    json_of(&house, "permission create-model blog.article");
    let many = format!(
        "INSERT INTO users (id, sub, username, username_key, is_active, created_at, updated_at) \
         SELECT gen_random_uuid(), gen_random_uuid(), 'p' || i, 'p' || i, true, now(), now() FROM generate_series(1, {MANY}) i; \
         INSERT INTO object_permissions (id, permission_id, object_id, user_id, granted_by, created_at) \
         SELECT gen_random_uuid(), p.id, '7', u.id, 'cli', now() FROM permissions p, users u \
         WHERE p.action = 'view' AND p.app = 'blog' AND u.username <> 'ada'; \
         INSERT INTO object_permissions (id, permission_id, object_id, user_id, granted_by, created_at) \
         SELECT gen_random_uuid(), p.id, i, u.id, 'cli', now() FROM permissions p, users u, generate_series(1, {MANY}) i \
         WHERE p.action = 'change' AND p.app = 'blog' AND u.username = 'ada'"
    );
    PgConnection::establish(&url).unwrap().batch_execute(&many).unwrap();
    let distinct = |shown: &Value, of: fn(&Value) -> &Value| {
        let all = shown.as_array().unwrap();
        (all.len(), all.iter().map(|one| of(one).as_str().unwrap()).collect::<BTreeSet<_>>().len())
    };
    let who = json_of(&house, "permission who blog.view_article --object 7");
    assert_eq!(distinct(&who, |one| &one["username"]), (MANY, MANY));
    let objects = json_of(&house, "permission objects blog.change_article --user ada");
    assert_eq!((distinct(&objects["objects"], |one| one), &objects["all"]), ((MANY, MANY), &json!(false)));
}

#[test]
fn groups_hold_groups_and_show_what_they_are_made_of() {
    let house = house();
    create_user(&house, "ada", "");
    json_of(&house, "permission create-model blog.article");
    for name in ["editors", "staff"] {
        json_of(&house, &format!("group create {name}"));
    }
    json_of(&house, "group add-member editors ada");
    json_of(&house, "group add-member staff --group editors");
    json_of(&house, "group grant staff blog.view_article");
    let staff = json_of(&house, "group show staff");
    assert_eq!((&staff["groups"], &staff["members"]), (&json!(["editors"]), &json!([])));
    assert_eq!(staff["permissions"], json!(["blog.view_article"]));
    let editors = json_of(&house, "group show editors");
    assert_eq!((&editors["member_of"], &editors["members"]), (&json!(["staff"]), &json!(["ada"])));
    let ada = json_of(&house, "user show ada");
    assert_eq!((&ada["groups"], &ada["permissions"]), (&json!(["editors", "staff"]), &json!(["blog.view_article"])));
    json_of(&house, "group remove-member staff --group editors");
    assert_eq!(json_of(&house, "user show ada")["permissions"], json!([]));
    json_of(&house, "group delete staff");
    assert_eq!(refusal(&house, "group show staff", "").0, 1);
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let house = house();
    create_user(&house, "ada", "");
    json_of(&house, "permission create-model blog.article");
    json_of(&house, "permission create blog.moderate");
    for name in ["editors", "writers", "staff"] {
        json_of(&house, &format!("group create {name}"));
    }
    json_of(&house, "group add-member writers --group editors");
    json_of(&house, "group add-member staff --group writers");
    for (line, code, words) in [
        ("group add-member editors --group staff", 1, "`editors` is in `staff` already: editors → writers → staff"),
        ("group add-member editors --group editors", 1, "a group cannot be in itself"),
        ("group add-member editors --group nobody", 1, "there is no group `nobody`"),
        ("permission create blog.add_article", 1, "there is a permission of this name"),
        ("permission create blog.add --model article", 1, "or of this action on this model"),
        ("permission create portcullis.view_everything", 1, "the console's own"),
        ("permission create-model portcullis.thing", 1, "the console's own"),
        ("permission delete portcullis.view_user", 1, "the console's own"),
        ("permission create-model blog", 2, "name a model too, as in blog.article"),
        ("permission grant blog.moderate --user ada --object 7", 1, "cannot be for one object"),
        ("permission grant blog.chnage_article --user ada", 1, "there is no permission `blog.chnage_article`"),
        ("permission grant blog.add_article --user bob", 1, "there is no user `bob`"),
        ("permission objects blog.add_article blog.moderate --user ada", 2, "about different models"),
        (
            "client create --id app --restrict-to-group nobody --redirect-uri https://app.example/cb",
            1,
            "here is no group “nobody”",
        ),
        (
            "client create --id app --restrict-to-permission blog.x --redirect-uri https://app.example/cb",
            1,
            "here is no permission “blog.x”",
        ),
        (
            "client create --id app --restrict-to-permission x --redirect-uri https://app.example/cb",
            2,
            "app.action_model",
        ),
        ("client create --id app --app Blog --redirect-uri https://app.example/cb", 2, "app `Blog`"),
    ] {
        let (ended, told) = refusal(&house, line, "");
        assert_eq!(ended, code, "{line}: {told}");
        assert!(told.contains(words), "{line}: {told}");
    }
    let line = ["permission", "create", "Blog.Add"];
    let ended = house.run_with(&line, "");
    assert_eq!(ended.code, Some(2), "clap names the fault: {}", ended.stderr);
    assert!(ended.stderr.contains("use a small letter"), "{}", ended.stderr);
    let both = ["group", "add-member", "editors", "ada", "--group", "staff"];
    assert_eq!(house.run_with(&both, "").code, Some(2), "one or the other");
}

#[test]
fn the_audit_log_is_shown_filtered_and_exported() {
    let house = house();
    create_user(&house, "ada", "");
    create_user(&house, "bob", "");
    json_of(&house, "group create editors");
    json_of(&house, "group add-member editors ada");
    let lines = |line: &str| -> Vec<serde_json::Value> {
        let told = house.run(&[&crate::words(line)[..], &["--json"]].concat()).stdout;
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let kinds =
        |line: &str| lines(line).iter().map(|one| one["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds("audit tail"), ["user.created", "user.created", "group.created", "group.member_added"]);
    assert_eq!(kinds("audit tail -n 1"), ["group.member_added"]);
    assert_eq!(kinds("audit tail --event group."), ["group.created", "group.member_added"]);
    assert_eq!(kinds("audit tail --user ada"), ["user.created", "group.member_added"]);
    assert_eq!(kinds("audit export --actor cli --since 2000-01-01T00:00:00Z").len(), 4);
    assert_eq!(kinds("audit export --until 2000-01-01T00:00:00Z").len(), 0);
    assert_eq!(kinds("audit export --actor nobody").len(), 0);
    let words = house.run(&["audit", "tail", "--event", "group.member_added"]).stdout;
    assert!(words.contains("group.member_added  by cli  user=") && words.contains("editors"), "{words}");
    let csv = house.run(&["audit", "export", "--format", "csv"]).stdout;
    assert_eq!((csv.lines().count(), csv.lines().next().unwrap().split(',').count()), (5, 11));
    assert_eq!(refusal(&house, "audit tail --user nobody", "").0, 1);
    // Who is gone is found by the id that the log knows.
    let id = lines("audit tail --user ada")[0]["user_id"].as_str().expect("an id").to_owned();
    json_of(&house, "user delete ada --yes");
    assert!(kinds(&format!("audit tail --user {id}")).contains(&"user.deleted".to_owned()));
    let ended = house.run_with(&["audit", "export", "--since", "yesterday"], "");
    assert!(ended.code == Some(2) && ended.stderr.contains("write it like 2026-11-20T10:00:00Z"), "{}", ended.stderr);
}
