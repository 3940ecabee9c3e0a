//! How messages get from an input into the queues, and into the account.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use futures_util::future::join_all;
use tracing::info;

use crate::account::{Account, Refusal};
use crate::budget::Budget;
use crate::config::{Config, Endpoint};
pub(crate) use crate::lane::Taken;
use crate::message::{Message, Source};
use crate::moment::Moment;
use crate::origin::Origin;
use crate::tokens::Tokens;
use crate::topics::{Topic, Topics};

/// An input's side of the queues. Each connection has a clone.
#[derive(Clone)]
pub(crate) struct Intake {
    source: Source,
    topics: Topics,
    /// What the port's messages have for a topic.
    topic: Option<Topic>,
    waits: bool,
    account: Arc<Account>,
    limits: Limits,
    budget: Budget,
    tokens: Option<Tokens>,
    peer: Option<SocketAddr>,
}

/// What one message may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) message: usize,
    pub(crate) body: usize,
    pub(crate) time: Duration,
    /// How long a connection may be silent.
    pub(crate) idle: Duration,
}

impl Intake {
    pub(crate) fn new(
        endpoint: &Endpoint,
        topics: &Topics,
        account: &Arc<Account>,
        budget: &Budget,
        config: &Config,
    ) -> Self {
        let limits = Limits {
            message: config.max_message,
            body: config.max_body,
            time: config.message_timeout,
            idle: config.idle,
        };
        Self {
            source: endpoint.scheme().source(),
            topic: endpoint.topic().and_then(|name| topics.named(name)),
            waits: endpoint.waits(),
            topics: topics.clone(),
            account: Arc::clone(account),
            limits,
            budget: budget.clone(),
            tokens: None,
            peer: None,
        }
    }

    /// Requests must have one of these tokens.
    pub(crate) fn asks_for(self, tokens: Option<Tokens>) -> Self {
        Self { tokens, ..self }
    }

    /// Whether a request with these headers may come in. If not, it is counted.
    pub(crate) fn admits(&self, headers: &HeaderMap, origin: Option<&Origin>) -> bool {
        let admits = self.tokens.as_ref().is_none_or(|tokens| tokens.have_that_of(headers));
        if !admits {
            self.refuse(Refusal::Unauthorized, origin);
        }
        admits
    }

    /// The same for another kind of input: one server may have several.
    pub(crate) fn of(&self, source: Source) -> Self {
        Self { source, ..self.clone() }
    }

    pub(crate) fn with_peer(&self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self.clone() }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// The topic of messages that come under this path or subject; that of the port goes before it.
    pub(crate) fn topic(&self, name: &str) -> Topic {
        self.topic.or_else(|| self.topics.named(name)).unwrap_or_default()
    }

    /// Puts the messages of one read in, and leaves `bodies` empty. Only where senders wait can a
    /// task be cancelled here; each message that counts as received is accounted for all the same.
    pub(crate) async fn take(
        &self,
        topic: Topic,
        bodies: &mut Vec<Bytes>,
        origin: Option<&Arc<Origin>>,
    ) -> Taken {
        if self.topic.is_some() || !self.topics.are_in_messages() {
            return self.put(topic, bodies, origin).await;
        }
        let mut by_topic: Vec<(Topic, Vec<Bytes>)> = Vec::new();
        for body in bodies.drain(..) {
            let topic = self.topics.in_message(&body).unwrap_or(topic);
            match by_topic.iter_mut().find(|(other, _)| *other == topic) {
                Some((_, bodies)) => bodies.push(body),
                None => by_topic.push((topic, vec![body])),
            }
        }
        let mut taken = Taken::default();
        for (topic, mut bodies) in by_topic {
            let more = self.put(topic, &mut bodies, origin).await;
            taken.stored += more.stored;
            taken.rejected += more.rejected;
        }
        taken
    }

    async fn put(
        &self,
        topic: Topic,
        bodies: &mut Vec<Bytes>,
        origin: Option<&Arc<Origin>>,
    ) -> Taken {
        let n = bodies.len() as u64;
        if n == 0 {
            return Taken::default();
        }
        // First, so that nothing that is scraped meanwhile is delivered before it is received.
        self.account.received(self.source, n, bodies.iter().map(|body| body.len() as u64).sum());
        let (received, source) = (Moment::now(), self.source);
        let message = |body| Message { body, received, id: 0, source, origin: origin.cloned() };
        let lanes = self.topics.lanes(topic);
        self.account.copied(n * (lanes.len() as u64 - 1));
        let stored = match (self.waits, lanes) {
            (false, [others @ .., last]) => {
                let others =
                    others.iter().map(|lane| lane.push(bodies.iter().cloned().map(message)));
                let stored = others.map(|taken| taken.stored).min();
                let last = last.push(bodies.drain(..).map(message)).stored;
                stored.map_or(last, |stored| stored.min(last))
            }
            (true, [only]) => only.send(bodies.drain(..).map(message)).await.stored,
            (true, lanes) => {
                // Side by side, so that one that is full does not keep messages from the others.
                let sending =
                    lanes.iter().map(|lane| lane.send(bodies.clone().into_iter().map(message)));
                let sending: Vec<_> = sending.collect();
                bodies.clear();
                let taken = join_all(sending).await;
                taken.iter().map(|taken| taken.stored).min().unwrap_or(n)
            }
            (false, []) => n,
        };
        // With several outputs, what all of them will get.
        Taken { stored, rejected: n - stored }
    }

