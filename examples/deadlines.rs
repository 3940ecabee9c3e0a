//! Waits, but not for ever: a timeout, one deadline for several waits, and cancelling; by threads,
//! and by tasks on tokio.
//!
//! A control loop wants the mean of what its sensors have said by the deadline, whoever is silent.
//! What was not received in time is not lost: the next wait finds it.
//!
//! ```text
//! cargo run --example deadlines
//! ```

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use ringway::channel::{RecvTimeoutError, SendTimeoutError};
use ringway::{AtomicRing, Pushed};
use tokio::time::{timeout, timeout_at};

const SHORT: Duration = Duration::from_millis(5);

#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Whether the wait for a silent sensor has ended.
    pub(crate) silent: bool,
    /// A reading for which there was no room in time.
    pub(crate) no_room: Option<f64>,
    pub(crate) by_deadline: Vec<f64>,
    /// What a worker has received when it was cancelled, and what became of the reading that was
    /// sent to it after that.
    pub(crate) cancelled: Vec<f64>,
    pub(crate) afterwards: Pushed<f64>,
    pub(crate) left: Vec<f64>,
}

/// The readings of three lines.
fn readings() -> impl Iterator<Item = f64> {
    let lines = [
        "sensor-1 20.5 1700000000001",
        "sensor-2 21.5 1700000000002",
        "sensor-3 24.0 1700000000003",
    ];
    lines.into_iter().filter_map(|line| line.split_whitespace().nth(1)?.parse().ok())
}

pub(crate) fn threads() -> Result<Outcome, Box<dyn Error>> {
    let (tx, rx) = ringway::channel(AtomicRing::new(3));
    let silent = rx.recv_timeout(SHORT) == Err(RecvTimeoutError::Timeout);

    readings().try_for_each(|reading| tx.send(reading))?;
    let no_room = match tx.send_timeout(99.0, SHORT) {
        Err(SendTimeoutError::Timeout(reading)) => Some(reading),
        Ok(()) | Err(SendTimeoutError::Closed(_)) => None,
    };

    // One point in time for all waits: with a timeout for each, every reading would put off the
    // end.
    let deadline = Instant::now() + SHORT;
    let mut by_deadline = Vec::new();
    while let Ok(reading) = rx.recv_deadline(deadline) {
        by_deadline.push(reading);
    }

    // A thread that waits is cancelled by closing its channel: it takes what was sent before, then
    // it is told.
    let cancelled = thread::scope(|scope| {
        let worker = scope.spawn(|| rx.iter().collect());
        let sent = readings().try_for_each(|reading| tx.send(reading));
        tx.close();
        sent.map(|()| worker.join().expect("the worker does not panic"))
    })?;
    Ok(Outcome {
        silent,
        no_room,
        by_deadline,
        cancelled,
        afterwards: tx.push(99.0),
        left: rx.drain().collect(),
    })
}

#[tokio::main]
pub(crate) async fn tasks() -> Result<Outcome, Box<dyn Error>> {
    let (tx, rx) = ringway::channel(AtomicRing::new(3));
    // A future that is dropped has taken nothing, so any timer will do.
    let silent = timeout(SHORT, rx.recv_async()).await.is_err();

    for reading in readings() {
        tx.send_async(reading).await?;
    }
    // What it was to send goes with it, though: keep a copy of what is still wanted.
    let reading = 99.0;
    let no_room = timeout(SHORT, tx.send_async(reading)).await.is_err().then_some(reading);

    let deadline = tokio::time::Instant::now() + SHORT;
    let mut by_deadline = Vec::new();
    while let Ok(Ok(reading)) = timeout_at(deadline, rx.recv_async()).await {
        by_deadline.push(reading);
    }

    // A task can be cancelled alone, and its channel stays open for others. The signal is a channel
    // that is closed.
    let (cancel, cancelled) = ringway::channel(AtomicRing::<()>::new(1));
    let worker = tokio::spawn({
        let rx = rx.clone();
        async move {
            let mut received = Vec::new();
            loop {
                tokio::select! {
                    biased; // In this order: what was sent before is taken first.
                    Ok(reading) = rx.recv_async() => received.push(reading),
                    () = cancelled.closed() => return received,
                }
            }
        }
    });
    for reading in readings() {
        tx.send_async(reading).await?;
    }
    drop(cancel);
    let cancelled = worker.await?;
    Ok(Outcome {
        silent,
        no_room,
        by_deadline,
        cancelled,
        afterwards: tx.push(99.0),
        left: rx.drain().collect(),
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    for (who, outcome) in [("threads", threads()?), ("tasks", tasks()?)] {
        let Outcome { by_deadline, cancelled, afterwards, left, .. } = &outcome;
        let mean = by_deadline.iter().sum::<f64>() / by_deadline.len() as f64;
        println!("{who}: {} readings by the deadline, mean {mean}", by_deadline.len());
        println!(
            "{who}: {} received when cancelled, {afterwards:?} afterwards, {left:?} left",
            cancelled.len()
        );
    }
    Ok(())
}
