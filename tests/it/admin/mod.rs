//! The console.

mod audit;
mod bulk;
mod bundle;
mod chain;
mod clients;
mod crawl;
mod dashboard;
mod default_groups;
mod groups;
mod imports;
mod lists;
mod logos;
mod managers;
mod matrix;
mod operations;
mod people;
mod permissions;
mod promotion;
mod rehearsal;
mod stronger;
mod takeovers;
mod traces;
mod undo;

use portcullis::accounts::profile::ProfileChanges;
use portcullis::kernel::ids::UserId;

use crate::access::grant;
use crate::support::TestServer;

/// Staff with these rights.
pub fn staff(server: &TestServer, name: &str, rights: &[&str]) -> UserId {
    let user = server.user_with(name, ProfileChanges { is_staff: Some(true), ..ProfileChanges::default() });
    for right in rights {
        grant(server, &format!("portcullis.{right}"), None, user);
    }
    user
}

pub fn superuser(server: &TestServer, name: &str) -> UserId {
    let profile = ProfileChanges { is_staff: Some(true), is_superuser: Some(true), ..ProfileChanges::default() };
    server.user_with(name, profile)
}
