//! What happens behind a queue: a batch is taken, parsed, freed of duplicates, and delivered, again
//! and again if need be.
//!
//! Each queue has one worker, so that messages keep their order. While it tries to deliver a batch,
//! the queue fills, and evicts the oldest: when the output recovers, the newest are there.

mod stages;
#[cfg(test)]
mod tests;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::account::{Ledger, Phase, Rejection};
use crate::config::{MaxAge, Pipeline};
use crate::lane::Lane;
use crate::message::Message;
#[cfg(feature = "file")]
use crate::output::Rejects;
use crate::output::{Failure, Fate, Fates, Output};
use crate::stage::Breaker;
use stages::Stages;

pub(crate) struct Worker {
    lane: Lane,
    output: Box<dyn Output>,
    ledger: Arc<Ledger>,
    pipeline: Pipeline,
    stages: Stages,
    breaker: Breaker,
    pauses: ExponentialBackoff,
    /// Until when the output has asked to be left alone.
    not_before: Option<Instant>,
    last_id: u64,
    reloaded: u64,
    signals: Signals,
    #[cfg(feature = "file")]
    rejects: Option<Rejects>,
}

/// What a worker is told from outside.
#[derive(Clone)]
pub(crate) struct Signals {
    /// That there is no time left: what is not delivered now will never be.
    pub(crate) hurry: CancellationToken,
    /// When that will be, if the gateway is shutting down.
    pub(crate) end: watch::Receiver<Option<Instant>>,
    /// How often files were to be opened or read again.
    pub(crate) reload: watch::Receiver<u64>,
}

/// How long an output may take to bring to safety what is delivered, beyond the time for the
/// shutdown if need be.
const CLOSING: Duration = Duration::from_secs(1);

/// What is to be done about messages that are not delivered yet.
enum Next {
    Try,
    Pause(Instant),
    Reject(Rejection),
}

/// Why a worker gives up before all is done: there is no use in going on.
type Fatal = crate::Error;

impl Worker {
    pub(crate) fn new(
        pipeline: &Pipeline,
        lane: Lane,
        output: Box<dyn Output>,
        signals: Signals,
    ) -> Result<Self, crate::Error> {
        let ledger = Arc::clone(lane.ledger());
        Ok(Self {
            lane,
            output,
            stages: Stages::new(pipeline, &ledger)?,
            breaker: Breaker::new(
                pipeline.breaker_after,
                pipeline.breaker_pause,
                Arc::clone(&ledger),
            ),
            pauses: pauses(pipeline),
            not_before: None,
            pipeline: pipeline.clone(),
            ledger,
            last_id: 0,
            reloaded: 0,
            signals,
            #[cfg(feature = "file")]
            rejects: None,
        })
    }

    /// Keeps what is malformed, and what the output refuses, in a file.
    #[cfg(feature = "file")]
    pub(crate) fn keeps_rejects(self, rejects: Option<Rejects>) -> Self {
        Self { rejects, ..self }
    }

    /// Works until the lane is closed and empty, or there is no time left, or the output is broken
    /// for good, which is the error.
    pub(crate) async fn run(mut self) -> Result<(), Fatal> {
        let mut batch = InHand { messages: Vec::new(), ledger: Arc::clone(&self.ledger) };
        let mut ended = Ok(());
        while ended.is_ok() && self.fill(&mut batch).await {
            self.number(&mut batch);
            let malformed = self.stages.examine(&mut batch);
            self.keep(&malformed.iter().collect::<Vec<_>>(), Rejection::Malformed).await;
            ended = self.deliver(&mut batch).await;
        }
        self.reject(&mut batch, Rejection::Shutdown);
        self.lane.reject_rest(Rejection::Shutdown);
        match timeout(CLOSING, self.output.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the output did not close properly"),
            Err(_) => warn!("the output did not close in time"),
        }
        ended
    }

    /// Whether there is something to be delivered.
    async fn fill(&mut self, batch: &mut Vec<Message>) -> bool {
        let Pipeline { batch_size, batch_bytes, batch_wait, .. } = self.pipeline;
        let wait = batch_wait.unwrap_or_default();
        let hurry = self.signals.hurry.clone();
        self.ledger.is_in(Phase::Wait);
        loop {
            self.reload_if_asked().await;
            tokio::select! {
                () = hurry.cancelled() => return false,
                Ok(()) = self.signals.reload.changed() => {}
                more = self.lane.fill(batch, batch_size, batch_bytes, wait) => return more,
            }
        }
    }

