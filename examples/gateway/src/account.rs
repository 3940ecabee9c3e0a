//! Where each message ends: the counters that operators scrape, and the account at the end, which
//! is made of the same.

mod ledger;
mod metrics;
mod totals;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::{IntCounter, IntCounterVec, IntGauge};

use crate::message::Source;
pub(crate) use ledger::{Ledger, Phase, Rejection};
use metrics::Metrics;
pub(crate) use totals::Totals;

/// Why something did not even become a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A message over the limit.
    TooLarge,
    /// What is against the input's protocol, or was broken off in the middle.
    Malformed,
    /// What takes longer to come in than it may.
    TooSlow,
    /// A connection over the limit.
    Connections,
    /// What does not fit in beside all that others have not sent to its end yet.
    Overload,
    /// What comes without a token or a certificate that is asked for.
    Unauthorized,
}

impl Refusal {
    const ALL: [(Self, &'static str); 6] = [
        (Self::TooLarge, "too_large"),
        (Self::Malformed, "malformed"),
        (Self::TooSlow, "too_slow"),
        (Self::Connections, "connections"),
        (Self::Overload, "overload"),
        (Self::Unauthorized, "unauthorized"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// All that is counted: what inputs do here, and what comes after in a ledger for each queue.
/// Counters are added to once a read or a batch, so that threads do not share them for every
/// message.
pub(crate) struct Account {
    metrics: Metrics,
    received: [IntCounter; Source::ALL.len()],
    bytes: [IntCounter; Source::ALL.len()],
    refused: [[IntCounter; Refusal::ALL.len()]; Source::ALL.len()],
    copied: IntCounter,
    dropped: IntCounter,
    connections: IntGauge,
    unfinished: IntGauge,
    lines_lost: IntCounter,
    ledgers: Mutex<Vec<Arc<Ledger>>>,
}

impl Account {
    pub(crate) fn new() -> Self {
        let metrics = Metrics::new();
        let by_input = |name, help| {
            let counters: IntCounterVec = metrics.counters(name, help, &["input"]);
            Source::ALL.map(|source| counters.with_label_values(&[source.name()]))
        };
        let received = by_input("received_total", "Messages that an input has decoded");
        let bytes = by_input("received_bytes_total", "Bytes of messages that an input has decoded");
        let refused = metrics.counters(
            "refused_total",
            "What did not even become a message",
            &["input", "reason"],
        );
        let refused = Source::ALL.map(|source| {
            Refusal::ALL.map(|(_, reason)| refused.with_label_values(&[source.name(), reason]))
        });
        Self {
            received,
            bytes,
            refused,
            copied: metrics.counter(
                "copied_total",
                "Copies made of messages for further outputs of their topic",
            ),
            dropped: metrics.counter(
                "dropped_total",
                "Datagrams that the system has dropped before they could be read",
            ),
            connections: metrics.gauge("connections", "Connections that are open"),
            unfinished: metrics.gauge(
                "unfinished_bytes",
                "Bytes that inputs hold of messages that are not whole yet",
            ),
            lines_lost: metrics.counter(
                "log_lines_lost_total",
                "Lines of the log that found no place, since nobody read those before",
            ),
            ledgers: Mutex::default(),
            metrics,
        }
    }

    /// For a queue, of that topic and for that output.
    pub(crate) fn ledger(&self, topic: &str, output: &str) -> Arc<Ledger> {
        let ledger = Arc::new(Ledger::new(&self.metrics, topic, output));
        self.ledgers().push(Arc::clone(&ledger));
        ledger
    }

    fn ledgers(&self) -> MutexGuard<'_, Vec<Arc<Ledger>>> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn received(&self, source: Source, messages: u64, bytes: u64) {
        self.received[source as usize].inc_by(messages);
        self.bytes[source as usize].inc_by(bytes);
    }

    pub(crate) fn copied(&self, copies: u64) {
        if copies > 0 {
            self.copied.inc_by(copies);
        }
    }

    pub(crate) fn refused(&self, source: Source, why: Refusal) {
        self.refused[source as usize][why as usize].inc();
    }

    pub(crate) fn dropped_by_system(&self, datagrams: u64) {
        self.dropped.inc_by(datagrams);
    }

    pub(crate) fn connections(&self) -> &IntGauge {
        &self.connections
    }

    /// Which output fails, if one does.
    pub(crate) fn failing(&self) -> Option<String> {
        self.ledgers()
            .iter()
            .find(|ledger| ledger.is_failing())
            .map(|ledger| ledger.output().to_string())
    }

    /// What others count.
    pub(crate) fn show(&self, unfinished: usize, lines_lost: u64) {
        self.unfinished.set(i64::try_from(unfinished).unwrap_or(i64::MAX));
        self.lines_lost.inc_by(lines_lost.saturating_sub(self.lines_lost.get()));
    }

    /// The text for Prometheus.
    pub(crate) fn scrape(&self) -> Result<String, crate::Error> {
        for ledger in self.ledgers().iter() {
            ledger.show_breaker();
        }
        self.metrics.text()
    }

    pub(crate) fn totals(&self) -> Totals {
        let sum = |counters: &[IntCounter]| counters.iter().map(IntCounter::get).sum();
        let mut totals = Totals {
            received: sum(&self.received),
            copied: self.copied.get(),
            refused: self.refused.iter().map(|by_reason| sum(by_reason)).sum(),
            dropped: self.dropped.get(),
            ..Totals::default()
        };
        self.ledgers().iter().for_each(|ledger| ledger.add_to(&mut totals));
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enums_index_their_counters() {
        assert!(Source::ALL.iter().enumerate().all(|(i, &source)| source as usize == i));
        assert!(Refusal::ALL.iter().enumerate().all(|(i, &(why, _))| why as usize == i));
    }

    #[test]
    fn a_message_that_is_nowhere_is_seen() {
        let account = Account::new();
        let ledger = account.ledger("t", "null");
        account.received(Source::Http, 2, 20);
        account.copied(1);
        ledger.expired(2);
        assert!(!account.totals().balance());
        ledger.rejected(Rejection::Malformed, 1);
        account.refused(Source::Http, Refusal::TooLarge);
        account.dropped_by_system(5);
        assert!(account.totals().balance());
        let text = account.scrape().unwrap();
        for line in [
            r#"gateway_received_total{input="http"} 2"#,
            r#"gateway_received_bytes_total{input="http"} 20"#,
            r#"gateway_rejected_total{output="null",reason="malformed",topic="t"} 1"#,
            r#"gateway_refused_total{input="http",reason="too_large"} 1"#,
            "gateway_dropped_total 5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
