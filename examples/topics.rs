//! Fans out to one channel per topic: a subscriber that is slow, away or gone does not delay the
//! others.
//!
//! Each topic has the queue that suits it: of `door` the newest readings are kept, of `boot` the
//! first ones, and `temperature` has room for all.
//!
//! ```text
//! cargo run --example topics
//! ```

use std::collections::BTreeMap;
use std::thread;

use ringway::{CapacityError, Kind, Pushed, Queue, Receiver, Sender};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) sensor: u32,
    pub(crate) value: f64,
    pub(crate) time: u64,
}

/// What a dispatcher could not keep or not send, by topic.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lost {
    pub(crate) evicted_or_rejected: Vec<(String, Reading)>,
    /// The subscriber is gone.
    pub(crate) closed: Vec<(String, Reading)>,
    /// Lines without a known topic.
    pub(crate) unrouted: Vec<String>,
}

type Topic = Sender<Reading, Box<dyn Queue<Reading>>>;
type Subscription = Receiver<Reading, Box<dyn Queue<Reading>>>;

fn parse(line: &str) -> Option<(&str, Reading)> {
    let mut words = line.split_whitespace();
    let topic = words.next()?;
    let sensor = words.next()?.strip_prefix("sensor-")?.parse().ok()?;
    let value = words.next()?.parse().ok()?;
    let time = words.next()?.parse().ok()?;
    Some((topic, Reading { sensor, value, time }))
}

/// Sends each reading to its topic, and waits for nobody.
fn dispatch(lines: &[String], mut topics: BTreeMap<&str, Topic>) -> Lost {
    let mut lost = Lost::default();
    for line in lines {
        let Some((topic, reading)) = parse(line) else {
            lost.unrouted.push(line.clone());
            continue;
        };
        let Some(subscriber) = topics.get(topic) else {
            lost.unrouted.push(line.clone());
            continue;
        };
        match subscriber.push(reading) {
            Pushed::Stored => {}
            Pushed::Evicted(reading) | Pushed::Rejected(reading) => {
                lost.evicted_or_rejected.push((topic.to_owned(), reading));
            }
            Pushed::Closed(reading) => {
                lost.closed.push((topic.to_owned(), reading));
                topics.remove(topic);
            }
        }
    }
    lost
}

/// What each subscriber got, and what nobody got.
pub(crate) fn run(
    lines: &[String],
) -> Result<(BTreeMap<&'static str, Vec<Reading>>, Lost), CapacityError> {
    let mut topics = BTreeMap::new();
    let mut subscribe = |topic, kind: Kind, capacity| -> Result<Subscription, CapacityError> {
        let (sender, receiver) = ringway::channel(kind.build(capacity)?);
        topics.insert(topic, sender);
        Ok(receiver)
    };
    let temperature = subscribe("temperature", Kind::AtomicRing, 64)?;
    let door = subscribe("door", Kind::AtomicRing, 3)?;
    let boot = subscribe("boot", Kind::Channel, 3)?;
    drop(subscribe("debug", Kind::AtomicRing, 3)?);

    thread::scope(|scope| {
        let prompt = scope.spawn(|| temperature.iter().collect());
        // It drops the senders at its end, which closes all topics.
        let lost = dispatch(lines, topics);
        // These two come when all is over, and find what their queues have kept.
        let received = [
            ("boot", boot.iter().collect()),
            ("door", door.iter().collect()),
            ("temperature", prompt.join().expect("the subscriber does not panic")),
        ];
        Ok((received.into(), lost))
    })
}

pub(crate) fn lines() -> Vec<String> {
    let topics = ["temperature", "door", "boot", "debug", "humidity"];
    let line = |i: usize| {
        format!("{} sensor-{} {}.5 {}", topics[i % 5], i % 3, 10 + i, 1_700_000_000_000 + i)
    };
    (0..40).map(line).chain(["door sensor-? open".to_owned()]).collect()
}

fn main() -> Result<(), CapacityError> {
    let lines = lines();
    let (received, Lost { evicted_or_rejected, closed, unrouted }) = run(&lines)?;
    for (topic, readings) in &received {
        let largest = readings.iter().map(|reading| reading.value).fold(f64::MIN, f64::max);
        println!("{topic}: {} readings, {largest} at most", readings.len());
    }
    let (read, received) = (lines.len(), received.values().map(Vec::len).sum::<usize>());
    let (displaced, closed, unrouted) = (evicted_or_rejected.len(), closed.len(), unrouted.len());
    println!(
        "{read} lines read = {received} received + {displaced} evicted or rejected \
         + {closed} to nobody + {unrouted} unrouted"
    );
    Ok(())
}
