//! What this run was asked for, and whether it did everything.

use std::env;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId};

static ADDED: AtomicUsize = AtomicUsize::new(0);
static RUN: AtomicUsize = AtomicUsize::new(0);

/// Adds a benchmark: `time` does something a number of times and says how long that took.
///
/// Nothing of it runs when criterion only lists, or filters it out.
pub(crate) fn add(group: &mut BenchmarkGroup<'_, WallTime>, id: BenchmarkId, mut time: impl FnMut(u64) -> Duration) {
    let mut run = false;
    group.bench_function(id, |bencher| {
        run = true;
        bencher.iter_custom(&mut time);
    });
    ADDED.fetch_add(1, Ordering::Relaxed);
    RUN.fetch_add(run.into(), Ordering::Relaxed);
}

/// Whether criterion has measured every benchmark: no filter, not just a test or a list.
pub(crate) fn is_complete() -> bool {
    RUN.load(Ordering::Relaxed) == ADDED.load(Ordering::Relaxed) && has("--bench") && !has("--test")
}

/// `cargo bench -- figures`: a filter that lets no benchmark of criterion's through.
pub(crate) fn is_figures_only() -> bool {
    env::args().skip(1).filter(|argument| argument != "--quick").eq(["figures", "--bench"])
}

pub(crate) fn is_quick() -> bool {
    has("--quick")
}

fn has(wanted: &str) -> bool {
    env::args().any(|argument| argument == wanted)
}
