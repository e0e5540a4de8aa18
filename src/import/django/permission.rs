//! Permissions: a content type and a codename become `app.codename`.

use std::collections::{BTreeMap, HashMap};

use super::row::Reference;
use super::{Dump, Site};
use crate::import::batch;
use crate::import::report::Report;
use crate::import::store::permissions as store;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::PermissionId;

/// Permissions of the file by what names them there.
pub(super) struct Permissions(HashMap<Reference, PermissionId>);

impl Permissions {
    pub fn find(&self, reference: &Reference) -> Option<PermissionId> {
        self.0.get(reference).copied()
    }
}

type AppAndCodename = (String, String);

/// Writes the permissions that the file lists, and those that it only names.
pub(super) fn write(conn: &mut Conn, dump: &Dump, site: &Site<'_>, report: &mut Report) -> Result<Permissions, Fault> {
    let mut descriptions: BTreeMap<AppAndCodename, String> = BTreeMap::new();
    let mut named: HashMap<Reference, AppAndCodename> = HashMap::new();
    for row in &dump.permissions {
        let codename = row.text("codename");
        let Some([app, model]) = row.reference("content_type").and_then(|reference| content_type(dump, &reference))
        else {
            report.permissions.skip(&row.name, "its content type is not in the file: dump contenttypes too");
            continue;
        };
        if let Err(because) = check(&app, codename) {
            report.permissions.skip(&row.name, because);
            continue;
        }
        let natural = Reference::natural(&[codename, &app, &model]);
        let both = (app, codename.to_owned());
        for reference in row.key.clone().into_iter().chain([natural]) {
            named.insert(reference, both.clone());
        }
        descriptions.entry(both).or_insert_with(|| row.text("name").to_owned());
    }
    for (reference, both) in only_named(dump) {
        if check(&both.0, &both.1).is_ok() {
            descriptions.entry(both.clone()).or_default();
            named.entry(reference).or_insert(both);
        }
    }
    let ids = store_all(conn, &descriptions, site, report)?;
    let found = named.into_iter().filter_map(|(reference, both)| Some((reference, *ids.get(&both)?)));
    Ok(Permissions(found.collect()))
}

/// App and model, by the content type's key or its natural key.
fn content_type(dump: &Dump, reference: &Reference) -> Option<[String; 2]> {
    let by_words = || reference.words().and_then(|words| words.try_into().ok());
    dump.content_types.get(reference).cloned().or_else(by_words)
}

/// Permissions that groups and users name by natural key, whether the file lists them or not.
fn only_named(dump: &Dump) -> Vec<(Reference, AppAndCodename)> {
    let of_groups = dump.groups.iter().flat_map(|row| row.references("permissions"));
    let people = dump.users.values().flatten().flatten();
    let of_people = people.flat_map(|person| person.permissions.iter().cloned());
    of_groups
        .chain(of_people)
        .filter_map(|reference| match reference.words()?.as_slice() {
            [codename, app, _model] => Some((reference.clone(), (app.clone(), codename.clone()))),
            _ => None,
        })
        .collect()
}

fn check(app: &str, codename: &str) -> Result<(), String> {
    let sound = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    match (sound(app), sound(codename)) {
        (true, true) => Ok(()),
        (false, _) => Err(format!("app `{app}`: use a small letter, then small letters, digits and _")),
        (true, false) => Err(format!("codename `{codename}`: use a small letter, then small letters, digits and _")),
    }
}

fn store_all(
    conn: &mut Conn,
    descriptions: &BTreeMap<AppAndCodename, String>,
    site: &Site<'_>,
    report: &mut Report,
) -> Result<HashMap<AppAndCodename, PermissionId>, Fault> {
    let rows: Result<Vec<_>, Fault> = descriptions
        .iter()
        .map(|((app, codename), description)| {
            let id = PermissionId::new(&site.scene.random, site.scene.now)?;
            let (app, codename, description) = (app.clone(), codename.clone(), description.clone());
            Ok(store::NewPermission { id, app, codename, description, created_at: site.scene.now })
        })
        .collect();
    for rows in rows?.chunks(batch::ROWS) {
        let answers = batch::write(conn, rows, |conn, rows| {
            let made = store::insert(conn, rows)?;
            Ok(rows.iter().map(|row| made.contains(&row.id)).collect())
        })?;
        for (row, answer) in rows.iter().zip(answers) {
            match answer {
                Ok(is_new) => report.permissions.count(usize::from(is_new), 1),
                Err(because) => report.permissions.skip(&format!("{}.{}", row.app, row.codename), because),
            }
        }
    }
    let apps: Vec<&str> = descriptions.keys().map(|(app, _)| app.as_str()).collect();
    store::of_apps(conn, &apps)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn codenames_are_small_words() {
        assert!(check("blog", "publish_article2").is_ok());
        for (app, codename) in [("Blog", "add"), ("blog", "Odd-Name"), ("", "add"), ("blog", ""), ("blog", "2add")] {
            assert!(check(app, codename).is_err(), "{app}.{codename}");
        }
    }
}
