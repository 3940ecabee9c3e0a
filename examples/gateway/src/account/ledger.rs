//! What becomes of the messages of one queue.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{Histogram, IntCounter, IntGauge, exponential_buckets};

use super::Totals;
use super::metrics::Metrics;
use crate::message::Message;
use crate::moment::Moment;

/// What a worker is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// There is nothing to be delivered.
    Wait,
    Try,
    /// After a failure, until the next attempt.
    Pause,
}

impl Phase {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Wait, "wait"), (Self::Try, "try"), (Self::Pause, "pause")];
}

/// Why a message that was received is not delivered, though it was neither evicted nor too old nor
/// a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// By a queue that rejects the newest.
    Full,
    /// It came when the queue was closed already.
    Closed,
    /// Its sender went away while it waited for room.
    Abandoned,
    /// It is not what `--parse` asks for.
    Malformed,
    /// By the output, which failed, and there are no retries; or which says that another try is of
    /// no use.
    Output,
    /// Not even tried, since the output had failed too often.
    Breaker,
    /// It was still there when the time for the shutdown was over.
    Shutdown,
    /// It was in hand when the worker panicked.
    Panic,
}

impl Rejection {
    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    const ALL: [(Self, &'static str); 8] = [
        (Self::Full, "full"),
        (Self::Closed, "closed"),
        (Self::Abandoned, "abandoned"),
        (Self::Malformed, "malformed"),
        (Self::Output, "output"),
        (Self::Breaker, "breaker"),
        (Self::Shutdown, "shutdown"),
        (Self::Panic, "panic"),
    ];
}

pub(crate) struct Ledger {
    output: String,
    rejected: [IntCounter; Rejection::ALL.len()],
    stored: IntCounter,
    evicted: IntCounter,
    delivered: IntCounter,
    delivered_bytes: IntCounter,
    duplicate: IntCounter,
    reduced: IntCounter,
    expired: IntCounter,
    failures: IntCounter,
    age: Histogram,
    batch: Histogram,
    latency: Histogram,
    depth: IntGauge,
    bytes: IntGauge,
    breaker: IntGauge,
    phases: [IntGauge; Phase::ALL.len()],
    state: Mutex<State>,
}

/// How the output does.
#[derive(Default)]
struct State {
    failing_until: Option<Instant>,
    open_until: Option<Instant>,
}

impl Ledger {
    pub(super) fn new(metrics: &Metrics, topic: &str, output: &str) -> Self {
        let metrics = metrics.labelled(&[("topic", topic), ("output", output)]);
        let phases = metrics.gauges(
            "output_state",
            "1 for what is done about the output: wait for messages, try, pause after a failure",
            &["state"],
        );
        let rejected = metrics.counters(
            "rejected_total",
            "Messages that were not delivered, by reason",
            &["reason"],
        );
        // From 50 microseconds to 27 minutes, and from one message to half a million.
        let buckets = |first, n| {
            exponential_buckets(first, 2.0, n).expect("the first is positive, and so is the factor")
        };
        let (seconds, messages) = (buckets(0.000_05, 26), buckets(1.0, 20));
        Self {
            output: output.to_string(),
            rejected: Rejection::ALL.map(|(_, reason)| rejected.with_label_values(&[reason])),
            stored: metrics.counter("stored_total", "Messages that the queue has taken"),
            evicted: metrics
                .counter("evicted_total", "Messages that had to make room for newer ones"),
            delivered: metrics.counter("delivered_total", "Messages that the output has taken"),
            delivered_bytes: metrics
                .counter("delivered_bytes_total", "Bytes of messages that the output has taken"),
            duplicate: metrics.counter(
                "duplicate_total",
                "Messages left out because the same came in the same time bucket",
            ),
            reduced: metrics.counter(
                "reduced_total",
                "Messages left out because one with the same key came in the same time bucket",
            ),
            expired: metrics.counter(
                "expired_total",
                "Messages that became too old before they could be delivered",
            ),
            failures: metrics.counter("output_failures_total", "Attempts at delivery that failed"),
            age: metrics.histogram(
                "delivery_age_seconds",
                "Age of messages at their delivery",
                seconds.clone(),
            ),
            latency: metrics.histogram(
                "output_seconds",
                "How long attempts at delivery took",
                seconds,
            ),
            batch: metrics.histogram(
                "batch_messages",
                "Messages in a batch for the output",
                messages,
            ),
            depth: metrics.gauge("queue_depth", "Messages in the queue"),
            bytes: metrics.gauge("queue_bytes", "Bytes of the messages in the queue"),
            breaker: metrics.gauge(
                "breaker_open",
                "1 while the output is left alone, since it failed too often",
            ),
            phases: Phase::ALL.map(|(_, phase)| phases.with_label_values(&[phase])),
            state: Mutex::default(),
        }
    }

