//! Groups in groups.

use std::sync::{Arc, Barrier};

use portcullis::access::group::{self, Nesting};
use portcullis::access::store::{self, Group};

use super::{grant_to_group, join, make_articles, make_group, may, nest, ways};
use crate::support::TestServer;

#[tokio::test]
async fn a_member_of_a_group_is_a_member_of_every_group_that_it_is_in() {
    let server = TestServer::start();
    make_articles(&server);
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    let groups = ["editors", "writers", "staff"].map(|name| make_group(&server, name));
    let [editors, writers, staff] = &groups;
    join(&server, editors, ada);
    join(&server, staff, bob);
    assert_eq!(nest(&server, writers, editors), Nesting::Done);
    assert_eq!(nest(&server, staff, writers), Nesting::Done);
    assert_eq!(nest(&server, staff, editors), Nesting::Done, "two ways up are no circle");
    grant_to_group(&server, "blog.view_article", None, staff);
    grant_to_group(&server, "blog.change_article", None, editors);
    assert_eq!(ways(&server, ada, "blog.view_article", None).len(), 1, "one way, though two lead there");
    assert!(may(&server, bob, "blog.view_article", None));
    assert!(!may(&server, bob, "blog.change_article", None), "what a group holds does not go up");
    let of = |user| server.write(|conn, _| portcullis::access::check::groups_of(conn, user));
    assert_eq!(
        (of(ada), of(bob)),
        (vec!["editors".into(), "staff".into(), "writers".into()], vec!["staff".to_owned()])
    );
    server.write(|conn, scene| {
        group::unnest(conn, staff, writers, scene)?;
        group::unnest(conn, staff, editors, scene)
    });
    assert!(!may(&server, ada, "blog.view_article", None) && may(&server, ada, "blog.change_article", None));
    assert_eq!(of(ada), ["editors", "writers"]);
}

#[tokio::test]
async fn a_circle_is_refused_and_the_way_is_shown() {
    let server = TestServer::start();
    let groups = ["editors", "writers", "staff"].map(|name| make_group(&server, name));
    let [editors, writers, staff] = &groups;
    assert_eq!(nest(&server, editors, editors), Nesting::Circle(vec!["editors".into()]));
    nest(&server, writers, editors);
    nest(&server, staff, writers);
    let way = ["editors", "writers", "staff"].map(str::to_owned).to_vec();
    assert_eq!(nest(&server, editors, staff), Nesting::Circle(way));
    assert_eq!(server.count("subgroups"), 2);
    assert_eq!(nest(&server, staff, writers), Nesting::Done, "twice is as good as once");
    assert_eq!(server.count("audit_events WHERE event = 'group.group_added'"), 2);
}

#[tokio::test]
async fn two_at_once_cannot_close_a_circle() {
    let server = TestServer::start();
    for round in 0..5 {
        let pair = ["a", "b"].map(|name| make_group(&server, &format!("{name}{round}")));
        let [one, other] = &pair;
        let barrier = Arc::new(Barrier::new(2));
        let at_once = |group: Group, member: Group| {
            let (barrier, server) = (Arc::clone(&barrier), &server);
            move || {
                barrier.wait();
                nest(server, &group, &member)
            }
        };
        let (first, second) = std::thread::scope(|scope| {
            let first = scope.spawn(at_once(one.clone(), other.clone()));
            let second = scope.spawn(at_once(other.clone(), one.clone()));
            (first.join().unwrap(), second.join().unwrap())
        });
        let done = [&first, &second].into_iter().filter(|ended| **ended == Nesting::Done).count();
        assert_eq!(done, 1, "{first:?} {second:?}");
    }
    assert_eq!(server.count("subgroups"), 5);
}

#[tokio::test]
async fn a_deleted_group_takes_what_it_gave() {
    let server = TestServer::start();
    make_articles(&server);
    let ada = server.user("ada");
    let (editors, staff) = (make_group(&server, "editors"), make_group(&server, "staff"));
    join(&server, &editors, ada);
    nest(&server, &staff, &editors);
    grant_to_group(&server, "blog.view_article", None, &staff);
    grant_to_group(&server, "blog.view_article", Some("7"), &editors);
    assert!(may(&server, ada, "blog.view_article", None));
    let contents = server.write(|conn, _| store::contents(conn, staff.id, 100));
    assert_eq!((contents.groups, contents.permissions), (vec!["editors".into()], vec!["blog.view_article".to_owned()]));
    server.write(|conn, scene| group::delete(conn, &staff, scene));
    assert!(!may(&server, ada, "blog.view_article", None) && may(&server, ada, "blog.view_article", Some("7")));
    server.write(|conn, scene| group::delete(conn, &editors, scene));
    assert!(!may(&server, ada, "blog.view_article", Some("7")));
    assert_eq!(server.count("object_permissions") + server.count("subgroups") + server.count("memberships"), 0);
}
