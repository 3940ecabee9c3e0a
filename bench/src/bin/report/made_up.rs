//! Results that nobody measured.

use std::collections::BTreeMap;

use ringway_bench::results::{Group, Kind, Machine, Measurement, Method, Results, Scene, Spread};

pub(crate) fn results(measurements: Vec<Measurement>) -> Results {
    Results {
        machine: Machine {
            processor: "abacus".into(),
            cores: 2,
            pinned: true,
            system: "table".into(),
            rustc: "rustc 1.85.0".into(),
        },
        method: Method {
            form: "short".into(),
            rounds: 5,
            window_ms: 30.0,
            seed: 1,
            started: "2026-01-01T00:00:00Z".into(),
            seconds: 42.0,
            version: "0.1.0".into(),
        },
        measurements,
    }
}

/// What the name says of the scene is all that is known of it.
pub(crate) fn measurement<const N: usize>(scene: &str, contender: &str, metrics: [(&str, Spread); N]) -> Measurement {
    Measurement {
        scene: Scene {
            group: Group::Single,
            name: scene.into(),
            element: "8B".into(),
            capacity: 1024,
            producers: 1,
            consumers: 1,
            produce_ns: 0,
            consume_ns: 0,
            rate: None,
        },
        contender: contender.into(),
        kind: Kind::Evicts,
        metrics: metrics.into_iter().map(|(metric, spread)| (metric.into(), spread)).collect(),
        curves: BTreeMap::new(),
    }
}

/// A scene of each group, with everything that may be in it.
pub(crate) fn all_groups() -> Results {
    let mut measurements = Vec::new();
    for (group, scene) in [
        (Group::Single, "single/overwrite/8B/cap1024"),
        (Group::Single, "single/pair-half/8B/cap1024"),
        (Group::Messages, "messages/moved/18B"),
        (Group::Threads, "threads/1p1c/8B/cap1024/produce0/consume0"),
        (Group::Threads, "threads/1p1c/8B/cap1024/produce0/consume1000"),
        (Group::Latency, "latency/1p1c/8B/consume0/rate200000"),
        (Group::Pipes, "pipes/wake/thread/apart"),
    ] {
        for (contender, kind, size) in
            [("AtomicRing", Kind::Evicts, 2.0), ("ArrayQueue", Kind::Evicts, 1.0), ("bare exchange", Kind::Floor, 0.5)]
        {
            let of = |size| spread((size * 0.9, size, size * 1.1));
            let mut measurement = match group {
                Group::Single | Group::Messages => {
                    let allocations = ("allocations_per_op", of(0.0));
                    measurement(scene, contender, [("ns_per_op", of(size)), allocations])
                }
                Group::Threads => {
                    let rates = [("pushed_per_s", of(size * 1e7)), ("delivered_per_s", of(size * 1e6))];
                    let share = ("delivered_share", of(0.1));
                    measurement(scene, contender, [rates[0], rates[1], share])
                }
                Group::Pipes => measurement(scene, contender, [("wake_ns_p50", of(size * 1e4))]),
                Group::Latency => measurement(scene, contender, [("push_ns_p99_99", of(size * 1e3))]),
            };
            if group == Group::Latency {
                let curve = || [0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0].map(|q| (q, size * 100.0 * (1.0 + q))).into();
                measurement.curves = [("push_ns".into(), curve()), ("age_ns".into(), curve())].into();
            }
            measurement.kind = kind;
            measurement.scene.group = group;
            measurement.scene.consume_ns = if scene.ends_with("consume1000") { 1000 } else { 0 };
            measurements.push(measurement);
        }
    }
    results(measurements)
}

/// First quartile, median, third quartile.
pub(crate) fn spread((low, median, high): (f64, f64, f64)) -> Spread {
    Spread { low, median, high, rounds: 5 }
}