    pub(crate) fn is_in(&self, phase: Phase) {
        for (gauge, (each, _)) in self.phases.iter().zip(Phase::ALL) {
            gauge.set((each == phase).into());
        }
    }

    /// As it is shown: without what may be secret.
    pub(crate) fn output(&self) -> &str {
        &self.output
    }

    pub(crate) fn stored(&self, stored: u64, evicted: u64) {
        self.stored.inc_by(stored);
        if evicted > 0 {
            self.evicted.inc_by(evicted);
        }
    }

    pub(crate) fn rejected(&self, why: Rejection, n: u64) {
        if n > 0 {
            self.rejected[why as usize].inc_by(n);
        }
    }

    pub(crate) fn duplicates(&self, n: u64) {
        self.duplicate.inc_by(n);
    }

    pub(crate) fn reduced(&self, n: u64) {
        self.reduced.inc_by(n);
    }

    pub(crate) fn expired(&self, n: u64) {
        self.expired.inc_by(n);
    }

    pub(crate) fn delivered<'a>(&self, messages: impl Iterator<Item = &'a Message>) {
        let (now, ages) = (Moment::now(), self.age.local());
        let (mut n, mut bytes) = (0, 0);
        for message in messages {
            ages.observe(now.since(message.received).as_secs_f64());
            n += 1;
            bytes += message.body.len() as u64;
        }
        self.delivered.inc_by(n);
        self.delivered_bytes.inc_by(bytes);
    }

    /// An attempt with so many messages, which took that long.
    pub(crate) fn attempted(&self, messages: usize, took: Duration) {
        self.batch.observe(messages as f64);
        self.latency.observe(took.as_secs_f64());
    }

    /// `failing` is how long it shall be told if no success follows.
    pub(crate) fn failed(&self, failing: Duration) {
        self.failures.inc();
        self.state().failing_until = Some(Instant::now() + failing);
    }

    pub(crate) fn succeeded(&self) {
        *self.state() = State::default();
    }

    pub(crate) fn open_breaker(&self, pause: Duration) {
        self.state().open_until = Some(Instant::now() + pause);
    }

    /// Not for ever after one failure: where nobody sends to a gateway that is not ready, nothing
    /// else would show that the output is well again.
    pub(super) fn is_failing(&self) -> bool {
        let State { failing_until, open_until } = *self.state();
        failing_until.max(open_until).is_some_and(|until| until > Instant::now())
    }

    pub(super) fn show_breaker(&self) {
        let open_until = self.state().open_until;
        self.breaker.set(open_until.is_some_and(|until| until > Instant::now()).into());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn show_queue(&self, depth: usize, bytes: usize) {
        self.depth.set(i64::try_from(depth).unwrap_or(i64::MAX));
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(super) fn add_to(&self, totals: &mut Totals) {
        totals.delivered += self.delivered.get();
        totals.duplicate += self.duplicate.get();
        totals.reduced += self.reduced.get();
        totals.evicted += self.evicted.get();
        totals.rejected += self.rejected.iter().map(IntCounter::get).sum::<u64>();
        totals.expired += self.expired.get();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_index_their_counters() {
        assert!(Rejection::ALL.iter().enumerate().all(|(i, &(why, _))| why as usize == i));
        assert!(Phase::ALL.iter().enumerate().all(|(i, &(phase, _))| phase as usize == i));
    }
}
