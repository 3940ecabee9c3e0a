//! How many files the system lets the process have open, which connections are.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

/// What is kept for other things than connections of inputs: listeners, outputs, files, and
/// operators who ask how it is.
const OTHERS: u64 = 32;

/// Raises the limit as far as it may be, and returns how many connections there can be of `wanted`.
pub(crate) fn connections(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { maximum } else { current };
    let Some(limit) = limit else { return wanted };
    let most = usize::try_from(limit.saturating_sub(OTHERS)).unwrap_or(usize::MAX).max(1);
    if most < wanted {
        warn!(wanted, most, files = limit, "the system allows fewer connections: see ulimit -n");
    }
    wanted.min(most)
}
