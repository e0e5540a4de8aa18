//! A progress bar on a terminal; elsewhere a line every two seconds.

use std::io::IsTerminal as _;

use chrono::Duration;
use indicatif::{ProgressBar, ProgressStyle};

use super::output;
use crate::import::{Progress, Step};
use crate::kernel::Instant;
use crate::kernel::clock::Clock;

const EVERY: Duration = Duration::seconds(2);

/// Shows on standard error how far something is.
pub(super) struct Meter<'a> {
    clock: &'a Clock,
    bar: Option<ProgressBar>,
    step: Option<Step>,
    told_at: Instant,
}

impl<'a> Meter<'a> {
    pub fn new(clock: &'a Clock) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{prefix:8} {wide_bar} {percent:>3} %  {eta:>4}") {
                bar.set_style(style);
            }
            bar
        });
        Self { clock, bar, step: None, told_at: clock.now() }
    }

    /// Clears the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Meter<'_> {
    fn advance(&mut self, step: Step, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            if self.step.replace(step) != Some(step) {
                bar.reset();
                bar.set_prefix(step.as_str());
                bar.set_length(total);
            }
            bar.set_position(done);
            return;
        }
        let now = self.clock.now();
        if now - self.told_at >= EVERY {
            self.told_at = now;
            let unit = if step == Step::Reading { " bytes" } else { "" };
            output::complain(&format!("{step}: {done} of {total}{unit}"));
        }
    }
}
