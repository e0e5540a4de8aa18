//! The order of the house, checked on its sources: who may import whom, and who may know actix, SQL and the clock.
//!
//! ```text
//! source ── tokens (no comments, no strings) ── rules ── violations ── minus the exceptions below
//! ```
//! An exception that nothing needs any more is a violation too. Each rule is also fed sources that break it: a checker
//! that cannot fail proves nothing.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Imports go from a line to the lines before it. Folders on one line do not import each other, save the process.
const ORDER: [&[&str]; 15] = [
    &["kernel"],
    &["spec"],
    &["config"],
    &["keys", "mail", "audit", "traces"],
    &["accounts", "clients"],
    &["access"],
    &["sessions", "tokens"],
    &["login", "oidc"],
    &["portal", "import", "forward_auth"],
    &["admin"],
    &["api"],
    &["app"],
    &PROCESS,
    &["cli"],
    &["main"],
];

/// What a running process is made of: three files that know each other.
const PROCESS: [&str; 3] = ["server", "routes", "jobs"];

/// Files that may break one rule, and why.
const EXCEPTIONS: &[Exception] = &[
    Exception { rule: Rule::Sql, file: "accounts/profile.rs", reason: "the changes are the update's own columns" },
    Exception { rule: Rule::Sql, file: "accounts/user.rs", reason: "the model is the row" },
    Exception { rule: Rule::Sql, file: "jobs.rs", reason: "LISTEN and time-outs belong to the connection" },
    Exception { rule: Rule::Order, file: "cli/check_config.rs", reason: "checks the operator's templates too" },
    Exception { rule: Rule::Actix, file: "jobs.rs", reason: "shares the application as handlers do" },
    Exception { rule: Rule::Actix, file: "app.rs", reason: "tells the circumstances of a request" },
    Exception { rule: Rule::Clock, file: "kernel/clock.rs", reason: "the one place that reads the clock" },
    Exception { rule: Rule::Clock, file: "kernel/postgres/patience.rs", reason: "waits for another process" },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Imports go down the order.
    Order,
    /// Only `http/` folders, `web/` and what builds the server know actix.
    Actix,
    /// Only stores and the kernel query.
    Sql,
    /// Only `http/` folders and what stands above it name the application.
    App,
    /// Nobody reads the clock.
    Clock,
}

struct Exception {
    rule: Rule,
    file: &'static str,
    reason: &'static str,
}

#[derive(Debug)]
struct Violation {
    rule: Rule,
    file: String,
    line: usize,
    what: String,
}

#[test]
fn the_house_is_in_order() -> io::Result<()> {
    let sources = read_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))?;
    assert!(sources.iter().any(|source| source.file == "kernel/mod.rs"), "the sources were not found");
    let found: Vec<String> = check(&sources, EXCEPTIONS).iter().map(shown).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    Ok(())
}

#[test]
fn each_rule_finds_what_breaks_it() {
    for (rule, file, text) in [
        (Rule::Order, "kernel/db.rs", "use crate::spec::Scope;"),
        (Rule::Order, "config/tokens.rs", "use crate::spec::Scope;"),
        (Rule::Order, "keys/store.rs", "use crate::audit::Scene;"),
        (Rule::Order, "tokens/refresh.rs", "fn f() -> crate::sessions::Session {}"),
        (Rule::Order, "tokens/store/codes.rs", "use super::super::super::login::throttle;"),
        (Rule::Order, "accounts/mod.rs", "pub use super::tokens::Grant;"),
        (Rule::Order, "clients/client.rs", "use crate::{kernel::{ids::Id, Conn}, oidc::decide};"),
        (Rule::Order, "clients/client.rs", "use {crate::kernel::Conn, crate::admin};"),
        (Rule::Order, "app.rs", "use crate::server::Server;"),
        (Rule::Order, "app.rs", "mod tests { use super::super::cli::serve; }"),
        (Rule::Order, "web/form.rs", "use crate::keys::Keyring;"),
        (Rule::Order, "login/attempt.rs", "use crate::web::form::Form;"),
        (Rule::Order, "login/attempt.rs", "crate::words! {}"),
        (Rule::Order, "main.rs", "use portcullis::kernel::db::Db;"),
        (Rule::Order, "basement/mod.rs", "use crate::kernel::Conn;"),
        (Rule::Actix, "login/attempt.rs", "use actix_web::HttpRequest;"),
        (Rule::Actix, "cli/user.rs", "#[actix_web::main] async fn main() {}"),
        (Rule::Sql, "login/http/login.rs", "use diesel::prelude::*;"),
        (Rule::Sql, "tokens/refresh.rs", "use crate::schema::families;"),
        (Rule::Sql, "tokens/refresh.rs", "#[diesel(table_name = families)] struct Row;"),
        (Rule::App, "oidc/consent.rs", "use crate::app::App;"),
        (Rule::App, "web/page.rs", "fn page(app: &crate::app::App) {}"),
        (Rule::Clock, "login/throttle.rs", "let now = chrono::Utc::now();"),
        (Rule::Order, "jobs.rs", "use crate::cli::serve;"),
        (Rule::Clock, "jobs.rs", "let now = std::time::Instant::now();"),
    ] {
        let found = check(&[Source::read(file, text)], &[]);
        assert!(found.iter().any(|violation| violation.rule == rule), "{rule:?} in {file} not found: {text}");
    }
}

