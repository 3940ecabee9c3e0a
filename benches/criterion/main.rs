//! `cargo bench`, or a part of it, `cargo bench -- pair`: criterion's benchmarks.
//!
//! A group answers one question, and the contenders are its rows; `groups` lists them.
//!
//! The times are short, so that all of it takes less than three minutes; ask for longer ones by
//! `--warm-up-time`, `--measurement-time` and `--sample-size`.

mod groups;
mod table;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bench_support::cores;
use bench_support::entrant::Entrant;
use bench_support::scene::{Effort, Scene};
use criterion::measurement::WallTime;
use criterion::{AxisScale, BenchmarkGroup, BenchmarkId, Criterion};
use criterion::{PlotConfiguration, SamplingMode, Throughput};

use crate::groups::{Group, MESSAGES, SIZES, groups, names, short};

/// Several time slices of the operating system.
const WINDOW: Duration = Duration::from_millis(20);

/// What was delivered of what was pushed, in each window of a group and contender.
pub(crate) type Shares = BTreeMap<(String, &'static str), Vec<f64>>;

fn main() {
    // The first one to ask for the cores must not be pinned yet.
    cores::count();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(40))
        .measurement_time(Duration::from_millis(120))
        .sample_size(20)
        .nresamples(2_000)
        .configure_from_args();
    let started = SystemTime::now();
    let shares = RefCell::new(Shares::new());
    let (groups, entrants) = (groups(), bench_support::entrants());
    for Group { name, scene } in &groups {
        let mut group = criterion.benchmark_group(name);
        if !scene.is_single() {
            // A sample is a window, however many iterations it is to stand for. The time is only
            // told to criterion, which else warns.
            group.sampling_mode(SamplingMode::Flat).measurement_time(25 * WINDOW);
        }
        for entrant in entrants.iter().filter(|entrant| (entrant.takes)(scene)) {
            let id = BenchmarkId::from_parameter(short(entrant.name));
            bench(&mut group, id, entrant, scene, &|share| {
                let key = (name.clone(), entrant.name);
                shares.borrow_mut().entry(key).or_default().push(share);
            });
        }
        group.finish();
    }
    for (name, copied) in MESSAGES {
        let mut group = criterion.benchmark_group(name);
        group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
        for entrant in &entrants {
            for size in SIZES {
                let scene = Scene::messages(copied, size);
                // More lines than these could not be told apart.
                if (entrant.takes)(&scene) && entrant.name != "metered AtomicRing" {
                    if copied {
                        group.throughput(Throughput::Bytes(size as u64));
                    }
                    let id = BenchmarkId::new(short(entrant.name), size);
                    bench(&mut group, id, entrant, &scene, &|_| ());
                }
            }
        }
        group.finish();
    }
    criterion.final_summary();
    table::tell_lines_apart(MESSAGES.map(|(name, _)| name));
    table::print(started, &groups, &names(&entrants), &shares.into_inner());
}

fn bench(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    entrant: &Entrant,
    scene: &Scene,
    tell_share: &dyn Fn(f64),
) {
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| {
            let effort = Effort { operations: Some(iterations), window: WINDOW, ..Effort::SHORT };
            let sample = entrant.turn(scene, &effort);
            sample.metric("delivered_share").into_iter().for_each(tell_share);
            let rate = sample.metric("delivered_per_s").map(|rate| 1e9 / rate.max(1.0));
            let ns = sample.metric("ns_per_op").or(sample.metric("wake_ns_p50")).or(rate);
            Duration::from_secs_f64(
                ns.expect("every scene has one of them") * iterations as f64 / 1e9,
            )
        });
    });
}
