//! What the queues cost, by criterion: `cargo bench`, or a part of it, `cargo bench -- sizes`.
//!
//! Names are `group/queue/parameter`. The times are short, so that all of it takes less than three
//! minutes; ask for longer ones by `--warm-up-time`, `--measurement-time` and `--sample-size`.

#![allow(missing_docs)]

mod channels;
mod contenders;
mod element;
mod floors;
mod one_thread;
mod operations;
mod sizes;
mod table;
mod threads;

use std::time::{Duration, SystemTime};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};

type Group<'a> = BenchmarkGroup<'a, WallTime>;

const CAPACITY: usize = 1024;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(40))
        .measurement_time(Duration::from_millis(120))
        .sample_size(20)
        .nresamples(2_000)
        .configure_from_args();
    let started = SystemTime::now();
    sizes::bench(&mut criterion);
    operations::bench(&mut criterion);
    threads::bench(&mut criterion);
    channels::bench(&mut criterion);
    criterion.final_summary();
    table::print(started);
}
