//! Where each message ends: the counters that operators scrape, and the account at the end, which is made of the same.

use std::fmt;
use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};

use crate::message::{Message, Source};

/// Why a message that was received is not delivered, though it was neither evicted nor too old nor a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// By a queue that rejects the newest.
    Full,
    /// It came when the queue was closed already.
    Closed,
    /// It is not what `--parse` asks for.
    Malformed,
    /// By the output, which failed, and there are no retries; or which says that another try is of no use.
    Output,
    /// Not even tried, since the output had failed too often.
    Breaker,
    /// It was still there when the time for the shutdown was over.
    Shutdown,
}

impl Rejection {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Full, "full"),
        (Self::Closed, "closed"),
        (Self::Malformed, "malformed"),
        (Self::Output, "output"),
        (Self::Breaker, "breaker"),
        (Self::Shutdown, "shutdown"),
    ];
}

/// Why something did not even become a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A message over the limit.
    TooLarge,
    /// What is against the input's protocol, or was broken off in the middle.
    Malformed,
    /// A connection over the limit.
    Connections,
}

impl Refusal {
    const ALL: [(Self, &'static str); 3] =
        [(Self::TooLarge, "too_large"), (Self::Malformed, "malformed"), (Self::Connections, "connections")];
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByInput {
    input: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByInputAndReason {
    input: &'static str,
    reason: &'static str,
}

/// All that is counted. Counters are added to once a read or a batch, so that threads do not share them for every message.
pub(crate) struct Account {
    registry: Registry,
    received: [Counter; Source::ALL.len()],
    refused: [[Counter; Refusal::ALL.len()]; Source::ALL.len()],
    rejected: [Counter; Rejection::ALL.len()],
    stored: Counter,
    evicted: Counter,
    delivered: Counter,
    duplicate: Counter,
    expired: Counter,
    failures: Counter,
    age: Histogram,
    depth: Gauge,
    connections: Gauge,
    breaker: Gauge,
}

impl Account {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("gateway");
        let by_input = Family::<ByInput, Counter>::default();
        let by_input_and_reason = Family::<ByInputAndReason, Counter>::default();
        let by_reason = Family::<ByReason, Counter>::default();
        registry.register("received", "Messages that an input has decoded", by_input.clone());
        registry.register("refused", "What did not even become a message", by_input_and_reason.clone());
        registry.register("rejected", "Messages that were not delivered, by reason", by_reason.clone());
        let mut counter = |name, help| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let stored = counter("stored", "Messages that the queue has taken");
        let evicted = counter("evicted", "Messages that had to make room for newer ones");
        let delivered = counter("delivered", "Messages that the output has taken");
        let duplicate = counter("duplicate", "Messages left out because the same came in the same time bucket");
        let expired = counter("expired", "Messages that became too old before they could be delivered");
        let failures = counter("output_failures", "Attempts at delivery that failed");
        let mut gauge = |name, help| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let depth = gauge("queue_depth", "Messages in the queue");
        let connections = gauge("connections", "Connections that are open");
        let breaker = gauge("breaker_open", "1 while the output is left alone, since it failed too often");
        // From 50 microseconds to 27 minutes.
        let age = Histogram::new(exponential_buckets(0.000_05, 2.0, 26));
        registry.register("delivery_age_seconds", "Age of messages at their delivery", age.clone());
        Self {
            received: Source::ALL.map(|source| by_input.get_or_create_owned(&ByInput { input: source.name() })),
            refused: Source::ALL.map(|source| {
                Refusal::ALL.map(|(_, reason)| {
                    by_input_and_reason.get_or_create_owned(&ByInputAndReason { input: source.name(), reason })
                })
            }),
            rejected: Rejection::ALL.map(|(_, reason)| by_reason.get_or_create_owned(&ByReason { reason })),
            registry,
            stored,
            evicted,
            delivered,
            duplicate,
            expired,
            failures,
            age,
            depth,
            connections,
            breaker,
        }
    }

    pub(crate) fn received(&self, source: Source, n: u64) {
        self.received[source as usize].inc_by(n);
    }

    pub(crate) fn refused(&self, source: Source, why: Refusal) {
        self.refused[source as usize][why as usize].inc();
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

    pub(crate) fn expired(&self, n: u64) {
        self.expired.inc_by(n);
    }

    pub(crate) fn delivered<'a>(&self, messages: impl Iterator<Item = &'a Message>) {
        let now = Instant::now();
        let mut n = 0;
        for message in messages {
            self.age.observe(now.duration_since(message.received).as_secs_f64());
            n += 1;
        }
        self.delivered.inc_by(n);
    }

    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    pub(crate) fn connections(&self) -> &Gauge {
        &self.connections
    }

    pub(crate) fn set_breaker_open(&self, open: bool) {
        self.breaker.set(open.into());
    }

    pub(crate) fn is_breaker_open(&self) -> bool {
        self.breaker.get() != 0
    }

    /// The text for Prometheus.
    pub(crate) fn scrape(&self, queue_depth: usize) -> Result<String, fmt::Error> {
        self.depth.set(i64::try_from(queue_depth).unwrap_or(i64::MAX));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    pub(crate) fn totals(&self) -> Totals {
        let sum = |counters: &[Counter]| counters.iter().map(Counter::get).sum();
        Totals {
            received: sum(&self.received),
            delivered: self.delivered.get(),
            duplicate: self.duplicate.get(),
            evicted: self.evicted.get(),
            rejected: sum(&self.rejected),
            expired: self.expired.get(),
            refused: self.refused.iter().map(|by_reason| sum(by_reason)).sum(),
        }
    }
}

/// The account at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) received: u64,
    pub(crate) delivered: u64,
    pub(crate) duplicate: u64,
    pub(crate) evicted: u64,
    pub(crate) rejected: u64,
    pub(crate) expired: u64,
    /// Not in the sum: it was never received.
    pub(crate) refused: u64,
}

impl Totals {
    pub(crate) fn balance(&self) -> bool {
        self.received == self.delivered + self.duplicate + self.evicted + self.rejected + self.expired
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { received, delivered, duplicate, evicted, rejected, expired, refused } = self;
        let is = if self.balance() { "=" } else { "IS NOT" };
        write!(
            f,
            "received {received} {is} delivered {delivered} + duplicate {duplicate} + evicted {evicted} + \
             rejected {rejected} + expired {expired}; refused {refused}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enums_index_their_counters() {
        assert!(Source::ALL.iter().enumerate().all(|(i, &source)| source as usize == i));
        assert!(Refusal::ALL.iter().enumerate().all(|(i, &(why, _))| why as usize == i));
        assert!(Rejection::ALL.iter().enumerate().all(|(i, &(why, _))| why as usize == i));
    }

    #[test]
    fn a_message_that_is_nowhere_is_seen() {
        let account = Account::new();
        account.received(Source::Http, 2);
        account.expired(1);
        assert!(!account.totals().balance());
        account.rejected(Rejection::Malformed, 1);
        account.refused(Source::Http, Refusal::TooLarge);
        assert!(account.totals().balance());
        let text = account.scrape(5).unwrap();
        for line in [
            r#"gateway_received_total{input="http"} 2"#,
            r#"gateway_rejected_total{reason="malformed"} 1"#,
            r#"gateway_refused_total{input="http",reason="too_large"} 1"#,
            "gateway_queue_depth 5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
