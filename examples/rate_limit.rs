//! Keeps to the rate that a service allows: 5 requests at once, then one every 5 milliseconds.
//!
//! A bounded channel holds the permits: a clock puts one in every 5 milliseconds, and one for which
//! there is no room is lost, so that no more than 5 are ever saved up (a "token bucket"). Each
//! request takes a permit, and waits if there is none; and the reader waits for the requests, as
//! its channel is bounded too.
//!
//! ```text
//! cargo run --example rate_limit
//! ```

use std::thread;
use std::time::{Duration, Instant};

use ringway::channel::SendError;
use ringway::{AtomicRing, Receiver, Sender};

pub(crate) const BURST: usize = 5;
pub(crate) const INTERVAL: Duration = Duration::from_millis(5);

struct Permit;

pub(crate) struct Reading {
    pub(crate) sensor: u32,
    pub(crate) celsius: f64,
    pub(crate) time: u64,
}

pub(crate) struct Request {
    /// When it was sent, after the start.
    pub(crate) at: Duration,
    pub(crate) body: String,
}

fn parse(line: &str) -> Option<Reading> {
    let mut words = line.split_whitespace();
    let sensor = words.next()?.strip_prefix("sensor-")?.parse().ok()?;
    let celsius = words.next()?.parse().ok()?;
    let time = words.next()?.parse().ok()?;
    Some(Reading { sensor, celsius, time })
}

fn read(lines: &[String], readings: Sender<Reading>) -> Result<(), SendError<Reading>> {
    lines.iter().filter_map(|line| parse(line)).try_for_each(|reading| readings.send(reading))
}

/// Puts in a permit every `INTERVAL`, until nobody wants one any more.
fn refill(permits: Sender<Permit>) {
    loop {
        // Not until a time that was fixed before: a clock that is late must not catch up, or the
        // limit would be exceeded.
        thread::sleep(INTERVAL);
        if permits.try_send(Permit).is_err_and(|error| error.is_closed()) {
            return;
        }
    }
}

/// Sends a request for each reading, as fast as the permits allow.
///
/// The reading comes back for which there will be no permit, as the clock is gone.
fn request(
    readings: Receiver<Reading>,
    permits: Receiver<Permit>,
    start: Instant,
) -> Result<Vec<Request>, SendError<Reading>> {
    let mut requests = Vec::new();
    // First the reading: a permit in hand while none comes would be one saved up above the limit.
    for reading in readings {
        if permits.recv().is_err() {
            return Err(SendError(reading));
        }
        let Reading { sensor, celsius, time } = reading;
        let body = format!(r#"{{"sensor":{sensor},"celsius":{celsius:.1},"time":{time}}}"#);
        requests.push(Request { at: start.elapsed(), body });
    }
    Ok(requests)
}

pub(crate) fn run(lines: &[String]) -> Result<Vec<Request>, SendError<Reading>> {
    let (reader, readings) = ringway::channel(AtomicRing::new(4));
    let (clock, permits) = ringway::channel(AtomicRing::new(BURST));
    while clock.try_send(Permit).is_ok() {}
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| refill(clock));
        let reader = scope.spawn(|| read(lines, reader));
        // It owns both receivers: when it ends, so do the clock and the reader.
        let requests = request(readings, permits, start)?;
        reader.join().expect("the reader does not panic")?;
        Ok(requests)
    })
}

pub(crate) fn lines() -> Vec<String> {
    (0..25)
        .map(|i| format!("sensor-{} {}.5 {}", i % 3, 20 + i % 4, 1_700_000_000_000_u64 + i))
        .collect()
}

fn main() -> Result<(), SendError<Reading>> {
    let lines = lines();
    let requests = run(&lines)?;
    for Request { at, body } in &requests {
        println!("{:>4} ms  {body}", at.as_millis());
    }
    println!("{} lines read = {} requests sent", lines.len(), requests.len());
    Ok(())
}
