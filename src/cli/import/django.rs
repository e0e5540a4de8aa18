//! `import django FILE…`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;

use super::meter::Meter;
use super::{Failure, Globals, Workshop, outcome};
use crate::import::django::{self, Addresses, Dump, Mode, Superusers, UserFields, Usernames, Wishes};
use crate::import::{Progress as _, Step};
use crate::kernel::crypto::{MasterKey, Sealer};

/// What to read, and how.
///
/// Rows that cannot come in are named with the reason; the rest goes in, and the command succeeds.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a command line")]
pub struct Arguments {
    /// Files of `manage.py dumpdata`, JSON or JSON lines, taken as one; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The user model; found without it when there is only one.
    #[arg(long, value_name = "APP.MODEL")]
    user_model: Option<String>,
    /// Its field that people sign in by; `username` or `email` when left out.
    #[arg(long, value_name = "FIELD")]
    username_field: Option<String>,
    /// Its field with the address; `email` when left out.
    #[arg(long, value_name = "FIELD")]
    email_field: Option<String>,
    /// Take the addresses of the user model as proven; otherwise only those are that allauth proved.
    #[arg(long)]
    email_verified: bool,
    /// Make Django's superusers superusers here; otherwise they come in as ordinary users.
    #[arg(long)]
    with_superusers: bool,
    /// Bring accounts up to date that merely have the same username; otherwise an address, or an import before, has
    /// to show that they are the same person's.
    #[arg(long)]
    trust_usernames: bool,
    /// Do everything, take it back, and say what it would have been.
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words; a broken file is named with row and byte, and then nothing was written.
pub fn run(globals: &Globals, arguments: &Arguments) -> Result<(), Failure> {
    let workshop = Workshop::open(globals)?;
    let mut meter = Meter::new(&workshop.clock);
    let dump = read(arguments, &mut meter)?;
    let model = dump.user_model(arguments.user_model.as_deref()).map_err(Failure::Usage)?;
    let wishes = arguments.wishes();
    let sealer = sealer(&workshop, wishes.mode)?;
    let (mut conn, scene) = (workshop.connect()?, workshop.scene());
    let report = django::run(&mut conn, (dump, model), wishes, (&scene, &sealer), &mut meter)?;
    meter.finish();
    outcome::show(globals, &report);
    Ok(())
}

impl Arguments {
    const fn wishes(&self) -> Wishes {
        Wishes {
            addresses: if self.email_verified { Addresses::Proven } else { Addresses::Stated },
            superusers: if self.with_superusers { Superusers::Kept } else { Superusers::Ordinary },
            usernames: if self.trust_usernames { Usernames::Trusted } else { Usernames::Checked },
            mode: if self.dry_run { Mode::DryRun } else { Mode::Write },
        }
    }
}

/// Every file to its end, before anything is written.
fn read(arguments: &Arguments, meter: &mut Meter<'_>) -> Result<Dump, Failure> {
    let total = arguments.files.iter().filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
    let fields = UserFields { username: arguments.username_field.clone(), email: arguments.email_field.clone() };
    let mut dump = Dump::new(fields);
    let mut before = 0;
    for file in &arguments.files {
        let shown = file.display().to_string();
        let mut bytes = 0;
        let watch = |read| {
            bytes = read;
            meter.advance(Step::Reading, before + read, total);
        };
        dump.read(&shown, open(file)?, watch).map_err(|broken| Failure::Failed(format!("{shown}: {broken}")))?;
        before += bytes;
    }
    Ok(dump)
}

fn open(file: &Path) -> Result<Box<dyn Read>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    match File::open(file) {
        Ok(open) => Ok(Box::new(open)),
        Err(error) => Err(Failure::Failed(format!("{}: {error}", file.display()))),
    }
}

/// A dry run seals with a key that nobody keeps: it must not make the house's own.
fn sealer(workshop: &Workshop, mode: Mode) -> Result<Sealer, Failure> {
    let master = match mode {
        Mode::Write => workshop.master_key()?,
        Mode::DryRun => MasterKey::new(workshop.random.bytes()?),
    };
    Ok(Sealer::new(&master)?)
}
