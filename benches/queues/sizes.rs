//! `sizes`: messages as large as a gateway's, through the four queues at half full, one thread.
//!
//! `moved`: a message goes round and round, by ownership: what the queue costs. `copied`: for every operation a
//! message is made, by a copy, and dropped in the end: what a gateway pays.

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use ringway::Pushed;

use crate::contender::{Contender, each_own};
use crate::table::{self, row};
use crate::{CAPACITY, estimates, run};

pub(crate) type Message = Box<[u8]>;

pub(crate) const SIZES: [usize; 4] = [18, 4266, 6786, 79_435];

const MOVED: &str = "sizes/moved";
const COPIED: &str = "sizes/copied";

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(MOVED);
    each_own!(bench_moved::<Message>(&mut group));
    group.finish();
    let mut group = criterion.benchmark_group(COPIED);
    each_own!(bench_copied::<Message>(&mut group));
    group.finish();
}

fn bench_moved<M: From<Vec<u8>>, Q: Contender<M>>(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.throughput(Throughput::Elements(1));
    for size in SIZES {
        let queue = LazyCell::new(|| half_full::<M, Q>(size));
        run::add(group, BenchmarkId::new(Q::NAME, size), |iterations| time_moved::<M, Q>(&queue, iterations));
    }
}

fn bench_copied<M: From<Vec<u8>>, Q: Contender<M>>(group: &mut BenchmarkGroup<'_, WallTime>) {
    for size in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        let queue = LazyCell::new(|| half_full::<M, Q>(size));
        let template = message(size);
        run::add(group, BenchmarkId::new(Q::NAME, size), |iterations| {
            time_copied::<M, Q>(&queue, &template, iterations)
        });
    }
}

fn message(size: usize) -> Vec<u8> {
    (0..size).map(|i| i as u8).collect()
}

pub(crate) fn half_full<M: From<Vec<u8>>, Q: Contender<M>>(size: usize) -> Q {
    let queue = Q::with_capacity(CAPACITY);
    for _ in 0..CAPACITY / 2 {
        let _ = queue.push(message(size).into());
    }
    queue
}

#[inline(never)]
pub(crate) fn time_moved<M, Q: Contender<M>>(queue: &Q, iterations: u64) -> Duration {
    let start = Instant::now();
    let mut hand = pop(queue);
    for _ in 0..iterations {
        push(queue, hand);
        hand = pop(queue);
    }
    push(queue, hand);
    start.elapsed()
}

#[inline(never)]
fn time_copied<M: From<Vec<u8>>, Q: Contender<M>>(queue: &Q, template: &[u8], iterations: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..iterations {
        push(queue, black_box(template).to_vec().into());
        drop(pop(queue));
    }
    start.elapsed()
}

#[inline]
fn push<M, Q: Contender<M>>(queue: &Q, message: M) {
    let pushed = queue.push(message);
    assert!(matches!(pushed, Pushed::Stored), "{} was full", Q::NAME);
}

#[inline]
fn pop<M, Q: Contender<M>>(queue: &Q) -> M {
    let Some(message) = queue.pop() else { panic!("{} was empty", Q::NAME) };
    message
}

/// The medians, by criterion.
pub(crate) fn print_table() {
    let home = estimates::home();
    for (group, what) in [(MOVED, "moved through the queue"), (COPIED, "made by a copy, moved and dropped")] {
        let mut rows = vec![row![""]];
        rows[0].extend(SIZES.map(|size| format!("{size} B")));
        each_own!(table_row::<Message>(&mut rows, |name: &str| {
            SIZES.map(|size| {
                estimates::median(&home, group, name, &size.to_string()).map_or("?".into(), table::nanoseconds)
            })
        }));
        table::print(&format!("sizes: a message {what}, median"), &rows);
    }
}

fn table_row<T, Q: Contender<T>>(rows: &mut Vec<Vec<String>>, cells: impl Fn(&str) -> [String; 4]) {
    let mut row = row![Q::NAME];
    row.extend(cells(Q::NAME));
    rows.push(row);
}
