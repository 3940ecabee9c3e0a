//! What the queues cost, beside their peers: `cargo bench`.
//!
//! | run | shows | takes, on 2 cores |
//! |---|---|---|
//! | `cargo bench` | everything, then the figures and the table of sizes | 5 minutes |
//! | `cargo bench -- --quick` | the same, with wide error bars and without plots | under a minute |
//! | `cargo bench -- figures` | only the figures | a minute |
//! | `cargo bench -- sizes`, `overwrite`, `pair`, `threads` | only that group, by criterion | |
//! | `cargo bench -- --test` | that every benchmark runs | a second |
//!
//! Criterion measures one benchmark after the other, so a machine that slows down on the way favours the early ones.
//! The figures, which are ratios, are therefore measured again in one [`race`] each, where all contenders take turns.

mod contender;
mod cores;
mod element;
mod estimates;
mod overwrite;
mod pair;
mod race;
mod ratios;
mod run;
mod sizes;
mod table;
mod threads;

use std::time::Duration;

use criterion::Criterion;

/// Of every bounded queue in every group.
const CAPACITY: usize = 1024;

fn main() {
    let pinned = cores::pin(0);
    contender::check_all();

    let quick = run::is_quick();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .nresamples(10_000)
        .configure_from_args();
    if quick {
        // They would take as long as the measurements.
        criterion = criterion.without_plots();
    }
    sizes::bench(&mut criterion);
    overwrite::bench(&mut criterion);
    pair::bench(&mut criterion);
    threads::bench(&mut criterion);
    criterion.final_summary();

    let complete = run::is_complete();
    if complete || run::is_figures_only() {
        println!("{} cores, {}", cores::count(), if pinned { "pinned" } else { "could not be pinned" });
        ratios::measure_and_print(quick);
    }
    if complete {
        sizes::print_table();
        let report = estimates::home().join("report/index.html");
        if !quick && report.is_file() {
            println!("\nHTML report: {}", report.display());
        }
    }
}
