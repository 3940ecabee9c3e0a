//! Where threads run.

use std::sync::LazyLock;
use std::thread;

use core_affinity::CoreId;

/// Those this process may use; seen by the first thread to ask, which must not be pinned yet.
static CORES: LazyLock<Vec<CoreId>> =
    LazyLock::new(|| core_affinity::get_core_ids().unwrap_or_default());

pub fn count() -> usize {
    match CORES.len() {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    }
}

/// Pins the current thread, the `number`th of its scene: round robin. `false` where the system
/// cannot.
pub fn pin(number: usize) -> bool {
    let cores = &*CORES;
    !cores.is_empty() && core_affinity::set_for_current(cores[number % cores.len()])
}
