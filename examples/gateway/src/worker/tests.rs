use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;

use super::*;
use crate::account::Account;
use crate::budget::Budget;
use crate::config::Config;
use crate::intake::Intake;
use crate::topics::Topics;

/// What an output does with a batch.
#[derive(Clone, Copy)]
enum Act {
    Take,
    TakeOneAndFail,
    RefuseAll,
    Hang,
    Panic,
    Break,
}

/// Does one act after the other, and the last one for ever.
#[derive(Clone)]
struct Script(Arc<Mutex<(VecDeque<Act>, Vec<Bytes>)>>);

#[async_trait]
impl Output for Script {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        let act = {
            let (acts, taken) = &mut *self.0.lock().unwrap();
            let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().copied() };
            let act = act.expect("there is one at least");
            match act {
                Act::Take => taken.extend(batch.iter().map(|message| message.body.clone())),
                Act::TakeOneAndFail => taken.push(batch[0].body.clone()),
                Act::RefuseAll | Act::Hang | Act::Panic | Act::Break => {}
            }
            act
        };
        match act {
            Act::Take => fates.set_all(Fate::Delivered),
            Act::TakeOneAndFail => {
                fates.set(0..1, Fate::Delivered);
                return Err(Failure::because("one was enough"));
            }
            Act::RefuseAll => fates.set_all(Fate::Refused),
            Act::Hang => std::future::pending().await,
            Act::Panic => panic!("as the test wants it"),
            Act::Break => return Err(Failure::fatal("it is gone")),
        }
        Ok(())
    }
}

/// Lets a worker with these flags deliver these bodies to that output; `hurry` comes after ten
/// seconds. Returns the account, and what was taken.
async fn work(
    flags: &[&str],
    bodies: &[&'static str],
    acts: impl IntoIterator<Item = Act>,
) -> (String, Vec<Bytes>) {
    let once = match flags.contains(&"--max-age") {
        true => [].as_slice(),
        false => &["--max-age", "none"],
    };
    let (config, account, hurry) =
        (Config::of(&[flags, once].concat()), Arc::new(Account::new()), CancellationToken::new());
    let (topics, mut routes) = Topics::new(&config, &account).unwrap();
    let intake =
        Intake::new(&config.inputs[0], &topics, &account, &Budget::of(usize::MAX), &config);
    let mut bodies = bodies.iter().map(|body| Bytes::from(*body)).collect();
    intake.take(intake.topic(""), &mut bodies, None).await;
    topics.all_lanes().for_each(Lane::close);
    let script = Script(Arc::new(Mutex::new((acts.into_iter().collect(), Vec::new()))));
    let (end, reload) = (watch::channel(None).1, watch::channel(0).1);
    let signals = Signals { hurry: hurry.clone(), end, reload };
    let lane = routes.remove(0).lane;
    let worker =
        Worker::new(&config.pipeline, lane.clone(), Box::new(script.clone()), signals).unwrap();
    let worker = tokio::spawn(worker.run());
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        hurry.cancel();
    });
    let _ = worker.await;
    // As it is done at the end for a worker that has died.
    lane.reject_rest(Rejection::Shutdown);
    let totals = account.totals();
    assert!(totals.balance(), "{totals}");
    let taken = script.0.lock().unwrap().1.clone();
    (format!("{totals}\n{}", account.scrape().unwrap()), taken)
}

const FIVE: &[&str] = &["1", "2", "1", "{", "3"];

#[tokio::test(start_paused = true)]
async fn each_stage_is_there_only_if_it_is_configured() {
    let (account, taken) = work(&[], FIVE, [Act::Take]).await;
    assert_eq!(taken, FIVE);
    assert!(account.starts_with("received 5 + copied 0 = delivered 5 + "), "{account}");
    let (account, taken) = work(&["--parse", "json", "--dedupe", "1h"], FIVE, [Act::Take]).await;
    assert_eq!(taken, ["1", "2", "3"]);
    assert!(
        account.contains("delivered 3 + duplicate 1 + reduced 0 + evicted 0 + rejected 1 "),
        "{account}"
    );
}

#[tokio::test(start_paused = true)]
async fn without_retries_there_is_one_attempt() {
    let (account, taken) = work(&[], FIVE, [Act::TakeOneAndFail, Act::Take]).await;
    assert_eq!(taken, ["1"]);
    assert!(
        account.contains("delivered 1 + duplicate 0 + reduced 0 + evicted 0 + rejected 4 "),
        "{account}"
    );
}

