//! Permissions: a content type and a codename become `app.codename`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::row::Reference;
use super::{Dump, Site};
use crate::access::permission::{MAX_DESCRIPTION, NewPermission, OWN_APP, PermissionName};
use crate::import::batch;
use crate::import::report::Report;
use crate::import::store::permissions as store;
use crate::kernel::Conn;
use crate::kernel::fault::Fault;
use crate::kernel::ids::PermissionId;
use crate::spec::small_word;

/// Permissions of the file by what names them there.
pub(super) struct Permissions(HashMap<Reference, PermissionId>);

impl Permissions {
    pub fn find(&self, reference: &Reference) -> Option<PermissionId> {
        self.0.get(reference).copied()
    }
}

type AppAndCodename = (String, String);

/// What is known of a permission beside its name.
#[derive(Default)]
struct About {
    model: Option<String>,
    description: String,
}

/// Writes the permissions that the file lists, and those that it only names.
pub(super) fn write(conn: &mut Conn, dump: &Dump, site: &Site<'_>, report: &mut Report) -> Result<Permissions, Fault> {
    let mut wanted: BTreeMap<AppAndCodename, About> = BTreeMap::new();
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
        let description = row.text("name").to_owned();
        wanted.entry(both).or_insert_with(|| About { model: Some(model), description });
    }
    for (reference, both, model) in only_named(dump) {
        if check(&both.0, &both.1).is_ok() {
            wanted.entry(both.clone()).or_insert_with(|| About { model: Some(model), ..About::default() });
            named.entry(reference).or_insert(both);
        }
    }
    let ids = store_all(conn, wanted, site, report)?;
    let found = named.into_iter().filter_map(|(reference, both)| Some((reference, *ids.get(&both)?)));
    Ok(Permissions(found.collect()))
}

/// App and model, by the content type's key or its natural key.
fn content_type(dump: &Dump, reference: &Reference) -> Option<[String; 2]> {
    let by_words = || reference.words().and_then(|words| words.try_into().ok());
    dump.content_types.get(reference).cloned().or_else(by_words)
}

/// Permissions that groups and users name by natural key, whether the file lists them or not.
fn only_named(dump: &Dump) -> Vec<(Reference, AppAndCodename, String)> {
    let of_groups = dump.groups.iter().flat_map(|row| row.references("permissions"));
    let people = dump.users.values().flatten().flatten();
    let of_people = people.flat_map(|person| person.permissions.iter().cloned());
    of_groups
        .chain(of_people)
        .filter_map(|reference| match reference.words()?.as_slice() {
            [codename, app, model] => Some((reference.clone(), (app.clone(), codename.clone()), model.clone())),
            _ => None,
        })
        .collect()
}

fn check(app: &str, codename: &str) -> Result<(), String> {
    // Whoever held it there would administer here.
    if app == OWN_APP {
        return Err(format!("`{OWN_APP}` is the app of the console's own permissions"));
    }
    small_word::check("app", app).and_then(|()| small_word::check("codename", codename))
}

fn store_all(
    conn: &mut Conn,
    wanted: BTreeMap<AppAndCodename, About>,
    site: &Site<'_>,
    report: &mut Report,
) -> Result<HashMap<AppAndCodename, PermissionId>, Fault> {
    let apps: BTreeSet<String> = wanted.keys().map(|(app, _)| app.clone()).collect();
    let rows: Result<Vec<_>, Fault> = wanted.into_iter().map(|(name, about)| row(name, about, site)).collect();
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
    store::of_apps(conn, &apps.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A permission as it is stored. A model that is no name of ours is told by the codename.
fn row((app, codename): AppAndCodename, about: About, site: &Site<'_>) -> Result<store::NewPermission, Fault> {
    let name = PermissionName { app, codename };
    let model = about.model.filter(|model| small_word::check("model", model).is_ok());
    let new = NewPermission::new(name, model, one_line(&about.description)).map_err(Fault::Bug)?;
    let NewPermission { name: PermissionName { app, codename }, model, description } = new;
    let id = PermissionId::new(&site.scene.random, site.scene.now)?;
    Ok(store::NewPermission { id, app, codename, model, description, created_at: site.scene.now })
}

/// As much of a description as stands in one line here.
fn one_line(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(MAX_DESCRIPTION).collect()
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
