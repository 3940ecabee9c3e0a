//! The timed loop of one thread.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::BenchmarkId;

use crate::Group;

/// Times the operation that `make` makes, after some `first` calls of it that are not timed.
///
/// All samples have one operation, because some take long to make.
pub(crate) fn bench<R, F: FnMut(bool) -> R>(
    group: &mut Group<'_>,
    id: BenchmarkId,
    first: usize,
    make: impl Fn() -> F,
) {
    let mut kept = None;
    group.bench_function(id, |bencher| {
        // Outside of `iter_custom`, which also measures how long a sample takes in all.
        let operation = kept.take().unwrap_or_else(|| run(make(), first as u64, false).0);
        let mut operation = Some(operation);
        bencher.iter_custom(|iterations| {
            let (after, took) = run(operation.take().expect("it is called once"), iterations, true);
            kept = Some(after);
            took
        });
    });
}

/// Runs the operation, which is told whether it is timed, gives it back, and says how long it took.
///
/// One function for both, so that each queue has one push and one pop of its element type. The
/// operation comes by value, so that what it holds can be in registers.
#[inline(never)]
fn run<R, F: FnMut(bool) -> R>(mut operation: F, calls: u64, is_timed: bool) -> (F, Duration) {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(operation(is_timed));
    }
    let took = start.elapsed();
    (operation, took)
}
