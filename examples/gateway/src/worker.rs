//! What happens behind the queue: a batch is taken, parsed, freed of duplicates, and delivered, again and again if need be.
//!
//! There is one worker, so that messages keep their order. While it tries to deliver a batch, the queue fills, and evicts the
//! oldest: when the output recovers, the newest are there.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use ringway::{Queue, Receiver};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::account::{Account, Rejection};
use crate::config::{Config, Parse};
use crate::message::Message;
use crate::output::{Fate, Fates, Output};
use crate::stage::{Breaker, Dedupe, parse_json};

pub(crate) struct Worker {
    receiver: Receiver<Message, Box<dyn Queue<Message>>>,
    output: Box<dyn Output>,
    account: Arc<Account>,
    config: Config,
    dedupe: Option<Dedupe>,
    breaker: Breaker,
    pauses: ExponentialBackoff,
    last_id: u64,
    /// That there is no time left: what is not delivered now will never be.
    hurry: CancellationToken,
}

/// How long an output may take to bring to safety what is delivered, beyond the time for the shutdown if need be.
const CLOSING: Duration = Duration::from_secs(1);

impl Worker {
    pub(crate) fn new(
        config: &Config,
        receiver: Receiver<Message, Box<dyn Queue<Message>>>,
        output: Box<dyn Output>,
        account: Arc<Account>,
        hurry: CancellationToken,
    ) -> Self {
        Self {
            receiver,
            output,
            config: config.clone(),
            dedupe: config.dedupe.map(Dedupe::new),
            breaker: Breaker::new(config.breaker_after, config.breaker_pause, Arc::clone(&account)),
            pauses: pauses(config),
            account,
            last_id: 0,
            hurry,
        }
    }

    /// Works until the pipe is closed and empty, or there is no time left.
    pub(crate) async fn run(mut self) {
        let (mut batch, hurry) = (Vec::new(), self.hurry.clone());
        while let Some(true) = hurry.run_until_cancelled(self.fill(&mut batch)).await {
            self.examine(&mut batch);
            self.deliver(&mut batch).await;
        }
        batch.extend(self.receiver.try_iter());
        self.reject(&mut batch, Rejection::Shutdown);
        match timeout(CLOSING, self.output.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the output did not close properly"),
            Err(_) => warn!("the output did not close in time"),
        }
    }

    /// Whether there is something; otherwise nothing will ever come. When it is cancelled, what was taken is in `batch`.
    async fn fill(&self, batch: &mut Vec<Message>) -> bool {
        let wait = self.config.batch_wait.unwrap_or_default();
        self.receiver.recv_batch_async(batch, self.config.batch_size, wait).await.is_ok()
    }

    fn examine(&mut self, batch: &mut Vec<Message>) {
        for message in &mut *batch {
            self.last_id += 1;
            message.id = self.last_id;
        }
        if self.config.parse == Parse::Json {
            let malformed = remove(batch, |message| match parse_json(&message.body) {
                Some(body) => {
                    message.body = body;
                    false
                }
                None => true,
            });
            self.account.rejected(Rejection::Malformed, malformed);
        }
        if let Some(dedupe) = &mut self.dedupe {
            self.account.duplicates(remove(batch, |message| dedupe.is_duplicate(message)));
        }
    }

    /// Accounts for what has met its fate, and leaves the rest.
    fn settle(&self, batch: &mut Vec<Message>, fates: &Fates) {
        let delivered = batch.iter().zip(fates.each()).filter(|(_, fate)| *fate == Fate::Delivered);
        self.account.delivered(delivered.map(|(message, _)| message));
        self.account.rejected(Rejection::Output, fates.count(Fate::Refused) as u64);
        let mut fates = fates.each();
        batch.retain(|_| fates.next() == Some(Fate::Undelivered));
    }

    fn reject(&self, batch: &mut Vec<Message>, why: Rejection) {
        self.account.rejected(why, batch.len() as u64);
        batch.clear();
    }

