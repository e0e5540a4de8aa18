//! What runs beside requests: hearing of changes, rotating keys, pruning.
//!
//! Each job is a function of a connection and an instant, so that tests call it; the threads here
//! only decide when. Each thread does one thing: it listens, sends mail, writes traces, links the log, brings people in, or tidies
//! up.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::web;
use diesel::connection::SimpleConnection as _;

use crate::accounts::store::{confirmations, invitations};
use crate::admin::{imports, statistics};
use crate::api;
use crate::api::rest::call::KEPT;
use crate::app::{self, App, chrono_of, key_schedule};
use crate::audit::chain::{self, Reach};
use crate::audit::{Origin, Scene};
use crate::config::{Config, MailTransport, SmsTransport};
use crate::kernel::db::{connect, transaction};
use crate::kernel::fault::Fault;
use crate::kernel::notify::{CHANNEL, Change, MAIL_CHANNEL};
use crate::kernel::random::hex;
use crate::kernel::secret::Secret;
use crate::kernel::{Conn, Instant};
use crate::keys::keyring::Keys;
use crate::keys::{self, rotation};
use crate::login::lifecycle;
use crate::mail::dispatch::{Dispatch, Round};
use crate::mail::outbox::Postbox;
use crate::mail::render::Letters;
use crate::mail::transports::file::Folder;
use crate::mail::transports::smtp::Smtp;
use crate::mail::transports::webhook::Webhook;
use crate::mail::transports::{MailCarrier, TextCarrier};
use crate::server::tls::Certificate;
use crate::tokens::store::{api_keys, blacklist, codes, families};
use crate::traces;
use crate::{admin, clients, mail, sessions};

