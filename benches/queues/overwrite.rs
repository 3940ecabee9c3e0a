//! `overwrite`: push on a full ring, one thread.

use std::cell::LazyCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use ringway::Pushed;

use crate::CAPACITY;
use crate::contender::{BareExchange, Contender, each_overwriting, filled};
use crate::element::{Element, SUPPLY, supply};
use crate::run;

pub(crate) fn bench(criterion: &mut Criterion) {
    element::<u64>(criterion);
    element::<[u64; 3]>(criterion);
}

fn element<T: Element>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("overwrite/{}B", size_of::<T>()));
    group.throughput(Throughput::Elements(1));
    each_overwriting!(contender::<T>(&mut group));
    contender::<T, BareExchange>(&mut group);
}

fn contender<T: Element, Q: Contender<T>>(group: &mut BenchmarkGroup<'_, WallTime>) {
    let queue = LazyCell::new(|| filled::<T, Q>(CAPACITY));
    run::add(group, BenchmarkId::from_parameter(Q::NAME), |iterations| time::<T, Q>(&queue, iterations));
}

/// `queue` must be full.
#[inline(never)]
pub(crate) fn time<T: Element, Q: Contender<T>>(queue: &Q, iterations: u64) -> Duration {
    let supply = supply::<T>();
    let supply = black_box(&supply);
    let mut sum = 0_u64;
    let start = Instant::now();
    for i in 0..iterations {
        match queue.push(supply[i as usize % SUPPLY]) {
            Pushed::Evicted(oldest) => sum = sum.wrapping_add(oldest.sum()),
            _ => panic!("{} did not overwrite", Q::NAME),
        }
    }
    let elapsed = start.elapsed();
    black_box(sum);
    elapsed
}
