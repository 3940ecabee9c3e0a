//! Lives through an outage of the sink: keeps the newest, tries again with growing pauses until a
//! reading is too old, and calls a sink that keeps failing only now and then (a "circuit breaker").
//!
//! Time is that of the readings, so that every run is the same and none has to wait: a pause lets
//! in what arrives meanwhile. In a service it is `Instant::now` and `thread::sleep`, and the
//! readings come from another thread.
//!
//! ```text
//! cargo run --example sink_down
//! ```

use std::iter::{self, Peekable};
use std::ops::Range;

use ringway::channel::{SendError, TryRecvError};
use ringway::{AtomicRing, Pushed, Sender};

/// All times and pauses are in milliseconds.
pub(crate) const START: u64 = 1_700_000_000_000;
/// When the sink is down.
pub(crate) const DOWN: Range<u64> = START + 100..START + 700;
pub(crate) const MAX_AGE: u64 = 200;
const FIRST_PAUSE: u64 = 10;
const LONGEST_PAUSE: u64 = 80;
/// After so many failures in a row the sink is left alone for so long.
const MAX_FAILURES: u32 = 3;
const BREAK: u64 = 100;

pub(crate) struct Reading {
    celsius: f64,
    time: u64,
}

fn parse(line: &str) -> Option<Reading> {
    let mut words = line.split_whitespace().skip(1);
    Some(Reading { celsius: words.next()?.parse().ok()?, time: words.next()?.parse().ok()? })
}

/// The sink, and what became of the readings that did not get there.
#[derive(Default)]
pub(crate) struct Sink {
    /// When it was called, in vain or not.
    pub(crate) calls: Vec<u64>,
    /// Which readings it has stored, by their time, and when.
    pub(crate) stored: Vec<(u64, u64)>,
    pub(crate) sum: f64,
    pub(crate) too_old: Vec<u64>,
    pub(crate) evicted: Vec<u64>,
}

impl Sink {
    /// Returns whether it is up, and has stored it.
    fn store(&mut self, now: u64, reading: &Reading) -> bool {
        self.calls.push(now);
        let up = !DOWN.contains(&now);
        if up {
            self.stored.push((reading.time, now));
            self.sum += reading.celsius;
        }
        up
    }
}

#[derive(Default)]
struct Breaker {
    failures: u32,
    open_until: u64,
}

impl Breaker {
    /// Makes the call, unless that is hopeless now; returns whether it has succeeded.
    fn call(&mut self, now: u64, call: impl FnOnce() -> bool) -> bool {
        if now < self.open_until {
            return false;
        }
        let succeeded = call();
        // It forgets the failures only when a call succeeds: after a break, the first failure is
        // enough for the next ("half-open").
        self.failures = if succeeded { 0 } else { self.failures + 1 };
        if self.failures >= MAX_FAILURES {
            self.open_until = now + BREAK;
        }
        succeeded
    }
}

/// The clock, and the source that goes by it.
struct Outside<I: Iterator> {
    now: u64,
    incoming: Peekable<I>,
    source: Sender<Reading>,
    evicted: Vec<u64>,
}

impl<I: Iterator<Item = Reading>> Outside<I> {
    fn pause(&mut self, pause: u64) -> Result<(), SendError<Reading>> {
        self.now += pause;
        while let Some(reading) = self.incoming.next_if(|next| next.time <= self.now) {
            // The source never waits for the sink: when there is no room, the oldest reading has to
            // go.
            match self.source.push(reading) {
                Pushed::Evicted(oldest) => self.evicted.push(oldest.time),
                Pushed::Closed(reading) => return Err(SendError(reading)),
                Pushed::Stored | Pushed::Rejected(_) => {}
            }
        }
        if self.incoming.peek().is_none() {
            self.source.close();
        }
        Ok(())
    }
}

pub(crate) fn run(lines: &[String]) -> Result<Sink, SendError<Reading>> {
    let (source, readings) = ringway::channel(AtomicRing::new(8));
    let incoming = lines.iter().filter_map(|line| parse(line)).peekable();
    let mut outside = Outside { now: START, incoming, source, evicted: Vec::new() };
    let (mut breaker, mut sink) = (Breaker::default(), Sink::default());
    loop {
        let reading = match readings.try_recv() {
            Ok(reading) => reading,
            Err(TryRecvError::Empty) => {
                outside.pause(1)?;
                continue;
            }
            Err(TryRecvError::Closed) => return Ok(Sink { evicted: outside.evicted, ..sink }),
        };
        for pause in
            iter::successors(Some(FIRST_PAUSE), |pause| Some((pause * 2).min(LONGEST_PAUSE)))
        {
            if outside.now - reading.time > MAX_AGE {
                sink.too_old.push(reading.time);
                break;
            }
            if breaker.call(outside.now, || sink.store(outside.now, &reading)) {
                break;
            }
            outside.pause(pause)?;
        }
    }
}

/// A reading every 20 milliseconds.
pub(crate) fn lines() -> Vec<String> {
    (0..60).map(|i| format!("sensor-7 {}.5 {}", 20 + i % 4, START + 20 * i)).collect()
}

fn main() -> Result<(), SendError<Reading>> {
    let lines = lines();
    let Sink { calls, stored, sum, too_old, evicted } = run(&lines)?;
    println!(
        "{} calls, {} of them in vain; mean {:.2} °C",
        calls.len(),
        calls.len() - stored.len(),
        sum / stored.len() as f64
    );
    let (read, stored, too_old, evicted) =
        (lines.len(), stored.len(), too_old.len(), evicted.len());
    println!("{read} lines read = {stored} stored + {too_old} too old + {evicted} evicted");
    Ok(())
}