#[test]
fn honest_sources_pass() {
    for (file, text) in [
        ("kernel/db.rs", "use super::fault::Fault; mod tests { use super::Db; use crate::kernel::Conn; }"),
        ("config/database.rs", "use crate::kernel::secret::Secret;"),
        ("tokens/store/codes.rs", "use diesel::prelude::*; use crate::{schema::codes, tokens::code::NewCode};"),
        ("tokens/grant.rs", "crate::spec::words! { pub enum Word {} }"),
        ("login/http/login.rs", "use actix_web::HttpRequest; use crate::{app::App, web::form::Form};"),
        ("access/http.rs", "use crate::app::App;"),
        ("web/mod.rs", "use actix_web::dev; use crate::config::Server;"),
        ("cli/serve.rs", "#[actix_web::main] async fn main() { crate::server::run(); }"),
        ("server/health.rs", "use actix_web::web; use super::Stopping; use crate::routes; use crate::jobs::Jobs;"),
        ("app.rs", "mod tests { use super::App; }"),
        ("main.rs", "fn main() { portcullis::cli::main() }"),
        ("kernel/ids.rs", "pub(crate) fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } // use crate::cli;"),
        ("kernel/ids.rs", "/* crate::cli /* nested */ crate::cli */ const A: &str = \"crate::cli \\\" crate::cli\";"),
        ("kernel/ids.rs", "const A: &str = r#\"\"Utc::now()\"#; const B: &[u8] = br\"diesel\\\"; const C: u8 = b'\"';"),
        ("spec/mod.rs", "//! use crate::login;\nfn r#use() {}"),
    ] {
        let found: Vec<String> = check(&[Source::read(file, text)], &[]).iter().map(shown).collect();
        assert!(found.is_empty(), "{text}\n{}", found.join("\n"));
    }
}

#[test]
fn an_exception_holds_for_its_rule_and_file_and_only_while_needed() {
    let exceptions = [Exception { rule: Rule::Clock, file: "kernel/clock.rs", reason: "reads the clock" }];
    let source = |file| Source::read(file, "fn now() { Utc::now() }");
    assert!(check(&[source("kernel/clock.rs")], &exceptions).is_empty());
    assert_eq!(check(&[source("kernel/clock.rs"), source("kernel/db.rs")], &exceptions).len(), 1);
    let unneeded = check(&[Source::read("kernel/clock.rs", "")], &exceptions);
    assert!(unneeded.iter().any(|violation| violation.what.contains("no longer needed")));
}

fn shown(violation: &Violation) -> String {
    let Violation { rule, file, line, what } = violation;
    format!("src/{file}:{line}: {rule:?}: {what}")
}

fn check(sources: &[Source], exceptions: &[Exception]) -> Vec<Violation> {
    let all: Vec<Violation> = sources.iter().flat_map(Source::violations).collect();
    let excused = |found: &Violation, by: &Exception| found.rule == by.rule && found.file == by.file;
    let unneeded = exceptions.iter().filter(|exception| !all.iter().any(|found| excused(found, exception)));
    let unneeded: Vec<Violation> = unneeded.map(Exception::no_longer_needed).collect();
    let broken = all.into_iter().filter(|found| !exceptions.iter().any(|exception| excused(found, exception)));
    broken.chain(unneeded).collect()
}

impl Exception {
    fn no_longer_needed(&self) -> Violation {
        let what = format!("the exception \"{}\" is no longer needed", self.reason);
        Violation { rule: self.rule, file: self.file.to_owned(), line: 0, what }
    }
}

// Rules

impl Source {
    fn violations(&self) -> Vec<Violation> {
        let mut found: Vec<Violation> = self.imports().iter().filter_map(|import| self.check_import(import)).collect();
        found.extend(self.tokens.iter().filter_map(|word| self.check_word(word)));
        found.extend(self.tokens.windows(3).filter_map(|three| self.check_clock(three)));
        found
    }

