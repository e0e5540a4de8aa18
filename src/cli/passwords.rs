//! `passwords …`: what a password hash costs on this machine.

use std::thread;

use clap::{Args, Subcommand, value_parser};
use serde_json::{Value, json};

use super::{Failure, Globals, output, workshop};
use crate::accounts::passwords::schemes::Scheme;
use crate::accounts::passwords::schemes::argon2id::{self, Cost};
use crate::app::password_cost;
use crate::kernel::clock::Clock;
use crate::kernel::fault::Fault;

/// Commands about password hashes.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure Argon2id on this machine and suggest its parameters. Changes nothing.
    Calibrate(Calibrate),
}

/// How dear a hash may be.
#[derive(Debug, Args)]
pub struct Calibrate {
    /// Longest time of one hash, in milliseconds.
    #[arg(long, value_name = "MILLIS", default_value_t = 100, value_parser = value_parser!(u32).range(1..=1500))]
    target_millis: u32,
    /// Memory of one hash, in MiB; without it as much as the time allows.
    #[arg(long, value_name = "MIB", value_parser = value_parser!(u32).range(19..=256))]
    memory_mib: Option<u32>,
}

/// The least that the configuration allows (OWASP Password Storage), and the most.
const LEAST: Cost = Cost { memory_kib: 19 * 1024, iterations: 2, parallelism: 1 };
const MOST_ITERATIONS: u32 = 16;
/// Memory that is tried without `--memory-mib`, ascending, in MiB.
const MEMORIES_MIB: [u32; 7] = [19, 32, 46, 64, 96, 128, 256];
/// Hashes that are timed at each cost; the middle one counts.
const SAMPLES: usize = 3;
/// How long all threads hash at once, in milliseconds.
const THROUGHPUT_MILLIS: i64 = 1000;

/// A cost and the time it takes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measured {
    cost: Cost,
    micros: i64,
}

/// What all threads do together.
#[derive(Clone, Copy, Debug)]
struct Throughput {
    hashes: u32,
    millis: i64,
}

/// Runs the command.
///
/// # Errors
/// [`Failure`] in words.
pub fn run(globals: &Globals, command: Command) -> Result<(), Failure> {
    let Command::Calibrate(arguments) = command;
    let config = workshop::load(globals)?.config;
    let clock = Clock::System;
    let memories = arguments.memory_mib.map_or_else(|| MEMORIES_MIB.to_vec(), |memory| vec![memory]);
    let mut measure = |cost| measure(cost, &clock);
    let report = Report {
        target_millis: arguments.target_millis,
        threads: config.passwords.threads,
        configured: measure(password_cost(&config))?,
        suggested: suggest(i64::from(arguments.target_millis) * 1000, &memories, &mut measure)?,
    };
    let throughput = throughput(report.suggested.cost, report.threads, &clock)?;
    if globals.json {
        output::print_json(&report.to_json(throughput));
    } else {
        output::say(&report.to_text(throughput));
    }
    Ok(())
}

/// As much memory as fits into the time with the fewest passes, then as many passes as fit: memory is
/// what an attacker's hardware has least of (RFC 9106 section 4). One lane: the threads fill the cores.
fn suggest(
    target_micros: i64,
    memories_mib: &[u32],
    measure: &mut impl FnMut(Cost) -> Result<Measured, Failure>,
) -> Result<Measured, Failure> {
    let mut best: Option<Measured> = None;
    for memory in memories_mib {
        let measured = measure(Cost { memory_kib: memory * 1024, ..LEAST })?;
        if best.is_some() && measured.micros > target_micros {
            break;
        }
        best = Some(measured);
    }
    let mut best = best.ok_or_else(|| Failure::Usage("no memory to try".into()))?;
    for iterations in LEAST.iterations + 1..=MOST_ITERATIONS {
        let measured = measure(Cost { iterations, ..best.cost })?;
        if measured.micros > target_micros {
            break;
        }
        best = measured;
    }
    Ok(best)
}

/// Times comparisons: that is what a sign-in does.
fn measure(cost: Cost, clock: &Clock) -> Result<Measured, Failure> {
    let sample = sample(cost)?;
    // The first one fetches the memory from the system.
    let _ = sample.matches("a wrong password");
    let mut times = [0; SAMPLES];
    for time in &mut times {
        let begin = clock.now();
        let _ = sample.matches("a wrong password");
        *time = (clock.now() - begin).num_microseconds().unwrap_or(i64::MAX);
    }
    times.sort_unstable();
    Ok(Measured { cost, micros: times.get(SAMPLES / 2).copied().unwrap_or(i64::MAX) })
}

fn sample(cost: Cost) -> Result<Scheme, Failure> {
    let stored = argon2id::hash("the password", cost)?;
    Scheme::parse(&stored).ok_or_else(|| Fault::bug("a hash of ours is not read").into())
}

/// Hashes with all threads at once for a second.
fn throughput(cost: Cost, threads: usize, clock: &Clock) -> Result<Throughput, Failure> {
    let sample = sample(cost)?;
    let begin = clock.now();
    let elapsed = || (clock.now() - begin).num_milliseconds();
    let work = || {
        let mut hashes = 0_u32;
        while elapsed() < THROUGHPUT_MILLIS {
            let _ = sample.matches("a wrong password");
            hashes += 1;
        }
        hashes
    };
    let hashes = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(0)).sum()
    });
    Ok(Throughput { hashes, millis: elapsed().max(1) })
}