#[tokio::test(start_paused = true)]
async fn with_retries_the_rest_is_sent_again_in_order() {
    let acts = [Act::TakeOneAndFail, Act::TakeOneAndFail, Act::Take];
    let (account, taken) = work(&["--max-age", "1h"], FIVE, acts).await;
    assert_eq!(taken, FIVE);
    assert!(account.starts_with("received 5 + copied 0 = delivered 5 + "), "{account}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_sent_again() {
    let (account, taken) =
        work(&["--max-age", "1h", "--batch-size", "2"], FIVE, [Act::RefuseAll, Act::Take]).await;
    assert_eq!(taken, ["1", "{", "3"]);
    assert!(
        account.contains("delivered 3 + duplicate 0 + reduced 0 + evicted 0 + rejected 2 "),
        "{account}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_a_limit_of_time() {
    let flags = ["--max-age", "1h", "--output-timeout", "1s"];
    let (account, _) = work(&flags, FIVE, [Act::Hang, Act::Take]).await;
    assert!(account.starts_with("received 5 + copied 0 = delivered 5 + "), "{account}");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_when_the_time_is_over_is_rejected() {
    let flags = ["--max-age", "1h", "--output-timeout", "1h", "--batch-size", "2"];
    let (account, _) = work(&flags, FIVE, [Act::Take, Act::Hang]).await;
    assert!(
        account.contains("delivered 2 + duplicate 0 + reduced 0 + evicted 0 + rejected 3 "),
        "{account}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_makes_no_attempt() {
    let flags = ["--breaker-after", "1", "--batch-size", "1"];
    let (account, taken) = work(&flags, FIVE, [Act::TakeOneAndFail]).await;
    assert_eq!(taken, ["1"], "it opened after the first");
    assert!(account.contains("reason=\"breaker\",topic=\"default\"} 4"), "{account}");
    assert!(
        account.contains("delivered 1 + duplicate 0 + reduced 0 + evicted 0 + rejected 4 "),
        "{account}"
    );
}

#[tokio::test]
async fn messages_that_are_too_old_expire() {
    // Messages have the system's clock, which cannot be paused: every age is beyond this limit.
    let (account, taken) = work(&["--max-age", "0s"], FIVE, [Act::Take]).await;
    assert!(taken.is_empty());
    assert!(account.contains("rejected 0 + expired 5;"), "{account}");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_delivered_is_no_duplicate_when_it_is_sent_again() {
    let flags = ["--dedupe", "1h", "--batch-size", "1"];
    let (account, taken) = work(&flags, &["1", "1", "1"], [Act::RefuseAll, Act::Take]).await;
    assert_eq!(taken, ["1"]);
    assert!(
        account.contains("delivered 1 + duplicate 1 + reduced 0 + evicted 0 + rejected 1 "),
        "{account}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_panics_leaves_an_account_that_adds_up() {
    let (account, taken) = work(&["--batch-size", "2"], FIVE, [Act::Take, Act::Panic]).await;
    assert_eq!(taken, ["1", "2"]);
    assert!(account.contains("reason=\"panic\",topic=\"default\"} 2"), "{account}");
    assert!(
        account.contains("delivered 2 + duplicate 0 + reduced 0 + evicted 0 + rejected 3 "),
        "{account}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_output_that_is_broken_for_good_ends_the_worker() {
    let (account, taken) =
        work(&["--batch-size", "2", "--max-age", "1h"], FIVE, [Act::Take, Act::Break]).await;
    assert_eq!(taken, ["1", "2"]);
    assert!(
        account.contains("delivered 2 + duplicate 0 + reduced 0 + evicted 0 + rejected 3 "),
        "{account}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_limited_in_bytes() {
    // Of each batch the output fails after the first message, and there are no retries.
    let (account, taken) = work(&["--batch-bytes", "2"], FIVE, [Act::TakeOneAndFail]).await;
    assert_eq!(taken, ["1", "1", "3"]);
    assert!(
        account.contains("delivered 3 + duplicate 0 + reduced 0 + evicted 0 + rejected 2 "),
        "{account}"
    );
}