    fn check_import(&self, import: &Import) -> Option<Violation> {
        let target = import.path.first()?.as_str();
        let own = self.folder();
        let (rule, allowed) = match target {
            _ if target == own => return None,
            "schema" => (Rule::Sql, self.may_query()),
            "app" => (Rule::App, self.is_http() || PROCESS.contains(&own) || own == "cli"),
            "web" => (Rule::Order, self.is_http() || PROCESS.contains(&own) || own == "app"),
            _ => (Rule::Order, may_import(own, target)),
        };
        let what = || format!("{own} names crate::{}", import.path.join("::"));
        (!allowed).then(|| self.violation(rule, import.line, what()))
    }

    fn check_word(&self, word: &Token) -> Option<Violation> {
        let (rule, allowed) = match word.text.as_str() {
            text if text.contains("actix") => (Rule::Actix, self.may_know_actix()),
            text if text.starts_with("diesel") => (Rule::Sql, self.may_query()),
            _ => return None,
        };
        (!allowed).then(|| self.violation(rule, word.line, word.text.clone()))
    }

    fn check_clock(&self, three: &[Token]) -> Option<Violation> {
        let [clock, colons, now] = three else { return None };
        let reads = ["Utc", "Local", "SystemTime", "Instant"].contains(&clock.text.as_str());
        let reads = reads && colons.text == "::" && now.text == "now";
        reads.then(|| self.violation(Rule::Clock, clock.line, format!("{}::now", clock.text)))
    }

    fn violation(&self, rule: Rule, line: usize, what: String) -> Violation {
        Violation { rule, file: self.file.clone(), line, what }
    }

    fn may_know_actix(&self) -> bool {
        self.is_http() || ["web", "routes", "server"].contains(&self.folder()) || self.file == "cli/serve.rs"
    }

    fn may_query(&self) -> bool {
        self.has_part("store") || ["kernel", "schema"].contains(&self.folder())
    }

    fn is_http(&self) -> bool {
        self.has_part("http")
    }

    /// Whether the file is `part.rs` or lies in a folder `part`.
    fn has_part(&self, part: &str) -> bool {
        self.module.iter().any(|name| name == part)
    }

    /// The top folder, or the file that stands for one.
    fn folder(&self) -> &str {
        self.module.first().map_or("main", String::as_str)
    }
}

fn may_import(own: &str, target: &str) -> bool {
    match (own, rank(own), rank(target)) {
        ("main", ..) => target == "cli",
        ("config", ..) => target == "kernel",
        ("web", ..) => ["kernel", "spec", "config"].contains(&target),
        _ if PROCESS.contains(&own) && PROCESS.contains(&target) => true,
        (_, Some(own), Some(target)) => target < own,
        _ => false,
    }
}

fn rank(folder: &str) -> Option<usize> {
    ORDER.iter().position(|line| line.contains(&folder))
}

// Sources

struct Source {
    /// Below `src`, with slashes.
    file: String,
    /// The file as a module: `tokens`, `store`, `codes`.
    module: Vec<String>,
    tokens: Vec<Token>,
}

#[derive(Clone)]
struct Token {
    text: String,
    line: usize,
}

/// A path into this crate, from its root.
struct Import {
    path: Vec<String>,
    line: usize,
}

fn read_sources(root: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let below = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(below);
            } else if below.extension().is_some_and(|extension| extension == "rs") && below != Path::new("lib.rs") {
                let file = below.to_string_lossy().replace('\\', "/");
                sources.push(Source::read(&file, &fs::read_to_string(entry.path())?));
            }
        }
    }
    sources.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(sources)
}