impl Throughput {
    /// Rounded to a tenth.
    fn per_second(self) -> f64 {
        let tenths = i64::from(self.hashes) * 10_000 / self.millis;
        f64::from(i32::try_from(tenths).unwrap_or(i32::MAX)) / 10.0
    }
}

impl Measured {
    fn to_json(self) -> Value {
        let Cost { memory_kib, iterations, parallelism } = self.cost;
        json!({
            "memory_kib": memory_kib,
            "iterations": iterations,
            "parallelism": parallelism,
            "millis": self.millis(),
        })
    }

    fn to_text(self) -> String {
        let Cost { memory_kib, iterations, parallelism } = self.cost;
        format!(
            "memory_kib {memory_kib}, iterations {iterations}, parallelism {parallelism}: {} ms a hash",
            self.millis()
        )
    }

    /// Rounded up: a target is met or not.
    const fn millis(self) -> i64 {
        (self.micros + 999) / 1000
    }
}

struct Report {
    target_millis: u32,
    threads: usize,
    configured: Measured,
    suggested: Measured,
}

impl Report {
    fn meets_target(&self) -> bool {
        self.suggested.millis() <= i64::from(self.target_millis)
    }

    /// Memory of all threads, in MiB, rounded up.
    fn memory_mib(&self) -> u64 {
        let kib = u64::from(self.suggested.cost.memory_kib);
        kib.saturating_mul(u64::try_from(self.threads).unwrap_or(u64::MAX)).div_ceil(1024)
    }

    fn to_json(&self, throughput: Throughput) -> Value {
        json!({
            "target_millis": self.target_millis,
            "meets_target": self.meets_target(),
            "configured": self.configured.to_json(),
            "suggested": self.suggested.to_json(),
            "threads": self.threads,
            "hashes_per_second": throughput.per_second(),
            "memory_mib": self.memory_mib(),
        })
    }

    fn to_text(&self, throughput: Throughput) -> String {
        let Cost { memory_kib, iterations, parallelism } = self.suggested.cost;
        let caveat = if self.meets_target() {
            ""
        } else {
            "\n           This is the least that is safe, though over the target."
        };
        format!(
            "configured {}\nsuggested  {}{caveat}\n           {} threads together: {} hashes a second, {} MiB of memory\n\n\
             [passwords]\nmemory_kib = {memory_kib}\niterations = {iterations}\nparallelism = {parallelism}",
            self.configured.to_text(),
            self.suggested.to_text(),
            self.threads,
            throughput.per_second(),
            self.memory_mib(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, LEAST, MEMORIES_MIB, Measured, Report, Throughput, suggest};

    /// A machine on which a pass over a MiB takes a millisecond.
    fn slow(cost: Cost) -> Measured {
        Measured { cost, micros: i64::from(cost.memory_kib / 1024 * cost.iterations) * 1000 }
    }

    fn suggested(target_millis: i64, memories: &[u32]) -> (u32, u32) {
        let Cost { memory_kib, iterations, .. } =
            suggest(target_millis * 1000, memories, &mut |cost| Ok(slow(cost))).unwrap().cost;
        (memory_kib / 1024, iterations)
    }

    #[test]
    fn memory_comes_first_then_passes_and_the_least_is_kept() {
        assert_eq!(suggested(100, &MEMORIES_MIB), (46, 2));
        assert_eq!(suggested(191, &MEMORIES_MIB), (64, 2));
        assert_eq!(suggested(192, &MEMORIES_MIB), (96, 2));
        assert_eq!(suggested(100, &[19]), (19, 5));
        assert_eq!(suggested(1500, &[19]), (19, 16));
        assert_eq!(suggested(1, &MEMORIES_MIB), (19, 2));
        assert_eq!(suggested(1, &[256]), (256, 2));
    }

    #[test]
    fn the_report_has_lines_to_paste_and_says_when_the_target_is_missed() {
        let measured = |micros| Measured { cost: LEAST, micros };
        let report =
            |micros| Report { target_millis: 20, threads: 4, configured: measured(1), suggested: measured(micros) };
        let throughput = Throughput { hashes: 123, millis: 1000 };
        let text = report(20_000).to_text(throughput);
        assert!(text.ends_with("[passwords]\nmemory_kib = 19456\niterations = 2\nparallelism = 1"), "{text}");
        assert!(text.contains("4 threads together: 123 hashes a second, 76 MiB"), "{text}");
        assert!(!text.contains("over the target"), "{text}");
        assert!(report(20_001).to_text(throughput).contains("over the target"));
        let json = report(20_001).to_json(Throughput { hashes: 10, millis: 1500 });
        assert_eq!((json["meets_target"].as_bool(), json["hashes_per_second"].as_f64()), (Some(false), Some(6.6)));
        assert_eq!((json["suggested"]["millis"].as_i64(), json["memory_mib"].as_u64()), (Some(21), Some(76)));
    }
}
