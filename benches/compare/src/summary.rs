//! The results, to read in a terminal: contenders in rows, scenes in columns.

use crate::results::{Measurement, Results};
use bench_support::contender::Kind;
use bench_support::table::{self, millions, nanoseconds, percent};

/// A metric, what it is called, how it is shown, whether more of it is better.
type Metric = (&'static str, &'static str, fn(f64) -> String, bool);

const METRICS: [Metric; 12] = [
    ("ns_per_op", "time", nanoseconds, false),
    ("delivered_per_s", "delivered, M/s", millions, true),
    ("pushed_per_s", "pushed, M/s", millions, true),
    ("delivered_share", "delivered, of what was pushed", percent, true),
    ("push_ns_p50", "push, median", nanoseconds, false),
    ("push_ns_p99", "push, p99", nanoseconds, false),
    ("push_ns_p99_99", "push, p99.99", nanoseconds, false),
    ("age_ns_p50", "age at delivery, median", nanoseconds, false),
    ("age_ns_p99", "age at delivery, p99", nanoseconds, false),
    ("wake_ns_p50", "median", nanoseconds, false),
    ("wake_ns_p99", "p99", nanoseconds, false),
    ("round_trips_per_s", "round trips, M/s", millions, true),
];

/// As many as fit on a line.
const COLUMNS: usize = 6;

pub(crate) fn print(results: &Results) {
    let machine = &results.machine;
    let pinned = if machine.pinned { "pinned" } else { "not pinned" };
    println!(
        "{}, {} cores, {pinned}; {}; {}",
        machine.processor, machine.cores, machine.system, machine.rustc
    );
    println!("medians of {} rounds; * is the best queue", results.method.rounds);

    let groups = distinct(results.measurements.iter().map(|m| group(&m.scene)));
    for group_name in groups {
        let here: Vec<_> =
            results.measurements.iter().filter(|m| group(&m.scene) == group_name).collect();
        for metric in &METRICS {
            let measured = here.iter().filter(|m| m.metrics.contains_key(metric.0));
            let scenes = distinct(measured.map(|m| m.scene.as_str()));
            for scenes in scenes.chunks(COLUMNS) {
                table::print(&format!("{group_name}: {}", metric.1), &rows(&here, metric, scenes));
            }
        }
    }
}

/// What comes first in the name of a scene.
fn group(scene: &str) -> &str {
    scene.split('/').next().unwrap_or(scene)
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn rows(
    here: &[&Measurement],
    &(metric, _, show, more_is_better): &Metric,
    scenes: &[&str],
) -> Vec<Vec<String>> {
    let value = |contender: &str, scene: &str| {
        let m = here.iter().find(|m| m.contender == contender && m.scene == scene)?;
        Some((m.kind, m.metrics.get(metric)?.median))
    };
    let contenders = distinct(here.iter().map(|m| m.contender.as_str()));
    let best = |scene: &str| {
        let values = contenders.iter().filter_map(|contender| value(contender, scene));
        let queues = values.filter(|(kind, _)| *kind != Kind::Floor).map(|(_, value)| value);
        queues.reduce(if more_is_better { f64::max } else { f64::min })
    };
    let best: Vec<_> = scenes.iter().map(|scene| best(scene)).collect();
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(scenes.iter().map(|scene| format!("{} ", short(scene))));
    for contender in &contenders {
        let cells = scenes.iter().zip(&best).map(|(scene, best)| match value(contender, scene) {
            None => String::new(),
            Some((kind, value)) => {
                let mark = if kind != Kind::Floor && Some(value) == *best { '*' } else { ' ' };
                format!("{}{mark}", show(value))
            }
        });
        let row: Vec<_> = [contender.to_string()].into_iter().chain(cells).collect();
        if row.iter().skip(1).any(|cell| !cell.is_empty()) {
            rows.push(row);
        }
    }
    rows
}

/// A name without what all of its group, or nearly all, have in common.
fn short(scene: &str) -> String {
    let common = ["cap1024", "produce0", "consume0"];
    scene.split('/').skip(1).filter(|part| !common.contains(part)).collect::<Vec<_>>().join(" ")
}
