//! Who may do what: rules, and the doors that ask them.

mod authzen;
mod authzen_refused;
mod check;
mod groups;
mod in_tokens;
mod restricted;
mod search;

use portcullis::access::check::{What, Who};
use portcullis::access::grant::{self, Grantee, Granting};
use portcullis::access::group;
use portcullis::access::permission::{self, ObjectId, PermissionName};
use portcullis::access::store::{self, Group, permissions};
use portcullis::accounts;
use portcullis::kernel::ids::UserId;

use crate::support::TestServer;

/// The permission of this name.
fn named(name: &str) -> PermissionName {
    name.parse().unwrap()
}

fn object(id: &str) -> ObjectId {
    id.parse().unwrap()
}

/// Makes the four permissions of `blog.article`.
fn make_articles(server: &TestServer) {
    let made = server.write(|conn, scene| permission::create_model(conn, "blog", "article", scene));
    assert_eq!(made.len(), 4);
}

pub fn make_group(server: &TestServer, name: &str) -> Group {
    server.write(|conn, scene| {
        group::create(conn, name, scene)?;
        Ok(store::find_group(conn, name)?.expect("the group"))
    })
}

pub fn join(server: &TestServer, group: &Group, user: UserId) {
    server.write(|conn, scene| group::add_member(conn, group, user, scene));
}

pub fn nest(server: &TestServer, group: &Group, member: &Group) -> group::Nesting {
    server.write(|conn, scene| group::nest(conn, group, member, scene))
}

/// Grants to a user.
pub fn grant(server: &TestServer, name: &str, on: Option<&str>, user: UserId) {
    server.write(|conn, scene| {
        let permission = permissions::find(conn, &named(name))?.expect("the permission");
        let user = accounts::store::find(conn, user)?.expect("the user");
        let done = grant::grant(conn, &permission, on.map(object).as_ref(), Grantee::User(&user), scene)?;
        assert_eq!(done, Granting::Done);
        Ok(())
    });
}

/// Grants to a group.
pub fn grant_to_group(server: &TestServer, name: &str, on: Option<&str>, group: &Group) {
    server.write(|conn, scene| {
        let permission = permissions::find(conn, &named(name))?.expect("the permission");
        let done = grant::grant(conn, &permission, on.map(object).as_ref(), Grantee::Group(group), scene)?;
        assert_eq!(done, Granting::Done);
        Ok(())
    });
}

/// In words, how `user` may do `what`; empty: they may not.
fn ways(server: &TestServer, user: UserId, name: &str, on: Option<&str>) -> Vec<String> {
    let asked = What::Permission(named(name));
    let ways = server
        .write(|conn, _| portcullis::access::check::ways(conn, &Who::User(user), &asked, on.map(object).as_ref()));
    ways.iter().map(ToString::to_string).collect()
}

pub fn may(server: &TestServer, user: UserId, name: &str, on: Option<&str>) -> bool {
    !ways(server, user, name, on).is_empty()
}
