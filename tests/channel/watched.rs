//! How long the tests may take, and how often they repeat.

use std::hint;
use std::time::Duration;

use crate::support::watched::within;

/// A wake-up that comes at all comes far sooner, on the slowest machine. On one that is busy, each
/// of thousands of hand-overs may cost a time slice or two.
const LIMIT: Duration = Duration::from_secs(180);

const ROUNDS: usize = if cfg!(debug_assertions) { 15_000 } else { 200_000 };

/// How many elements are handed over by those tests that do little else; `RINGWAY_ROUNDS` sets it,
/// for a soak. Whoever does more in a round takes a fraction.
pub(crate) fn rounds() -> usize {
    std::env::var("RINGWAY_ROUNDS")
        .map_or(ROUNDS, |text| text.parse().expect("RINGWAY_ROUNDS is a number"))
}

/// Runs `body`, and panics when it does not end.
#[track_caller]
pub(crate) fn watched<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    within(LIMIT * rounds().div_ceil(ROUNDS) as u32, body)
}

/// Takes a different time in each round, from nothing to long enough for the others to have gone to
/// sleep.
pub(crate) fn linger(round: usize) {
    for _ in 0..[0, 4, 32, 200, 800, 1500, 4000][round % 7] {
        hint::spin_loop();
    }
}
