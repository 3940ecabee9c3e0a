//! How far a run is, on standard error.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal; elsewhere a line now and then.
///
/// It is drawn between turns, by the measuring thread: nothing runs beside what is measured.
pub(crate) struct Progress {
    bar: ProgressBar,
    next_line: Option<Instant>,
}

const BETWEEN_LINES: Duration = Duration::from_secs(10);

impl Progress {
    pub(crate) fn of(turns: usize) -> Self {
        let bar = ProgressBar::new(turns as u64);
        let template = "{elapsed:>4} [{bar:30}] {percent:>3} %, {eta} left  {wide_msg}";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is well").progress_chars("=> "));
        let next_line = (!stderr().is_terminal()).then(|| Instant::now() + BETWEEN_LINES);
        Self { bar, next_line }
    }

    pub(crate) fn step(&mut self, doing: &str) {
        self.bar.inc(1);
        match &mut self.next_line {
            None => self.bar.set_message(doing.to_string()),
            Some(next) if Instant::now() < *next => {}
            Some(next) => {
                *next = Instant::now() + BETWEEN_LINES;
                let (done, of) = (self.bar.position(), self.bar.length().unwrap_or(0));
                eprintln!("{:.0?}: {} %, {doing}", self.bar.elapsed(), 100 * done / of.max(1));
            }
        }
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
