//! What is compared is what it says it is.

use std::collections::HashSet;

use bench_support::scenes::{full, short};
use bench_support::table::nanoseconds;

#[test]
fn all_that_is_timed_is_a_queue() {
    for entrant in bench_support::entrants() {
        (entrant.check)();
    }
}

#[test]
fn names_are_unique_and_the_short_form_is_a_part_of_the_full_one() {
    let names: HashSet<_> = full().into_iter().map(|scene| scene.name).collect();
    assert_eq!(names.len(), full().len());
    for scene in short() {
        assert!(names.contains(&scene.name), "{}", scene.name);
    }
}

#[test]
fn digits() {
    let cases = [
        (0.0, "0.00 ns"),
        (9.996, "10.0 ns"),
        (99.96, "100 ns"),
        (1234.0, "1.23 µs"),
        (2e6, "2.00 ms"),
    ];
    for (ns, text) in cases {
        assert_eq!(nanoseconds(ns), text);
    }
}