    /// Leaves nothing in `batch`.
    async fn deliver(&mut self, batch: &mut Vec<Message>) {
        let hurry = self.hurry.clone();
        loop {
            if let Some(max_age) = self.config.max_age {
                self.account.expired(remove(batch, |message| message.received.elapsed() >= max_age));
            }
            if batch.is_empty() {
                return;
            }
            let (pause, why) = match self.breaker.open_for() {
                Some(left) => (Some(left), Rejection::Breaker),
                None => {
                    let mut fates = Fates::undelivered(batch.len());
                    let attempt = timeout(self.config.output_timeout, self.output.send(batch, &mut fates));
                    let ended = hurry.run_until_cancelled(attempt).await;
                    self.settle(batch, &fates);
                    let error = match ended {
                        None => return self.reject(batch, Rejection::Shutdown),
                        Some(Ok(Ok(()))) => {
                            debug_assert!(batch.is_empty(), "what an output has succeeded with has its fate");
                            self.breaker.succeeded();
                            self.pauses = pauses(&self.config);
                            return self.reject(batch, Rejection::Output);
                        }
                        Some(Ok(Err(error))) => error,
                        Some(Err(_)) => "no answer in time".into(),
                    };
                    self.account.failed();
                    let cause: &(dyn std::error::Error + 'static) = &*error;
                    warn!(error = cause, undelivered = batch.len(), "the output failed");
                    self.breaker.failed();
                    if let Some(left) = self.breaker.open_for() {
                        info!(pause = ?left, "the output is left alone");
                    }
                    // The jitter comes on top of the longest one.
                    (self.pauses.next().map(|pause| pause.min(self.config.retry_longest)), Rejection::Output)
                }
            };
            match pause.filter(|_| self.config.max_age.is_some()) {
                None => return self.reject(batch, why),
                Some(pause) => {
                    if hurry.run_until_cancelled(sleep(pause)).await.is_none() {
                        return self.reject(batch, Rejection::Shutdown);
                    }
                }
            }
        }
    }
}

fn pauses(config: &Config) -> ExponentialBackoff {
    let Config { retry_first, retry_longest, .. } = *config;
    let pauses = ExponentialBuilder::new().with_min_delay(retry_first).with_max_delay(retry_longest.max(retry_first));
    pauses.without_max_times().with_jitter().build()
}

/// Removes what `is_out`; returns how many.
fn remove(batch: &mut Vec<Message>, mut is_out: impl FnMut(&mut Message) -> bool) -> u64 {
    let before = batch.len();
    batch.retain_mut(|message| !is_out(message));
    (before - batch.len()) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use bytes::Bytes;

    use super::*;
    use crate::intake::Intake;
    use crate::message::Source;

    /// What an output does with a batch.
    #[derive(Clone, Copy)]
    enum Act {
        Take,
        TakeOneAndFail,
        RefuseAll,
        Hang,
    }

    /// Does one act after the other, and the last one for ever.
    #[derive(Clone)]
    struct Script(Arc<Mutex<(VecDeque<Act>, Vec<Bytes>)>>);

    #[async_trait]
    impl Output for Script {
        async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), crate::Error> {
            let act = {
                let (acts, taken) = &mut *self.0.lock().unwrap();
                let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().copied() };
                let act = act.expect("there is one at least");
                match act {
                    Act::Take => taken.extend(batch.iter().map(|message| message.body.clone())),
                    Act::TakeOneAndFail => taken.push(batch[0].body.clone()),
                    Act::RefuseAll | Act::Hang => {}
                }
                act
            };
            match act {
                Act::Take => fates.set_all(Fate::Delivered),
                Act::TakeOneAndFail => {
                    fates.set(0, Fate::Delivered);
                    return Err("one was enough".into());
                }
                Act::RefuseAll => fates.set_all(Fate::Refused),
                Act::Hang => std::future::pending().await,
            }
            Ok(())
        }
    }

    /// Lets a worker with these flags deliver these bodies to that output; `hurry` comes after ten seconds. Returns the account, and
    /// what was taken.
    async fn work(
        flags: &[&str],
        bodies: &[&'static str],
        acts: impl IntoIterator<Item = Act>,
    ) -> (String, Vec<Bytes>) {
        let (config, account, hurry) = (Config::of(flags), Arc::new(Account::new()), CancellationToken::new());
        let (sender, receiver) = ringway::pipe(config.queue.build(config.capacity).unwrap());
        let intake = Intake::new(Source::Udp, sender, Arc::clone(&account), 100);
        intake.take(bodies.iter().map(|body| Bytes::from(*body)).collect::<Vec<_>>().into_iter());
        drop(intake);
        let script = Script(Arc::new(Mutex::new((acts.into_iter().collect(), Vec::new()))));
        let worker = Worker::new(&config, receiver, Box::new(script.clone()), Arc::clone(&account), hurry.clone());
        let worker = tokio::spawn(worker.run());
        tokio::spawn(async move {
            sleep(Duration::from_secs(10)).await;
            hurry.cancel();
        });
        worker.await.unwrap();
        let totals = account.totals();
        assert!(totals.balance(), "{totals}");
        let taken = script.0.lock().unwrap().1.clone();
        (format!("{totals}\n{}", account.scrape(0).unwrap()), taken)
    }

    const FIVE: &[&str] = &["1", "2", "1", "{", "3"];

    #[tokio::test(start_paused = true)]
    async fn each_stage_is_there_only_if_it_is_configured() {
        let (account, taken) = work(&[], FIVE, [Act::Take]).await;
        assert_eq!(taken, FIVE);
        assert!(account.starts_with("received 5 = delivered 5 + "), "{account}");
        let (account, taken) = work(&["--parse", "json", "--dedupe", "1h"], FIVE, [Act::Take]).await;
        assert_eq!(taken, ["1", "2", "3"]);
        assert!(account.contains("delivered 3 + duplicate 1 + evicted 0 + rejected 1 "), "{account}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_retries_there_is_one_attempt() {
        let (account, taken) = work(&[], FIVE, [Act::TakeOneAndFail, Act::Take]).await;
        assert_eq!(taken, ["1"]);
        assert!(account.contains("delivered 1 + duplicate 0 + evicted 0 + rejected 4 "), "{account}");
    }

    #[tokio::test(start_paused = true)]
    async fn with_retries_the_rest_is_sent_again_in_order() {
        let acts = [Act::TakeOneAndFail, Act::TakeOneAndFail, Act::Take];
        let (account, taken) = work(&["--max-age", "1h"], FIVE, acts).await;
        assert_eq!(taken, FIVE);
        assert!(account.starts_with("received 5 = delivered 5 + "), "{account}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_is_not_sent_again() {
        let (account, taken) = work(&["--max-age", "1h", "--batch-size", "2"], FIVE, [Act::RefuseAll, Act::Take]).await;
        assert_eq!(taken, ["1", "{", "3"]);
        assert!(account.contains("delivered 3 + duplicate 0 + evicted 0 + rejected 2 "), "{account}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_has_a_limit_of_time() {
        let flags = ["--max-age", "1h", "--output-timeout", "1s"];
        let (account, _) = work(&flags, FIVE, [Act::Hang, Act::Take]).await;
        assert!(account.starts_with("received 5 = delivered 5 + "), "{account}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_when_the_time_is_over_is_rejected() {
        let flags = ["--max-age", "1h", "--output-timeout", "1h", "--batch-size", "2"];
        let (account, _) = work(&flags, FIVE, [Act::Take, Act::Hang]).await;
        assert!(account.contains("delivered 2 + duplicate 0 + evicted 0 + rejected 3 "), "{account}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_makes_no_attempt() {
        let flags = ["--breaker-after", "1", "--batch-size", "1"];
        let (account, taken) = work(&flags, FIVE, [Act::TakeOneAndFail]).await;
        assert_eq!(taken, ["1"], "it opened after the first");
        assert!(account.contains("{reason=\"breaker\"} 4"), "{account}");
        assert!(account.contains("delivered 1 + duplicate 0 + evicted 0 + rejected 4 "), "{account}");
    }

    #[tokio::test]
    async fn messages_that_are_too_old_expire() {
        // Messages have the system's clock, which cannot be paused: every age is beyond this limit.
        let (account, taken) = work(&["--max-age", "0s"], FIVE, [Act::Take]).await;
        assert!(taken.is_empty());
        assert!(account.contains("rejected 0 + expired 5;"), "{account}");
    }
}