impl Source {
    fn read(file: &str, text: &str) -> Self {
        let parts = file.trim_end_matches(".rs").split('/').filter(|part| *part != "mod" && *part != "main");
        Self { file: file.to_owned(), module: parts.map(str::to_owned).collect(), tokens: Lexer::tokens(text) }
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    /// Every path that begins with `crate` (in `main.rs`: `portcullis`) or leaves its module by `super`.
    fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        let mut braces: Vec<Option<String>> = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let begins = self.text(at + 1) == "::" && (at == 0 || self.text(at - 1) != "::");
            match token.text.as_str() {
                "{" => {
                    let is_module = at >= 2 && self.text(at - 2) == "mod";
                    braces.push(is_module.then(|| self.text(at - 1).to_owned()));
                }
                "}" => drop(braces.pop()),
                "crate" | "portcullis" if begins => self.follow(at + 2, &[], &mut imports),
                "super" if begins => {
                    let inner = braces.iter().flatten().cloned();
                    let mut module: Vec<String> = self.module.iter().cloned().chain(inner).collect();
                    let mut next = at;
                    while self.text(next) == "super" {
                        module.pop();
                        next += 2;
                    }
                    self.follow(next, &module, &mut imports);
                }
                _ => {}
            }
        }
        imports
    }

    /// Reads a path or a tree of paths from `at`, all below `prefix`.
    fn follow(&self, mut at: usize, prefix: &[String], imports: &mut Vec<Import>) {
        let mut path = prefix.to_vec();
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        loop {
            match self.text(at) {
                "{" => return self.follow_each(at + 1, &path, imports),
                name if is_name(name) && name != "self" => path.push(name.to_owned()),
                _ => break,
            }
            if self.text(at + 1) != "::" {
                break;
            }
            at += 2;
        }
        imports.push(Import { path, line });
    }

    /// The branches between braces.
    fn follow_each(&self, mut at: usize, prefix: &[String], imports: &mut Vec<Import>) {
        let mut depth = 0;
        let mut branch_begins = true;
        loop {
            match self.text(at) {
                "" => return,
                "}" if depth == 0 => return,
                "}" => depth -= 1,
                "," if depth == 0 => branch_begins = true,
                other => {
                    if branch_begins {
                        self.follow(at, prefix, imports);
                        branch_begins = false;
                    }
                    depth += i32::from(other == "{");
                }
            }
            at += 1;
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

// Tokens: names, `::`, and single signs. Comments, strings, characters, lifetimes are left out.

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl Lexer<'_> {
    fn tokens(text: &str) -> Vec<Token> {
        let mut lexer = Lexer { rest: text, line: 1 };
        let mut tokens = Vec::new();
        while !lexer.rest.is_empty() {
            let line = lexer.line;
            let text = lexer.next_token().to_owned();
            if !text.is_empty() {
                tokens.push(Token { text, line });
            }
        }
        tokens
    }

    /// The next token, or nothing for what is left out.
    fn next_token(&mut self) -> &str {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            self.skip(comment(rest))
        } else if let Some(length) = raw_string(rest).or_else(|| string(rest)).or_else(|| character(rest)) {
            self.skip(length)
        } else if rest.starts_with("r#") {
            self.skip(2)
        } else if rest.starts_with(is_part_of_name) {
            self.take(rest.find(|next| !is_part_of_name(next)).unwrap_or(rest.len()))
        } else if rest.starts_with("::") {
            self.take(2)
        } else {
            let first = rest.chars().next().map_or(0, char::len_utf8);
            self.take(first).trim()
        }
    }

    fn skip(&mut self, length: usize) -> &'static str {
        self.take(length);
        ""
    }

    fn take(&mut self, length: usize) -> &str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }
}

fn is_part_of_name(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

/// The length of a block comment; they nest.
fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (step, change) = match rest {
            _ if rest.starts_with("/*") => (2, 1),
            _ if rest.starts_with("*/") => (2, -1),
            _ => (rest.chars().next().map_or(1, char::len_utf8), 0),
        };
        at += step;
        depth += change;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`, if the text begins with one.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"]
        .into_iter()
        .find(|prefix| text.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches('#').starts_with('"')))?;
    let hashes = text.get(prefix.len()..)?.find('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = prefix.len() + hashes + 1;
    let length = text.get(begin..)?.find(&end)?;
    Some(begin + length + end.len())
}

/// The length of `"…"`, `b"…"`, `c"…"`, if the text begins with one.
fn string(text: &str) -> Option<usize> {
    let begin = 1 + ["\"", "b\"", "c\""].iter().position(|quote| text.starts_with(quote)).map(|at| at.min(1))?;
    Some(begin + until(text.get(begin..)?, '"')?)
}

/// The length of `'a'`, `b'a'` or a lifetime, if the text begins with one.
fn character(text: &str) -> Option<usize> {
    let begin = if text.starts_with("b'") { 2 } else { usize::from(text.starts_with('\'')) };
    let rest = text.get(begin..).filter(|_| begin > 0)?;
    let is_character = rest.starts_with('\\') || rest.chars().nth(1) == Some('\'');
    let lifetime = || rest.find(|next| !is_part_of_name(next));
    Some(begin + if is_character { until(rest, '\'')? } else { lifetime()? })
}

/// The length up to and with `end`, where a backslash takes the meaning from what follows.
fn until(text: &str, end: char) -> Option<usize> {
    let mut escaped = false;
    for (at, next) in text.char_indices() {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == end => return Some(at + next.len_utf8()),
            _ => {}
        }
    }
    None
}