    /// Counts what was not even received, and says by whom it came.
    pub(crate) fn refuse(&self, why: Refusal, origin: Option<&Origin>) {
        self.account.refused(self.source, why);
        let request_id = origin.map(|origin| &*origin.request_id);
        let (input, reason) = (self.source.name(), why.name());
        info!(input, peer = %self.peer(), request_id, reason, "refused");
    }

    /// What a sender of too large a message is told.
    pub(crate) fn over_the_limit(&self) -> String {
        format!("message over the limit of {} bytes", self.limits.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn take(flags: &[&str], endpoint: &str, bodies: &[&'static str]) -> (Taken, Account) {
        let (config, account) = (Config::of(flags), Arc::new(Account::new()));
        let (topics, _routes) = Topics::new(&config, &account).unwrap();
        let intake = Intake::new(
            &endpoint.parse().unwrap(),
            &topics,
            &account,
            &Budget::of(usize::MAX),
            &config,
        );
        let mut bodies = bodies.iter().map(|body| Bytes::from(*body)).collect();
        let taken = intake.take(intake.topic(""), &mut bodies, None).now_or_never();
        topics.all_lanes().for_each(|lane| lane.reject_rest(crate::account::Rejection::Shutdown));
        drop((intake, topics));
        (taken.unwrap_or_default(), Arc::into_inner(account).unwrap())
    }

    #[test]
    fn each_message_is_stored_or_rejected_by_the_queue_s_policy() {
        let three = ["a", "b", "c"];
        let (taken, account) =
            take(&["--capacity", "2", "--queue", "mutex-ring"], "udp://1", &three);
        assert_eq!(taken, Taken { stored: 3, rejected: 0 });
        assert_eq!((account.totals().evicted, account.totals().rejected), (1, 2));
        assert!(account.totals().balance());
        let (taken, account) = take(&["--capacity", "2", "--queue", "channel"], "udp://1", &three);
        assert_eq!(taken, Taken { stored: 2, rejected: 1 });
        assert_eq!((account.totals().evicted, account.totals().rejected), (0, 3));
    }

    #[test]
    fn each_output_gets_a_copy_and_the_account_says_so() {
        let (taken, account) = take(&["--output", "null,null:1s"], "udp://1", &["a", "b"]);
        assert_eq!(taken, Taken { stored: 2, rejected: 0 });
        assert_eq!(
            (account.totals().received, account.totals().copied, account.totals().rejected),
            (2, 2, 4)
        );
    }

    #[test]
    fn a_queue_that_is_full_keeps_nothing_from_the_others() {
        let (config, account) = (
            Config::of(&["--capacity", "2", "--output", "null,null:1s"]),
            Arc::new(Account::new()),
        );
        let (topics, routes) = Topics::new(&config, &account).unwrap();
        let endpoint = "udp://1?full=wait".parse().unwrap();
        let intake = Intake::new(&endpoint, &topics, &account, &Budget::of(usize::MAX), &config);
        let mut bodies = ["a", "b", "c", "d", "e"].map(Bytes::from).to_vec();
        let mut taking = Box::pin(intake.take(Topic::default(), &mut bodies, None));
        let mut taken = 0;
        for _ in 0..5 {
            assert_eq!(taking.as_mut().now_or_never(), None, "the first lane is full");
            let mut batch = Vec::new();
            let _ = routes[1].lane.fill(&mut batch, 10, usize::MAX, Duration::ZERO).now_or_never();
            taken += batch.len();
        }
        assert_eq!(taken, 5);
        drop(taking);
        topics.all_lanes().for_each(|lane| lane.reject_rest(crate::account::Rejection::Shutdown));
        assert_eq!(account.totals().rejected, 5);
    }

    #[test]
    fn a_sender_that_waits_and_goes_leaves_an_account_that_adds_up() {
        let flags = ["--capacity", "2", "--output", "null,null:1s"];
        let (_, account) = take(&flags, "udp://1?full=wait", &["a", "b", "c"]);
        assert!(account.totals().balance(), "{}", account.totals());
        assert_eq!(
            (account.totals().received, account.totals().evicted, account.totals().rejected),
            (3, 0, 6)
        );
    }
}
