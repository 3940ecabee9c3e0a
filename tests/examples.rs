//! The patterns in `examples/`: each is run, and every element must be accounted for.
#![cfg(not(ringway_loom))]

// What only their `main` uses is not used here.
#[allow(dead_code)]
#[path = "../examples/batches.rs"]
mod batches;
#[allow(dead_code)]
#[path = "../examples/deadlines.rs"]
mod deadlines;
#[allow(dead_code)]
#[path = "../examples/rate_limit.rs"]
mod rate_limit;
#[allow(dead_code)]
#[path = "../examples/sink_down.rs"]
mod sink_down;
#[allow(dead_code)]
#[path = "../examples/stages.rs"]
mod stages;
#[allow(dead_code)]
#[path = "../examples/topics.rs"]
mod topics;

#[allow(unreachable_pub, reason = "other tests share it too")]
#[path = "support/watched.rs"]
mod watched;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use ringway::Pushed;
use watched::within;

const START: u64 = 1_700_000_000_000;

/// Runs an example, and panics when it does not end.
#[track_caller]
fn run<R: Send + 'static>(example: impl FnOnce() -> R + Send + 'static) -> R {
    // It takes a fraction of a second.
    within(Duration::from_secs(60), example)
}

#[test]
fn every_reading_is_requested_once_and_none_before_there_is_a_permit() {
    let requests = run(|| rate_limit::run(&rate_limit::lines()).unwrap());
    let bodies: Vec<_> = requests.iter().map(|request| request.body.as_str()).collect();
    let expected: Vec<_> = (0..25)
        .map(|i| {
            format!(r#"{{"sensor":{},"celsius":{}.5,"time":{}}}"#, i % 3, 20 + i % 4, START + i)
        })
        .collect();
    assert_eq!(bodies, expected);
    // Never too early, on any machine; how late depends on it.
    for (i, request) in (1..).zip(&requests[5..]) {
        assert!(
            request.at >= i * Duration::from_millis(5),
            "request {i} after the burst at {:?}",
            request.at
        );
    }
}

#[test]
fn batches_end_by_size_by_time_and_by_closing() {
    let row =
        |times: Range<u64>, mean| batches::Row { times: times.map(|i| START + i).collect(), mean };
    let expected = [row(0..8, 21.875), row(8..16, 22.375), row(16..20, 22.75), row(20..21, 20.25)];
    assert_eq!(run(|| batches::run(&batches::lines()).unwrap()), expected);
}

#[test]
fn an_outage_costs_the_oldest_and_few_calls() {
    let sink = run(|| sink_down::run(&sink_down::lines()).unwrap());
    let after_start =
        |times: Vec<u64>| times.into_iter().map(|time| time - START).collect::<Vec<_>>();
    // The source is first looked at after a millisecond; the sink is down from 100 on.
    let mut stored = vec![(0, 1), (20, 20), (40, 40), (60, 60), (80, 80)];
    // By the first call after the end of the outage, eight are in the queue, and one in hand.
    stored.extend([600, 640, 660, 680, 700, 720, 740, 760, 780].map(|time| (time, 780)));
    stored.extend((800..1200).step_by(20).map(|time| (time, time)));
    assert_eq!(
        sink.stored.iter().map(|&(time, at)| (time - START, at - START)).collect::<Vec<_>>(),
        stored
    );
    assert_eq!(after_start(sink.too_old), [100, 180, 260, 320, 400, 460, 540]);
    let evicted = [
        120, 140, 160, 200, 220, 240, 280, 300, 340, 360, 380, 420, 440, 480, 500, 520, 560, 580,
        620,
    ];
    assert_eq!(after_start(sink.evicted), evicted);
    // Three failures, with growing pauses, and from then on one call after each break.
    let (calls, in_vain): (Vec<_>, Vec<_>) = after_start(sink.calls)
        .into_iter()
        .partition(|at| stored.iter().any(|(_, stored_at)| stored_at == at));
    assert_eq!(calls.len(), stored.len());
    assert_eq!(in_vain, [100, 110, 130, 250, 360, 470, 570, 680]);
    assert_eq!(stored.len() + 7 + evicted.len(), 60);
}

#[test]
fn what_was_read_before_the_stop_arrives() {
    let outcome = run(|| stages::run().unwrap());
    let (mut unreadable, mut duplicates, mut unknown) = (0, 0, 0);
    let mut seen = BTreeSet::new();
    let mut stored = Vec::new();
    for i in 0..outcome.read {
        let (sensor, time) = (i % 5, START + 70 * i);
        match ["boiler", "cellar", "roof", "yard"].get(sensor as usize) {
            _ if i % 50 == 49 => unreadable += 1,
            _ if !seen.insert((time / 1000, sensor)) => duplicates += 1,
            None => unknown += 1,
            Some(place) => {
                stored.push(stages::Record { place, celsius: (18 + i % 7) as f64 + 0.5, time })
            }
        }
    }
    assert!(stored.len() >= 200, "it is stopped after 200 records, not before");
    assert_eq!(
        outcome,
        stages::Outcome { read: outcome.read, unreadable, duplicates, unknown, stored }
    );
}

#[test]
fn waits_end_and_lose_nothing() {
    let readings = vec![20.5, 21.5, 24.0];
    let expected = |afterwards, left| deadlines::Outcome {
        silent: true,
        no_room: Some(99.0),
        by_deadline: readings.clone(),
        cancelled: readings.clone(),
        afterwards,
        left,
    };
    assert_eq!(run(|| deadlines::threads().unwrap()), expected(Pushed::Closed(99.0), vec![]));
    assert_eq!(run(|| deadlines::tasks().unwrap()), expected(Pushed::Stored, vec![99.0]));
}

#[test]
fn each_topic_keeps_what_its_queue_keeps() {
    let (received, lost) = run(|| topics::run(&topics::lines()).unwrap());
    let times = |readings: &[topics::Reading]| {
        readings.iter().map(|reading| reading.time - START).collect::<Vec<_>>()
    };
    let received: Vec<_> =
        received.iter().map(|(&topic, readings)| (topic, times(readings))).collect();
    let expected = [
        ("boot", vec![2, 7, 12]),
        ("door", vec![26, 31, 36]),
        ("temperature", (0..40).step_by(5).collect()),
    ];
    assert_eq!(received, expected);

    let lost_times = |lost: &[(String, topics::Reading)]| {
        lost.iter()
            .map(|(topic, reading)| (topic.clone(), reading.time - START))
            .collect::<Vec<_>>()
    };
    // The newest readings of `door` push out its oldest, and those of `boot`, which come in
    // between, do not get in.
    let displaced: Vec<_> = (0..5)
        .flat_map(|i| [("door".to_owned(), 1 + 5 * i), ("boot".to_owned(), 17 + 5 * i)])
        .collect();
    assert_eq!(lost_times(&lost.evicted_or_rejected), displaced);
    // Once it is known that the subscriber is gone, so is the topic.
    assert_eq!(lost_times(&lost.closed), [("debug".to_owned(), 3)]);
    let nowhere = |line: &String| {
        line.starts_with("humidity")
            || line.starts_with("debug") && !line.ends_with("03")
            || line.contains('?')
    };
    let unrouted: Vec<_> = topics::lines().into_iter().filter(nowhere).collect();
    assert_eq!(unrouted.len(), 16);
    assert_eq!(lost.unrouted, unrouted);
}