/// Threads that run until they are dropped.
#[derive(Debug)]
pub struct Jobs {
    stops: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// A notification is heard within this time.
const LISTEN_EVERY: Duration = Duration::from_millis(25);
/// Threads get so many of these to end: four seconds.
const ROUNDS_TO_END: u32 = 160;
/// Keys are compared with the database every so many rounds of listening: once a second.
const ROUNDS_PER_LOOK: u32 = 40;
/// Pause before a lost connection is tried again.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// Pause between two tidyings.
const TIDY_EVERY: Duration = Duration::from_mins(1);
/// Another instance's clock may be behind by this much: what it still accepts must still be known.
const CLOCKS_DIFFER: chrono::Duration = chrono::Duration::minutes(5);
/// Letters that could not be sent, and invitations that are over, are shown this long.
const KEEP_PARKED: chrono::Duration = chrono::Duration::days(90);
/// Ended rows are kept this long, for the audit's sake and for reuse to be told from nonsense.
const KEEP_ENDED: chrono::Duration = chrono::Duration::days(7);

impl Jobs {
    /// Starts the threads.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the system gives no thread.
    pub fn start(
        app: &web::Data<App>,
        url: &Secret<String>,
        certificate: Option<Arc<Certificate>>,
    ) -> Result<Self, Fault> {
        let mut jobs = Self { stops: Vec::new(), threads: Vec::new() };
        let (listening, listen_url) = (app.clone(), url.clone());
        jobs.spawn("listen", move |stop| listen(&listening, &listen_url, &stop))?;
        let (mailing, mail_url) = (app.clone(), url.clone());
        let dispatch = dispatch(&app.config, app.courier.postbox.clone(), app.letters.clone())?;
        jobs.spawn("mail", move |stop| send_mail(&mailing, &mail_url, &dispatch, &stop))?;
        let (tracing_app, trace_url) = (app.clone(), url.clone());
        jobs.spawn("traces", move |stop| write_traces(&tracing_app, &trace_url, &stop))?;
        let (chaining, chain_url) = (app.clone(), url.clone());
        jobs.spawn("chain", move |stop| link_the_log(&chaining, &chain_url, &stop))?;
        let (importing, import_url) = (app.clone(), url.clone());
        jobs.spawn("imports", move |stop| bring_in_people(&importing, &import_url, &stop))?;
        let (tidying, tidy_url) = (app.clone(), url.clone());
        jobs.spawn("tidy", move |stop| keep_tidy(&tidying, &tidy_url, certificate.as_deref(), &stop))?;
        Ok(jobs)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce(Receiver<()>) + Send + 'static) -> Result<(), Fault> {
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name(name.into()).spawn(move || work(stopped));
        self.threads.push(thread.map_err(|error| Fault::bug(error.to_string()))?);
        self.stops.push(stop);
        Ok(())
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.stops.clear();
        for thread in self.threads.drain(..) {
            // A mail server that keeps us waiting does not keep us from ending: its letter is leased, and
            // goes again when the lease is over.
            let mut rounds = 0;
            while !thread.is_finished() && rounds < ROUNDS_TO_END {
                thread::sleep(LISTEN_EVERY);
                rounds += 1;
            }
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}

/// Waits; `true` when it is time to end.
fn pause(stop: &Receiver<()>, time: Duration) -> bool {
    !matches!(stop.recv_timeout(time), Err(RecvTimeoutError::Timeout))
}

fn listen(app: &App, url: &Secret<String>, stop: &Receiver<()>) {
    loop {
        if let Err(fault) = listen_on_one_connection(app, url, stop) {
            tracing::debug!(%fault, "the listener lost its connection");
        } else {
            return;
        }
        // Whatever was said meanwhile was not heard.
        app.forget();
        if pause(stop, RECONNECT_AFTER) {
            return;
        }
    }
}

fn listen_on_one_connection(app: &App, url: &Secret<String>, stop: &Receiver<()>) -> Result<(), Fault> {
    let mut conn = connect(url).map_err(|error| Fault::DatabaseAway(error.to_string()))?;
    conn.batch_execute(&format!("SET statement_timeout = '2s'; LISTEN {CHANNEL}"))?;
    let mut round = 0;
    loop {
        let mut keys_changed = round % ROUNDS_PER_LOOK == 0;
        let mut standing_changed = false;
        for heard in conn.notifications_iter() {
            match Change::parse(&heard?.payload) {
                Some(Change::Standing) => standing_changed = true,
                Some(Change::Keys) => keys_changed = true,
                None => {}
            }
        }
        if standing_changed {
            app.forget();
        }
        if keys_changed {
            reload_keys(app, &mut conn)?;
        }
        if pause(stop, LISTEN_EVERY) {
            return Ok(());
        }
        round += 1;
    }
}

/// Swaps the keyring when the database's keys are others.
///
/// # Errors
/// [`Fault`] of the database, or of a key that does not open.
pub fn reload_keys(app: &App, conn: &mut Conn) -> Result<(), Fault> {
    let rows = keys::store::list(conn)?;
    if !app.keyring.current().are_of(&rows) {
        app.keyring.replace(Keys::open(&rows, &app.sealer)?);
        tracing::info!("signing keys changed");
    }
    Ok(())
}

/// What sends letters, by the configuration.
///
/// # Errors
/// [`Fault::Bug`] in words: a certificate that cannot be read.
pub fn dispatch(config: &Config, postbox: Postbox, letters: Arc<Letters>) -> Result<Dispatch, Fault> {
    let mail = match config.mail.transport {
        MailTransport::File => MailCarrier::File(Folder(config.data.dir.join("mail"))),
        MailTransport::Smtp => MailCarrier::Smtp(Smtp::new(&config.mail.smtp).map_err(Fault::Bug)?),
    };
    let sms = &config.mail.sms;
    let text = match (sms.transport, &sms.webhook_url, &sms.webhook_secret) {
        (SmsTransport::File, ..) => TextCarrier::File(Folder(config.data.dir.join("sms"))),
        (SmsTransport::Webhook, Some(url), Some(secret)) => {
            TextCarrier::Webhook(Webhook::new(url.clone(), secret.clone())?)
        }
        (SmsTransport::Off | SmsTransport::Webhook, ..) => TextCarrier::Off,
    };
    Ok(Dispatch { postbox, letters, site: app::site(config), from: config.mail.from.clone(), mail, text })
}

/// The outbox is looked at this often even when nothing is heard of it.
const ROUNDS_PER_MAIL_LOOK: u32 = 20;
/// A letter that was announced leaves within this time.
const MAIL_EVERY: Duration = Duration::from_millis(50);

fn send_mail(app: &App, url: &Secret<String>, dispatch: &Dispatch, stop: &Receiver<()>) {
    while let Err(fault) = send_on_one_connection(app, url, dispatch, stop) {
        tracing::debug!(%fault, "the sender of mail lost its connection");
        if pause(stop, RECONNECT_AFTER) {
            return;
        }
    }
}

fn send_on_one_connection(
    app: &App,
    url: &Secret<String>,
    dispatch: &Dispatch,
    stop: &Receiver<()>,
) -> Result<(), Fault> {
    let mut conn = connect(url).map_err(|error| Fault::DatabaseAway(error.to_string()))?;
    conn.batch_execute(&format!("SET statement_timeout = '5s'; LISTEN {MAIL_CHANNEL}"))?;
    let mut round = 0;
    let mut rest = 0;
    loop {
        let heard = conn.notifications_iter().map(|heard| heard.map(|_| ())).collect::<Result<Vec<()>, _>>()?;
        let is_due = !heard.is_empty() || round % ROUNDS_PER_MAIL_LOOK == 0;
        if is_due && rest == 0 && dispatch.send_due(&mut conn, || app.clock.now())? == Round::NobodyThere {
            // The others would fare no better: a moment's rest.
            rest = ROUNDS_PER_MAIL_LOOK;
        }
        if pause(stop, MAIL_EVERY) {
            return Ok(());
        }
        round += 1;
        rest = rest.saturating_sub(1);
    }
}

/// The audit log is linked this often.
const LINK_EVERY: Duration = Duration::from_secs(5);
/// What was written late is looked for every so many rounds: each five minutes, and at the start.
const ROUNDS_PER_FAR_LOOK: u32 = 60;

/// The head of the chain is told to the log of the process this often, which is kept elsewhere than the database.
const NOTE_HEAD_EVERY: chrono::Duration = chrono::Duration::hours(1);

fn link_the_log(app: &App, url: &Secret<String>, stop: &Receiver<()>) {
    let mut held = None;
    let mut noted = None;
    let mut round = 0;
    while !pause(stop, LINK_EVERY) {
        let reach = if round == 0 { Reach::Far } else { Reach::Near };
        let linked = held
            .take()
            .map_or_else(|| connect(url).map_err(|error| Fault::DatabaseAway(error.to_string())), Ok)
            .and_then(|mut conn| link(app, &mut conn, reach).map(|()| conn));
        match linked {
            Ok(mut conn) => {
                note_head(&mut conn, &mut noted, app.clock.now());
                held = Some(conn);
                round = (round + 1) % ROUNDS_PER_FAR_LOOK;
            }
            Err(fault) => tracing::debug!(%fault, "the log is linked later"),
        }
    }
}

/// Tells the head of the chain, as `audit verify --head` takes it, when it was not told for a while.
fn note_head(conn: &mut Conn, noted: &mut Option<Instant>, now: Instant) {
    if noted.is_some_and(|noted| now - noted < NOTE_HEAD_EVERY) {
        return;
    }
    match chain::head(conn) {
        Ok(Some(head)) => {
            tracing::info!(audit.head = format!("{}:{}", head.position, hex(&head.digest)), "the audit log's head");
            *noted = Some(now);
        }
        Ok(None) => {}
        Err(fault) => tracing::debug!(%fault, "the head of the audit log is told later"),
    }
}

/// Links what of the audit log is not linked yet, as far back as `reach`.
///
/// # Errors
/// [`Fault`] of the database.
pub fn link(app: &App, conn: &mut Conn, mut reach: Reach) -> Result<(), Fault> {
    let scene = server_scene(app, app.clock.now());
    while let Some(last) = transaction(conn, |conn| chain::extend(conn, &app.audit_chain, &scene, reach))? {
        reach = Reach::After(last);
    }
    Ok(())
}

/// Files of people that wait are seen within this time.
const IMPORT_EVERY: Duration = Duration::from_secs(1);

fn bring_in_people(app: &App, url: &Secret<String>, stop: &Receiver<()>) {
    let mut held = None;
    while !pause(stop, IMPORT_EVERY) {
        let done = held
            .take()
            .map_or_else(|| connect(url).map_err(|error| Fault::DatabaseAway(error.to_string())), Ok)
            .and_then(|mut conn| bring_in_all(app, &mut conn, stop).map(|()| conn));
        match done {
            Ok(conn) => held = Some(conn),
            Err(fault) => tracing::warn!(%fault, "an import goes on later"),
        }
    }
}

fn bring_in_all(app: &App, conn: &mut Conn, stop: &Receiver<()>) -> Result<(), Fault> {
    while bring_in_next(app, conn)? && !pause(stop, Duration::ZERO) {}
    Ok(())
}

/// Brings the next people of a file in; `false`: no file waits.
///
/// # Errors
/// [`Fault`] of the database.
pub fn bring_in_next(app: &App, conn: &mut Conn) -> Result<bool, Fault> {
    let tools = imports::Tools {
        policy: &app.password_policy,
        courier: &app.courier,
        random: &app.random,
        now: app.clock.now(),
    };
    let went_on = transaction(conn, |conn| imports::advance(conn, tools));
    if went_on.is_err() {
        // Others go first; when the database is away, this fails too.
        let _: Result<(), Fault> = transaction(conn, |conn| imports::postpone(conn, tools.now));
    }
    went_on
}

/// What the server does by itself.
fn server_scene(app: &App, now: Instant) -> Scene {
    Scene { now, random: app.random.clone(), origin: Origin { actor: "server".into(), ..Origin::default() } }
}

/// Traces that wait are written this often.
const TRACE_EVERY: Duration = Duration::from_millis(500);
/// Traces are kept this long.
const KEEP_TRACES: chrono::Duration = chrono::Duration::days(14);

fn write_traces(app: &App, url: &Secret<String>, stop: &Receiver<()>) {
    loop {
        let ends = pause(stop, TRACE_EVERY);
        // Connected before the pen is taken: whoever waits for it waits for one statement.
        let connected = (!app.traces.are_written()).then(|| connect(url));
        match connected {
            None => {}
            Some(Err(error)) if ends => tracing::warn!(%error, "traces are lost"),
            // They are not taken, and wait for the next time.
            Some(Err(error)) => tracing::debug!(%error, "traces wait"),
            Some(Ok(mut conn)) => {
                let insert = |waiting| traces::store::insert(&mut conn, waiting, &app.random);
                if let Err(fault) = app.traces.write_out(insert) {
                    tracing::warn!(%fault, "traces are lost");
                }
            }
        }
        if ends {
            return;
        }
    }
}

fn keep_tidy(app: &App, url: &Secret<String>, certificate: Option<&Certificate>, stop: &Receiver<()>) {
    // Whoever looks at the dashboard first finds numbers there.
    let counted = connect(url).map_err(|error| Fault::DatabaseAway(error.to_string())).and_then(|mut conn| {
        transaction(&mut conn, |conn| statistics::count(conn, app.sessions.lifetimes(), app.clock.now()))
    });
    if let Err(fault) = counted {
        tracing::warn!(%fault, "the numbers of the dashboard are counted later");
    }
    while !pause(stop, TIDY_EVERY) {
        if let Some(certificate) = certificate {
            certificate.refresh();
            app.note_certificate(certificate.ends_at());
        }
        let tidied = connect(url)
            .map_err(|error| Fault::DatabaseAway(error.to_string()))
            .and_then(|mut conn| tidy(app, &mut conn, app.clock.now()));
        if let Err(fault) = tidied {
            tracing::warn!(%fault, "tidying up failed; it is tried again in a minute");
        }
    }
}

/// One round: keys by schedule, then pruning. Every instance does it; each step is one that two may
/// do at once.
///
/// # Errors
/// [`Fault`] of the database.
pub fn tidy(app: &App, conn: &mut Conn, now: Instant) -> Result<(), Fault> {
    conn.batch_execute("SET statement_timeout = '30s'; SET lock_timeout = '5s'")?;
    let schedule = key_schedule(&app.config)?;
    let tools = rotation::Tools { sealer: &app.sealer, random: &app.random, now };
    transaction(conn, |conn| rotation::keep_schedule(conn, schedule, tools))?;
    reload_keys(app, conn)?;
    let scene = server_scene(app, now);
    transaction(conn, |conn| lifecycle::delete_due(conn, &app.courier, &scene))?;
    transaction(conn, |conn| lifecycle::sweep(conn, chrono_of(app.config.registration.unproven)?, &scene))?;
    transaction(conn, |conn| lifecycle::warn_of_ending_keys(conn, &app.courier, &scene))?;
    let lifetimes = app.sessions.lifetimes();
    transaction(conn, |conn| statistics::count(conn, lifetimes, now))?;
    if let Some(keep) = app.config.audit.keep.map(chrono_of).transpose()? {
        link(app, conn, Reach::Near)?;
        while transaction(conn, |conn| chain::let_go(conn, &app.audit_chain, keep, &scene))? > 0 {}
    }
    prune(app, conn, now)
}

fn prune(app: &App, conn: &mut Conn, now: Instant) -> Result<(), Fault> {
    let ended = now - KEEP_ENDED;
    let counts = [
        ("codes", codes::prune(conn, ended)?),
        ("families", families::prune(conn, ended)?),
        ("blacklist", blacklist::prune(conn, now - CLOCKS_DIFFER)?),
        ("sessions", sessions::store::prune(conn, ended)?),
        ("former secrets", clients::store::prune_former_secrets(conn, now - CLOCKS_DIFFER)?),
        ("assertions", clients::store::prune_assertions(conn, now - CLOCKS_DIFFER)?),
        ("confirmations", confirmations::prune(conn, ended)?),
        ("invitations", invitations::prune(conn, now - KEEP_PARKED)?),
        ("API keys", api_keys::prune(conn, ended)?),
        ("imports", admin::store::imports::prune(conn, now - imports::KEPT)?),
        ("traces", traces::store::prune(conn, now - KEEP_TRACES)?),
        ("kept answers", api::store::prune(conn, now - KEPT)?),
        ("mail", mail::store::prune(conn, ended, now - KEEP_PARKED)?),
        ("expired mail", mail::store::expire(conn, now)?),
        ("throttles", app.throttles.account.prune(conn, now)?),
    ];
    for (table, count) in counts.iter().filter(|(_, count)| *count > 0) {
        tracing::debug!(table, count, "pruned");
    }
    Ok(())
}
