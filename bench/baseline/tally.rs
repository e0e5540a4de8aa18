//! Counting what was done, and how long each took.

use std::fmt::Display;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::Outcome;

/// The stretch of time that counts: from the end of the warm-up to the deadline.
#[derive(Clone, Copy)]
pub struct Window {
    begin: Instant,
    end: Instant,
}

const WARM_UP: Duration = Duration::from_millis(500);

impl Window {
    /// Opens after a short warm-up and lasts `seconds`.
    pub fn from_now(seconds: u32) -> Self {
        let begin = Instant::now() + WARM_UP;
        Self { begin, end: begin + Duration::from_secs(seconds.into()) }
    }

    /// Whether there is time for another operation.
    pub fn is_open(&self) -> bool {
        Instant::now() < self.end
    }

    fn holds(&self, instant: Instant) -> bool {
        (self.begin..self.end).contains(&instant)
    }
}

/// What one connection did. The wait of an operation counts when it ends inside the window.
#[derive(Default)]
pub struct Tally {
    operations: u32,
    waits: Vec<Duration>,
    errors: u32,
    first_error: Option<String>,
}

impl Tally {
    pub fn done(&mut self, window: Window, begun: Instant) {
        let now = Instant::now();
        self.operations += 1;
        if window.holds(now) {
            self.waits.push(now - begun);
        }
    }

    pub fn failed(&mut self, error: &impl Display) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| error.to_string());
    }

    /// Every wait in the window, in microseconds, in order of length.
    pub fn waits_us(&self) -> Vec<u128> {
        let mut waits: Vec<_> = self.waits.iter().map(Duration::as_micros).collect();
        waits.sort_unstable();
        waits
    }

    pub const fn errors(&self) -> u32 {
        self.errors
    }

    pub fn first_error(&self) -> Option<&str> {
        self.first_error.as_deref()
    }
}

/// What all connections did together.
#[derive(Serialize)]
pub struct Report {
    /// All of them, also outside the window: what the CPU seconds were spent on.
    operations: u32,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    errors: u32,
    first_error: Option<String>,
}

impl Report {
    pub fn of(tallies: Vec<Tally>, seconds: u32) -> Outcome<Self> {
        let mut all = Tally::default();
        for tally in tallies {
            all.operations += tally.operations;
            all.waits.extend(tally.waits);
            all.errors += tally.errors;
            all.first_error = all.first_error.or(tally.first_error);
        }
        all.waits.sort_unstable();
        let counted = u32::try_from(all.waits.len())?;
        Ok(Self {
            operations: all.operations,
            per_second: f64::from(counted) / f64::from(seconds),
            p50_ms: percentile(&all.waits, 50),
            p99_ms: percentile(&all.waits, 99),
            max_ms: percentile(&all.waits, 100),
            errors: all.errors,
            first_error: all.first_error,
        })
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let at = sorted.len() * percent / 100;
    sorted.get(at).or_else(|| sorted.last()).map_or(0.0, |wait| wait.as_secs_f64() * 1000.0)
}
