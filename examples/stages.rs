//! Four stages in a row, and how they are shut down: stop the source, let each stage finish what
//! has come, and nothing is lost.
//!
//! source → reducer (one reading per sensor and second) → enricher (what is known about the sensor)
//! → sink. Each stage is a thread that owns its receiver and its sender. The order of the shutdown
//! follows from that: when a stage ends, its sender is dropped, which closes the channel to the
//! next, which takes what is still inside and ends too.
//!
//! ```text
//! cargo run --example stages
//! ```

use std::collections::HashSet;
use std::error::Error;
use std::thread;

use ringway::channel::SendError;
use ringway::{AtomicRing, Receiver, Sender};

/// The sink wants to stop after so many records.
pub(crate) const ENOUGH: usize = 200;

struct Reading {
    sensor: usize,
    celsius: f64,
    time: u64,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) place: &'static str,
    pub(crate) celsius: f64,
    pub(crate) time: u64,
}

/// Where each line ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) read: u64,
    pub(crate) unreadable: u64,
    pub(crate) duplicates: u64,
    pub(crate) unknown: u64,
    pub(crate) stored: Vec<Record>,
}

/// The input, which never ends.
pub(crate) fn line(i: u64) -> String {
    match i % 50 {
        49 => format!("sensor-{} ", i % 5),
        _ => format!("sensor-{} {}.5 {}", i % 5, 18 + i % 7, 1_700_000_000_000 + 70 * i),
    }
}

fn parse(line: &str) -> Option<Reading> {
    let mut words = line.split_whitespace();
    let sensor = words.next()?.strip_prefix("sensor-")?.parse().ok()?;
    let celsius = words.next()?.parse().ok()?;
    let time = words.next()?.parse().ok()?;
    Some(Reading { sensor, celsius, time })
}

/// Reads until it is stopped; returns how many lines were sent. The one that was not is the first
/// to be read next time.
fn source(lines: Sender<String>) -> u64 {
    (0..).find(|&i| lines.send(line(i)).is_err()).expect("the input does not end")
}

/// Hands on the first reading of a sensor in every second; returns how many lines could not be
/// read, and how many were duplicates.
fn reduce(
    lines: Receiver<String>,
    readings: Sender<Reading>,
) -> Result<(u64, u64), SendError<Reading>> {
    let (mut unreadable, mut duplicates) = (0, 0);
    let (mut second, mut seen) = (0, HashSet::new());
    for line in lines {
        let Some(reading) = parse(&line) else {
            unreadable += 1;
            continue;
        };
        if reading.time / 1000 != second {
            // The lines are in the order of time: what was seen before cannot come again.
            second = reading.time / 1000;
            seen.clear();
        }
        if seen.insert(reading.sensor) {
            readings.send(reading)?;
        } else {
            duplicates += 1;
        }
    }
    Ok((unreadable, duplicates))
}

/// Adds where the sensor is; returns how many readings are from sensors that nobody knows.
fn enrich(readings: Receiver<Reading>, records: Sender<Record>) -> Result<u64, SendError<Record>> {
    let places = ["boiler", "cellar", "roof", "yard"];
    let mut unknown = 0;
    for Reading { sensor, celsius, time } in readings {
        match places.get(sensor) {
            Some(place) => records.send(Record { place, celsius, time })?,
            None => unknown += 1,
        }
    }
    Ok(unknown)
}

pub(crate) fn run() -> Result<Outcome, Box<dyn Error>> {
    let (to_reducer, lines) = ringway::channel(AtomicRing::new(4));
    let (to_enricher, readings) = ringway::channel(AtomicRing::new(4));
    let (to_sink, records) = ringway::channel(AtomicRing::new(4));
    // The means to stop the source. Not a sender: one that lives on would keep the channel open
    // when the source has ended by itself.
    let stop = lines.clone();
    thread::scope(|scope| {
        let source = scope.spawn(|| source(to_reducer));
        let reducer = scope.spawn(|| reduce(lines, to_enricher));
        let enricher = scope.spawn(|| enrich(readings, to_sink));
        let mut stored = Vec::new();
        for record in records {
            stored.push(record);
            if stored.len() == ENOUGH {
                // The source is told at its next line; what it has sent before still arrives here.
                // A signal would do the same.
                stop.close();
            }
        }
        // So that the source ends too if it was a stage in between that has ended first.
        drop(stop);
        let read = source.join().expect("the source does not panic");
        let (unreadable, duplicates) = reducer.join().expect("the reducer does not panic")?;
        let unknown = enricher.join().expect("the enricher does not panic")?;
        Ok(Outcome { read, unreadable, duplicates, unknown, stored })
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let Outcome { read, unreadable, duplicates, unknown, stored } = run()?;
    if let Some(Record { place, celsius, time }) =
        stored.iter().max_by(|a, b| a.celsius.total_cmp(&b.celsius))
    {
        println!("the hottest: {celsius} °C, {place}, at {time}");
    }
    let stored = stored.len();
    println!(
        "{read} lines read = {unreadable} unreadable + {duplicates} duplicates + {unknown} unknown \
         + {stored} stored"
    );
    Ok(())
}