    async fn reload_if_asked(&mut self) {
        let asked = *self.signals.reload.borrow();
        if asked > self.reloaded {
            self.reloaded = asked;
            for reloaded in [self.stages.reload(), self.output.reload().await] {
                if let Err(error) = reloaded {
                    let output = self.ledger.output();
                    warn!(%error, output, "cannot reload: all stays as it was");
                }
            }
        }
    }

    fn number(&mut self, batch: &mut [Message]) {
        for message in batch {
            self.last_id += 1;
            message.id = self.last_id;
        }
    }

    /// Leaves nothing in `batch`, unless there is no use in going on.
    async fn deliver(&mut self, batch: &mut Vec<Message>) -> Result<(), Fatal> {
        let hurry = self.signals.hurry.clone();
        loop {
            self.reload_if_asked().await;
            self.expire(batch);
            if batch.is_empty() {
                return Ok(());
            }
            match self.next() {
                Next::Reject(why) => {
                    self.reject(batch, why);
                    return Ok(());
                }
                Next::Pause(until) => {
                    self.ledger.is_in(Phase::Pause);
                    self.pause(until, batch).await;
                    continue;
                }
                Next::Try => self.ledger.is_in(Phase::Try),
            }
            let n = self.in_one_attempt(batch);
            let mut fates = Fates::undelivered(n);
            let ended = {
                let attempt = timeout(
                    self.pipeline.output_timeout,
                    self.output.send(&batch[..n], &mut fates),
                );
                let begin = Instant::now();
                let ended = hurry.run_until_cancelled(attempt).await;
                self.ledger.attempted(n, begin.elapsed());
                ended
            };
            let undelivered = fates.count(Fate::Undelivered);
            self.settle(batch, &fates).await;
            let failure = match ended {
                None => {
                    self.reject(batch, Rejection::Shutdown);
                    return Ok(());
                }
                Some(Ok(Ok(()))) => {
                    debug_assert_eq!(
                        undelivered, 0,
                        "what an output has succeeded with has its fate"
                    );
                    self.breaker.succeeded();
                    self.pauses = pauses(&self.pipeline);
                    self.not_before = None;
                    continue;
                }
                Some(Ok(Err(failure))) => failure,
                Some(Err(_)) => Failure::because("no answer in time"),
            };
            self.failed(&failure, undelivered);
            if failure.is_fatal || !self.retries() {
                self.reject_first(batch, undelivered, Rejection::Output);
            }
            if failure.is_fatal {
                return Err(failure.error);
            }
        }
    }

    fn retries(&self) -> bool {
        self.pipeline.max_age.0.is_some()
    }

    fn next(&self) -> Next {
        if self.signals.hurry.is_cancelled() {
            return Next::Reject(Rejection::Shutdown);
        }
        let open_for = self.breaker.open_for();
        if open_for.is_some() && !self.retries() {
            return Next::Reject(Rejection::Breaker);
        }
        let now = Instant::now();
        match self.not_before.max(open_for.map(|left| now + left)) {
            Some(until) if until > now => match *self.signals.end.borrow() {
                // Nothing would be tried before there is no time left.
                Some(end) if until >= end => Next::Reject(Rejection::Shutdown),
                _ => Next::Pause(until),
            },
            _ => Next::Try,
        }
    }

    /// Ends early when a message becomes too old, or when something is to be looked at again.
    async fn pause(&mut self, until: Instant, batch: &[Message]) {
        let oldest = batch.iter().map(|message| message.received.elapsed()).max();
        let expires = self.pipeline.max_age.0.zip(oldest);
        let expires = expires.map(|(max, age)| Instant::now() + max.saturating_sub(age));
        let until = expires.map_or(until, |expires| until.min(expires));
        let (hurry, mut end) = (self.signals.hurry.clone(), self.signals.end.clone());
        let is_ending = end.borrow().is_some();
        tokio::select! {
            () = sleep_until(until) => {}
            () = hurry.cancelled() => {}
            Ok(_) = end.wait_for(Option::is_some), if !is_ending => {}
            Ok(()) = self.signals.reload.changed() => {}
        }
    }

