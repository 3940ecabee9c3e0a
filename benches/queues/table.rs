//! Queues in rows, message sizes in columns, from criterion's own estimates.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use serde_json::Value;

use crate::sizes::{GROUPS, SIZES};

/// Prints what was measured in `sizes` since `started`.
pub(crate) fn print(started: SystemTime) {
    let folder = results();
    for group in GROUPS {
        let rows = rows(&folder.join(group), started);
        if rows.is_empty() {
            continue;
        }
        print!("\n{group:<18}");
        for size in SIZES {
            print!("{:>12}", format!("{size} B"));
        }
        println!();
        for (queue, times) in rows {
            print!("{queue:<18}");
            for time in times {
                print!("{:>12}", time.map_or(String::new(), nanoseconds));
            }
            println!();
        }
    }
}

/// Where criterion puts its results.
fn results() -> PathBuf {
    if let Some(home) = env::var_os("CRITERION_HOME") {
        return home.into();
    }
    let program = env::current_exe().unwrap_or_default();
    // Cargo marks its target folder by this file.
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.unwrap_or(Path::new("target")).join("criterion")
}

/// Each queue with its times, the best of the first column first.
fn rows(group: &Path, started: SystemTime) -> Vec<(String, Vec<Option<f64>>)> {
    let queues = fs::read_dir(group).into_iter().flatten().flatten();
    let row = |queue: fs::DirEntry| {
        let time = |size: usize| {
            estimate(&queue.path().join(size.to_string()).join("new/estimates.json"), started)
        };
        let times: Vec<_> = SIZES.map(time).into();
        let measured = times.iter().any(Option::is_some);
        measured.then(|| (queue.file_name().to_string_lossy().into_owned(), times))
    };
    let mut rows: Vec<_> = queues.filter_map(row).collect();
    rows.sort_by(|(_, a), (_, b)| a.partial_cmp(b).expect("no time is NaN"));
    rows
}

/// Nanoseconds, if they were measured since `started`.
fn estimate(file: &Path, started: SystemTime) -> Option<f64> {
    fs::metadata(file).ok()?.modified().ok().filter(|modified| *modified >= started)?;
    let estimates: Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    // The slope where criterion has one: what it prints as "time".
    let point = |name: &str| estimates[name]["point_estimate"].as_f64();
    point("slope").or_else(|| point("mean"))
}

fn nanoseconds(ns: f64) -> String {
    let (value, unit) = if ns < 1e3 { (ns, "ns") } else { (ns / 1e3, "µs") };
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$} {unit}")
}
