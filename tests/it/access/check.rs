//! Django's rules, and guardian's.

use portcullis::access::check::{self, Match, Objects, Slice, Who};
use portcullis::access::grant as granting;
use portcullis::access::grant::{Grantee, Granting};
use portcullis::access::permission::{self, Creation, NewPermission};
use portcullis::access::store::permissions;
use portcullis::accounts;
use portcullis::accounts::profile::ProfileChanges;
use portcullis::accounts::standing::{self, Activity};

use super::{grant, grant_to_group, join, make_articles, make_group, may, named, nest, object, ways};
use crate::support::TestServer;

const ALL: Slice<'static> = Slice { after: "", limit: 100 };

#[tokio::test]
async fn a_permission_comes_by_oneself_by_a_group_or_by_being_a_superuser() {
    let server = TestServer::start();
    make_articles(&server);
    let (ada, bob, eve) = (server.user("ada"), server.user("bob"), server.user("eve"));
    let root = server.user_with("root", ProfileChanges { is_superuser: Some(true), ..ProfileChanges::default() });
    let editors = make_group(&server, "editors");
    join(&server, &editors, bob);
    grant(&server, "blog.change_article", None, ada);
    grant_to_group(&server, "blog.change_article", None, &editors);
    let today = server.clock.now().format("%Y-%m-%d");
    let by = server.scene().origin.actor;
    let expected = [
        (ada, vec![format!("held by the person, granted by {by} on {today}")]),
        (bob, vec![format!("via group editors, granted by {by} on {today}")]),
        (root, vec!["superuser".to_owned()]),
        (eve, vec![]),
    ];
    for (user, expected) in expected {
        assert_eq!(ways(&server, user, "blog.change_article", None), expected);
        assert_eq!(ways(&server, user, "blog.change_article", Some("7")), expected, "it covers each object");
    }
    assert!(!may(&server, ada, "blog.delete_article", None));
    assert!(!may(&server, root, "blog.chnage_article", None), "what is misspelled is nobody's");
}

#[tokio::test]
async fn who_is_disabled_may_nothing_superuser_or_not() {
    let server = TestServer::start();
    make_articles(&server);
    let superuser = ProfileChanges { is_superuser: Some(true), ..ProfileChanges::default() };
    server.user_with("first", superuser.clone());
    for (name, profile) in [("ada", ProfileChanges::default()), ("root", superuser)] {
        let user = server.user_with(name, profile);
        grant(&server, "blog.view_article", None, user);
        grant(&server, "blog.change_article", Some("7"), user);
        assert!(may(&server, user, "blog.view_article", None) && may(&server, user, "blog.change_article", Some("7")));
        server.write(|conn, scene| standing::set_activity(conn, user, Activity::Disabled, scene));
        for (name, on) in
            [("blog.view_article", None), ("blog.view_article", Some("7")), ("blog.change_article", Some("7"))]
        {
            assert!(!may(&server, user, name, on), "{name}");
        }
        let everybody = server
            .write(|conn, _| check::users_with(conn, &check::What::Permission(named("blog.view_article")), None, ALL));
        assert!(everybody.iter().all(|person| person.username != *"ada" && person.username != *"root"));
    }
}

#[tokio::test]
async fn a_permission_for_one_object_is_for_no_other_and_not_for_all() {
    let server = TestServer::start();
    make_articles(&server);
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let editors = make_group(&server, "editors");
    join(&server, &editors, bob);
    grant(&server, "blog.change_article", Some("7"), ada);
    grant_to_group(&server, "blog.change_article", Some("8"), &editors);
    for (user, own, other) in [(ada, "7", "8"), (bob, "8", "7")] {
        assert!(may(&server, user, "blog.change_article", Some(own)));
        assert!(!may(&server, user, "blog.change_article", Some(other)));
        assert!(!may(&server, user, "blog.change_article", None));
        assert!(!may(&server, user, "blog.delete_article", Some(own)));
    }
    assert!(ways(&server, bob, "blog.change_article", Some("8"))[0].starts_with("via group editors for this object, "));
}

#[tokio::test]
async fn what_is_taken_back_is_gone_and_what_comes_otherwise_stays() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    let editors = make_group(&server, "editors");
    join(&server, &editors, ada);
    for on in [None, Some("7")] {
        grant(&server, "blog.view_article", on, ada);
        grant(&server, "blog.view_article", on, ada);
        grant_to_group(&server, "blog.view_article", on, &editors);
    }
    assert_eq!(ways(&server, ada, "blog.view_article", Some("7")).len(), 4, "twice is as good as once");
    let take_back = |on: Option<&str>, to_group: bool| {
        server.write(|conn, scene| {
            let permission = permissions::find(conn, &named("blog.view_article"))?.expect("the permission");
            let user = accounts::store::find(conn, ada)?.expect("the user");
            let from = if to_group { Grantee::Group(&editors) } else { Grantee::User(&user) };
            granting::revoke(conn, &permission, on.map(object).as_ref(), from, scene)
        })
    };
    let mut left = 4;
    for (on, to_group) in [(None, false), (Some("7"), false), (None, true), (Some("7"), true)] {
        assert!(take_back(on, to_group), "{on:?} {to_group}");
        left -= 1;
        assert_eq!(ways(&server, ada, "blog.view_article", Some("7")).len(), left);
        assert!(!take_back(on, to_group), "there is nothing left to take");
    }
    let told = "audit_events WHERE event = 'permission.granted'";
    assert_eq!((server.count(told), server.count("audit_events WHERE event = 'permission.revoked'")), (4, 4));
}