    fn failed(&mut self, failure: &Failure, undelivered: usize) {
        let (cause, output): (&(dyn std::error::Error + 'static), _) =
            (&*failure.error, self.ledger.output());
        warn!(error = cause, output, undelivered, "the output failed");
        // The jitter comes on top of the longest one.
        let pause = self.pauses.next().filter(|_| self.retries());
        let pause =
            pause.map(|pause| pause.min(self.pipeline.retry_longest)).max(failure.retry_after);
        self.not_before = pause.map(|pause| Instant::now() + pause);
        self.breaker.failed(pause.unwrap_or_default());
        if let Some(left) = self.breaker.open_for() {
            info!(pause = ?left, output, "the output is left alone");
        }
    }

    /// How many of the first messages are sent together.
    fn in_one_attempt(&self, batch: &[Message]) -> usize {
        let mut bytes = 0;
        let fit = batch.iter().take_while(|message| {
            bytes += message.body.len();
            bytes <= self.pipeline.batch_bytes
        });
        fit.count().max(1)
    }

    /// Accounts for those of the first messages that have met their fate, and leaves the rest.
    async fn settle(&mut self, batch: &mut Vec<Message>, fates: &Fates) {
        let with = |fate| {
            batch
                .iter()
                .zip(fates.each())
                .filter(move |(_, each)| *each == fate)
                .map(|(message, _)| message)
        };
        self.ledger.delivered(with(Fate::Delivered));
        self.ledger.rejected(Rejection::Output, fates.count(Fate::Refused) as u64);
        self.stages.forget(with(Fate::Refused));
        let refused: Vec<_> = with(Fate::Refused).cloned().collect();
        let mut fates = fates.each();
        // Before anything else is waited for: what is in hand is accounted for once.
        batch.retain(|_| matches!(fates.next(), None | Some(Fate::Undelivered)));
        self.keep(&refused.iter().collect::<Vec<_>>(), Rejection::Output).await;
    }

    #[cfg(feature = "file")]
    async fn keep(&self, messages: &[&Message], why: Rejection) {
        if let Some(rejects) = self.rejects.as_ref().filter(|_| !messages.is_empty()) {
            rejects.keep(messages, why.name(), self.ledger.output()).await;
        }
    }

    #[cfg(not(feature = "file"))]
    #[expect(clippy::unused_async, reason = "as with the feature")]
    async fn keep(&self, _messages: &[&Message], _why: Rejection) {}

    fn expire(&mut self, batch: &mut Vec<Message>) {
        if let MaxAge(Some(max_age)) = self.pipeline.max_age {
            let stages = &mut self.stages;
            let expired = batch.extract_if(.., |message| message.received.elapsed() >= max_age);
            self.ledger.expired(
                expired.inspect(|message| stages.forget([message].into_iter())).count() as u64,
            );
        }
    }

    fn reject(&mut self, batch: &mut Vec<Message>, why: Rejection) {
        self.reject_first(batch, batch.len(), why);
    }

    fn reject_first(&mut self, batch: &mut Vec<Message>, n: usize, why: Rejection) {
        self.stages.forget(batch[..n].iter());
        self.ledger.rejected(why, n as u64);
        batch.drain(..n);
    }
}

fn pauses(pipeline: &Pipeline) -> ExponentialBackoff {
    let Pipeline { retry_first, retry_longest, .. } = *pipeline;
    let pauses =
        ExponentialBuilder::new().with_min_delay(retry_first).with_max_delay(retry_longest);
    pauses.without_max_times().with_jitter().build()
}

/// What is wrong with the files that stages need.
pub(crate) fn check(pipeline: &Pipeline, lane: &Lane) -> Result<(), crate::Error> {
    Stages::new(pipeline, lane.ledger()).map(drop)
}

/// What was taken out of the queue. If the worker panics, it is accounted for.
struct InHand {
    messages: Vec<Message>,
    ledger: Arc<Ledger>,
}

impl Deref for InHand {
    type Target = Vec<Message>;

    fn deref(&self) -> &Vec<Message> {
        &self.messages
    }
}

impl DerefMut for InHand {
    fn deref_mut(&mut self) -> &mut Vec<Message> {
        &mut self.messages
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.ledger.rejected(Rejection::Panic, self.messages.len() as u64);
    }
}
