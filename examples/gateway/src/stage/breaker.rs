//! A circuit breaker: an output that has failed too often in a row is left alone for a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::account::Ledger;

/// Closed: the output is used. Open, after too many failures in a row: it is not, until a pause is
/// over. Then one attempt says whether it is closed or open again ("half-open").
pub(crate) struct Breaker {
    /// `None`: never.
    after: Option<usize>,
    pause: Duration,
    failures: usize,
    open_until: Option<Instant>,
    ledger: Arc<Ledger>,
}

impl Breaker {
    pub(crate) fn new(after: Option<usize>, pause: Duration, ledger: Arc<Ledger>) -> Self {
        Self { after, pause, failures: 0, open_until: None, ledger }
    }

    /// How long the output is to be left alone yet; `None`: not at all.
    pub(crate) fn open_for(&self) -> Option<Duration> {
        self.open_until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    pub(crate) fn succeeded(&mut self) {
        if self.failures > 0 {
            self.failures = 0;
            self.ledger.succeeded();
        }
    }

    /// The next attempt is not before `pause` is over.
    pub(crate) fn failed(&mut self, pause: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.ledger.failed(self.pause.max(pause));
        if self.after.is_some_and(|after| self.failures >= after) {
            self.open_until = Some(Instant::now() + self.pause);
            self.ledger.open_breaker(self.pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_failures_in_a_row_and_tries_once_after_the_pause() {
        let account = Account::new();
        let pause = Duration::from_secs(5);
        let mut breaker = Breaker::new(Some(2), pause, account.ledger("t", "null"));
        breaker.failed(Duration::ZERO);
        assert_eq!(account.failing().as_deref(), Some("null"), "one failure is enough to tell of");
        breaker.succeeded();
        assert_eq!(account.failing(), None);
        breaker.failed(Duration::ZERO);
        assert_eq!(breaker.open_for(), None, "not in a row");
        breaker.failed(Duration::ZERO);
        assert_eq!(breaker.open_for(), Some(pause));
        assert!(
            account
                .scrape()
                .unwrap()
                .contains("gateway_breaker_open{output=\"null\",topic=\"t\"} 1")
        );
        tokio::time::advance(pause).await;
        assert_eq!(breaker.open_for(), None);
        breaker.failed(Duration::ZERO);
        assert_eq!(breaker.open_for(), Some(pause), "one failure is enough now");
        tokio::time::advance(pause).await;
        breaker.succeeded();
        breaker.failed(Duration::ZERO);
        assert_eq!(breaker.open_for(), None);
    }

    #[tokio::test]
    async fn it_is_told_as_long_as_nothing_is_tried() {
        let account = Account::new();
        let mut breaker = Breaker::new(None, Duration::ZERO, account.ledger("t", "null"));
        breaker.failed(Duration::ZERO);
        assert_eq!(account.failing(), None);
        breaker.failed(Duration::from_secs(600));
        assert_eq!(account.failing().as_deref(), Some("null"));
    }
}