#[tokio::test]
async fn a_permission_about_no_model_is_not_for_one_object() {
    let server = TestServer::start();
    let ada = server.user("ada");
    server.write(|conn, scene| {
        let new = NewPermission::new(named("blog.moderate"), None, String::new()).unwrap();
        assert_eq!(permission::create(conn, &new, scene)?, Creation::Done);
        let stored = permissions::find(conn, &new.name)?.expect("the permission");
        let user = accounts::store::find(conn, ada)?.expect("the user");
        let on_object = granting::grant(conn, &stored, Some(&object("7")), Grantee::User(&user), scene)?;
        assert_eq!(on_object, Granting::NotAboutObjects);
        assert_eq!(granting::grant(conn, &stored, None, Grantee::User(&user), scene)?, Granting::Done);
        Ok(())
    });
    assert!(may(&server, ada, "blog.moderate", None));
    assert_eq!(server.count("object_permissions"), 0);
}

#[tokio::test]
async fn one_name_and_one_action_of_a_model_are_one_permission() {
    let server = TestServer::start();
    make_articles(&server);
    let again = server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    assert!(again.is_empty(), "they stay");
    let create = |name: &str, model: Option<&str>| {
        let new = NewPermission::new(named(name), model.map(str::to_owned), String::new()).unwrap();
        server.write(|conn, scene| permission::create(conn, &new, scene))
    };
    assert_eq!(create("blog.publish_article", None), Creation::Done);
    assert_eq!(create("blog.publish_article", None), Creation::Taken);
    assert_eq!(create("blog.publish", Some("article")), Creation::Taken, "the same action on the same model");
    assert_eq!(create("shop.publish_article", None), Creation::Done, "another app");
}

#[tokio::test]
async fn a_deleted_permission_is_held_by_nobody() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    grant(&server, "blog.view_article", None, ada);
    grant(&server, "blog.view_article", Some("7"), ada);
    server.write(|conn, scene| {
        let stored = permissions::find(conn, &named("blog.view_article"))?.expect("the permission");
        permission::delete(conn, &stored, scene)
    });
    assert!(!may(&server, ada, "blog.view_article", Some("7")));
    assert_eq!(server.count("object_permissions") + server.count("user_permissions"), 0);
}

#[tokio::test]
async fn objects_are_found_for_any_or_all_of_some_permissions() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    let (editors, staff) = (make_group(&server, "editors"), make_group(&server, "staff"));
    join(&server, &editors, ada);
    nest(&server, &staff, &editors);
    grant(&server, "blog.view_article", Some("1"), ada);
    grant(&server, "blog.change_article", Some("1"), ada);
    grant_to_group(&server, "blog.view_article", Some("2"), &editors);
    grant_to_group(&server, "blog.change_article", Some("3"), &staff);
    grant_to_group(&server, "blog.view_article", Some("3"), &editors);
    let both = [named("blog.view_article"), named("blog.change_article")];
    let find = |who: &Who, permissions: &[_], counts, slice| {
        server.write(|conn, _| check::objects_for(conn, who, permissions, counts, slice))
    };
    let found = |all: bool, ids: &[&str]| Objects { all, ids: ids.iter().map(|id| (*id).to_owned()).collect() };
    let me = Who::User(ada);
    assert_eq!(find(&me, &both, Match::Any, ALL), found(false, &["1", "2", "3"]));
    assert_eq!(find(&me, &both, Match::All, ALL), found(false, &["1", "3"]));
    assert_eq!(find(&me, &both, Match::Any, Slice { after: "1", limit: 1 }), found(false, &["2"]));
    let twice = [named("blog.view_article"), named("blog.view_article")];
    assert_eq!(find(&me, &twice, Match::All, ALL), found(false, &["1", "2", "3"]), "named twice is asked once");
    assert_eq!(find(&Who::User(server.user("bob")), &both, Match::Any, ALL), found(false, &[]));
    // One of two held for everything: the other one decides.
    grant(&server, "blog.view_article", None, ada);
    assert_eq!(find(&me, &both, Match::All, ALL), found(false, &["1", "3"]));
    assert_eq!(find(&me, &both, Match::Any, ALL), found(true, &["1", "2", "3"]));
    grant(&server, "blog.change_article", None, ada);
    assert_eq!(find(&me, &both, Match::All, ALL), found(true, &["1", "2", "3"]));
    let all_of = |object_id: Option<&str>| {
        server.write(|conn, _| check::has_perms(conn, &me, &both, object_id.map(object).as_ref()))
    };
    assert!(all_of(None) && all_of(Some("1")));
}
