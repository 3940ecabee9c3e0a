//! The main figures of a run, to read in a terminal; a report has more of them.

use std::collections::BTreeMap;

use crate::figures::figures;
use crate::results::{Group, Kind, Measurement, Results, Scene};
use crate::table::{self, millions, nanoseconds};

pub(crate) fn print(results: &Results) {
    let machine = &results.machine;
    let pinned = if machine.pinned { "pinned" } else { "not pinned" };
    println!("{}, {} cores, {pinned}; {}; {}", machine.processor, machine.cores, machine.system, machine.rustc);
    println!("medians of {} rounds; * is the best queue", results.method.rounds);

    // By what is left of a name without what the columns say.
    let mut tables: BTreeMap<(Group, String), Vec<&Measurement>> = BTreeMap::new();
    for measurement in &results.measurements {
        let scene = &measurement.scene;
        let title = match scene.group {
            Group::Single | Group::Messages | Group::Pipes => {
                scene.name.split('/').take(2).collect::<Vec<_>>().join("/")
            }
            Group::Threads if (scene.produce_ns, scene.consume_ns) != (0, 0) => {
                format!("threads/{}p{}c/{}", scene.producers, scene.consumers, scene.element)
            }
            Group::Threads => "threads".into(),
            Group::Latency => scene.name.clone(),
        };
        tables.entry((scene.group, title)).or_default().push(measurement);
    }
    for ((group, title), measurements) in tables {
        match group {
            Group::Single | Group::Messages => {
                let columns = columns(&measurements, "ns_per_op", rest_of_the_name);
                print_table(&format!("{title}: time"), &measurements, &columns, nanoseconds, false);
            }
            Group::Threads => {
                let delivered = columns(&measurements, "delivered_per_s", threads_heading);
                let pushed = columns(&measurements, "pushed_per_s", threads_heading);
                print_table(&format!("{title}: delivered, M/s"), &measurements, &delivered, millions, true);
                print_table(&format!("{title}: pushed, M/s"), &measurements, &pushed, millions, true);
            }
            Group::Latency => {
                let metrics = ["push_ns_p50", "push_ns_p99", "push_ns_p99_99", "age_ns_p50", "age_ns_p99"];
                let columns: Vec<_> = metrics.map(|metric| (metric.replace("_ns", ""), title.clone(), metric)).into();
                print_table(&title, &measurements, &columns, nanoseconds, false);
            }
            Group::Pipes => {
                for (metric, what, show, more_is_better) in [
                    ("wake_ns_p50", "p50", nanoseconds as fn(f64) -> String, false),
                    ("wake_ns_p99", "p99", nanoseconds, false),
                    ("round_trips_per_s", "round trips, M/s", millions, true),
                    ("delivered_per_s", "delivered, M/s", millions, true),
                    ("pushed_per_s", "pushed, M/s", millions, true),
                ] {
                    let columns = columns(&measurements, metric, rest_of_the_name);
                    print_table(&format!("{title}: {what}"), &measurements, &columns, show, more_is_better);
                }
            }
        }
    }
    print_figures(results);
}

/// A heading, the scene, the metric.
type Column = (String, String, &'static str);

fn columns(measurements: &[&Measurement], metric: &'static str, heading: impl Fn(&Scene) -> String) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for Measurement { scene, .. } in measurements {
        if columns.iter().all(|(_, name, _)| *name != scene.name) {
            columns.push((heading(scene), scene.name.clone(), metric));
        }
    }
    columns
}

fn rest_of_the_name(scene: &Scene) -> String {
    scene.name.split('/').skip(2).collect::<Vec<_>>().join(" ")
}

fn threads_heading(scene: &Scene) -> String {
    let Scene { producers, consumers, element, capacity, produce_ns, consume_ns, .. } = scene;
    match (produce_ns, consume_ns) {
        (0, 0) if *capacity == 1024 => format!("{producers}p{consumers}c {element}"),
        (0, 0) => format!("{producers}p{consumers}c {element} cap{capacity}"),
        _ => format!("{produce_ns}+{consume_ns} ns"),
    }
}

/// As many columns as fit on a line, then the next ones below.
fn print_table(
    title: &str,
    measurements: &[&Measurement],
    columns: &[Column],
    show: fn(f64) -> String,
    more_is_better: bool,
) {
    let mut contenders: Vec<(&str, Kind)> = Vec::new();
    for measurement in measurements {
        let contender = (measurement.contender.as_str(), measurement.kind);
        if !contenders.contains(&contender) {
            contenders.push(contender);
        }
    }
    let value = |contender: &str, (_, scene, metric): &Column| {
        let is_it = |m: &&&Measurement| m.contender == contender && m.scene.name == *scene;
        Some(measurements.iter().find(is_it)?.metrics.get(*metric)?.median)
    };
    for columns in columns.chunks(6) {
        let mut rows = vec![vec![String::new()]];
        rows[0].extend(columns.iter().map(|(heading, ..)| format!("{heading} ")));
        let best = columns.iter().map(|column| {
            let queues = contenders.iter().filter(|(_, kind)| *kind != Kind::Floor);
            let values = queues.filter_map(|(contender, _)| value(contender, column));
            values.reduce(if more_is_better { f64::max } else { f64::min })
        });
        let best: Vec<_> = best.collect();
        for (contender, kind) in &contenders {
            let mut row = vec![contender.to_string()];
            for (column, best) in columns.iter().zip(&best) {
                row.push(value(contender, column).map_or_else(String::new, |value| {
                    let mark = if *kind != Kind::Floor && Some(value) == *best { '*' } else { ' ' };
                    format!("{}{mark}", show(value))
                }));
            }
            if row.iter().skip(1).any(|cell| !cell.is_empty()) {
                rows.push(row);
            }
        }
        if rows.len() > 1 {
            table::print(title, &rows);
        }
    }
}

fn print_figures(results: &Results) {
    let figures = figures(results);
    if figures.is_empty() {
        return;
    }
    let mut rows = vec![["", "wanted", "measured", "met"].map(String::from).to_vec()];
    for figure in figures {
        let met = if figure.met { "yes" } else { "no" };
        rows.push(vec![figure.what, figure.wanted, format!("{:.2}", figure.measured), met.into()]);
    }
    table::print("figures to reach, ratios of medians", &rows);
}
