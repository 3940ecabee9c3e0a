//! Hands on batches: 8 readings, or as many as came within 5 milliseconds after the first of them.
//!
//! A database wants many rows at a time, but nobody wants to wait for the last of them for ever. A
//! batcher stands between source and store; a batch changes hands as one `Vec`; and the source is
//! told how much has been stored.
//!
//! ```text
//! cargo run --example batches
//! ```

use std::error::Error;
use std::mem;
use std::thread;
use std::time::Duration;

use ringway::channel::SendError;
use ringway::{AtomicRing, Receiver, Sender};

const SIZE: usize = 8;
const WAIT: Duration = Duration::from_millis(5);

pub(crate) struct Reading {
    celsius: f64,
    time: u64,
}

/// What is stored of a batch.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) times: Vec<u64>,
    pub(crate) mean: f64,
}

fn parse(line: &str) -> Option<Reading> {
    let mut words = line.split_whitespace().skip(1);
    Some(Reading { celsius: words.next()?.parse().ok()?, time: words.next()?.parse().ok()? })
}

/// Makes batches until the source has ended. The batch comes back that nobody wants.
fn batch(
    readings: Receiver<Reading>,
    batches: Sender<Vec<Reading>>,
) -> Result<(), SendError<Vec<Reading>>> {
    let mut batch = Vec::with_capacity(SIZE);
    while readings.recv_batch(&mut batch, SIZE, WAIT).is_ok() {
        batches.send(mem::replace(&mut batch, Vec::with_capacity(SIZE)))?;
    }
    Ok(())
}

/// Stores batches, and says after each how many readings have been stored.
fn store(batches: Receiver<Vec<Reading>>, receipts: Sender<usize>) -> Vec<Row> {
    let mut stored = 0;
    let mut rows = Vec::new();
    for batch in batches {
        stored += batch.len();
        let sum: f64 = batch.iter().map(|reading| reading.celsius).sum();
        rows.push(Row {
            mean: sum / batch.len() as f64,
            times: batch.into_iter().map(|reading| reading.time).collect(),
        });
        // Whatever it says: a receipt that has to make room says less than this one, and a source
        // that has gone wants none.
        let _ = receipts.push(stored);
    }
    rows
}

pub(crate) fn run(lines: &[String]) -> Result<Vec<Row>, Box<dyn Error>> {
    let (source, readings) = ringway::channel(AtomicRing::new(32));
    let (batcher, batches) = ringway::channel(AtomicRing::new(2));
    let (teller, receipts) = ringway::channel(AtomicRing::new(1));

    let mut incoming = lines.iter().filter_map(|line| parse(line));
    let mut sent = 0;
    for reading in incoming.by_ref().take(20) {
        source.send(reading)?;
        sent += 1;
    }
    thread::scope(|scope| {
        // Each stage owns its ends: when it ends, the next one sees the end of its input.
        let batcher = scope.spawn(|| batch(readings, batcher));
        let store = scope.spawn(|| store(batches, teller));
        // The last 4 of the 20 are too few for a batch by size, and the source sends no more before
        // they are stored. So it is time that makes a batch of them.
        while receipts.recv()? < sent {}
        for reading in incoming {
            source.send(reading)?;
        }
        drop(source); // What is left is the last batch: closing ends it early.
        batcher.join().expect("the batcher does not panic")?;
        Ok(store.join().expect("the store does not panic"))
    })
}

pub(crate) fn lines() -> Vec<String> {
    (0..21).map(|i| format!("sensor-7 {}.25 {}", 20 + i % 5, 1_700_000_000_000_u64 + i)).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let lines = lines();
    let rows = run(&lines)?;
    for Row { times, mean } in &rows {
        println!("{} readings from {} on: {mean:.2} °C", times.len(), times[0]);
    }
    println!(
        "{} lines read = {} readings stored",
        lines.len(),
        rows.iter().map(|row| row.times.len()).sum::<usize>()
    );
    Ok(())
}
