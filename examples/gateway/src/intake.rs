//! How messages get from an input into the queue, and into the account.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use ringway::{Pushed, Queue, Sender};

use crate::account::{Account, Refusal, Rejection};
use crate::message::{Message, Source};

/// An input's side of the pipe. Clones are counted at places of their own, so each connection has one.
#[derive(Clone)]
pub(crate) struct Intake {
    source: Source,
    sender: Sender<Message, Box<dyn Queue<Message>>>,
    account: Arc<Account>,
    max_message: usize,
}

/// What became of the messages of one [`take`](Intake::take).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) stored: u64,
    pub(crate) rejected: u64,
}

impl Intake {
    pub(crate) fn new(
        source: Source,
        sender: Sender<Message, Box<dyn Queue<Message>>>,
        account: Arc<Account>,
        max_message: usize,
    ) -> Self {
        Self { source, sender, account, max_message }
    }

    /// The same for another kind of input: one server may have several.
    pub(crate) fn of(&self, source: Source) -> Self {
        Self { source, ..self.clone() }
    }

    pub(crate) fn max_message(&self) -> usize {
        self.max_message
    }

    /// Puts the messages of one read in. No point here is one at which a task can be cancelled: each is accounted for.
    pub(crate) fn take(&self, bodies: impl ExactSizeIterator<Item = Bytes>) -> Taken {
        let (received, source) = (Instant::now(), self.source);
        // First, so that nothing that is scraped meanwhile is delivered before it is received.
        self.account.received(source, bodies.len() as u64);
        let (mut stored, mut evicted, mut full, mut closed) = (0, 0, 0, 0);
        for body in bodies {
            match self.sender.send(Message { body, received, id: 0, source }) {
                Ok(Pushed::Stored) => stored += 1,
                Ok(Pushed::Evicted(_)) => {
                    stored += 1;
                    evicted += 1;
                }
                Ok(Pushed::Rejected(_)) => full += 1,
                Err(_) => closed += 1,
            }
        }
        self.account.stored(stored, evicted);
        self.account.rejected(Rejection::Full, full);
        self.account.rejected(Rejection::Closed, closed);
        Taken { stored, rejected: full + closed }
    }

    /// Counts what was not even received.
    pub(crate) fn refuse(&self, why: Refusal) {
        self.account.refused(self.source, why);
    }

    /// What is said to who sent too much.
    pub(crate) fn over_the_limit(&self) -> String {
        format!("message over the limit of {} bytes", self.max_message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringway::Kind;

    fn three_in_two_slots(kind: Kind) -> (Taken, String) {
        let account = Arc::new(Account::new());
        let (sender, receiver) = ringway::pipe(kind.build(2).unwrap());
        let intake = Intake::new(Source::Udp, sender, Arc::clone(&account), 100);
        let taken = intake.take([Bytes::from("a"), Bytes::from("b"), Bytes::from("c")].into_iter());
        account.expired(receiver.try_iter().count() as u64);
        drop(receiver);
        assert_eq!(intake.take([Bytes::from("d")].into_iter()), Taken { stored: 0, rejected: 1 });
        (taken, account.totals().to_string())
    }

    #[test]
    fn each_message_is_stored_or_rejected_by_the_queue_s_policy() {
        let (taken, account) = three_in_two_slots(Kind::MutexRing);
        assert_eq!(taken, Taken { stored: 3, rejected: 0 });
        assert!(
            account.starts_with("received 4 = delivered 0 + duplicate 0 + evicted 1 + rejected 1 + expired 2;"),
            "{account}"
        );
        let (taken, account) = three_in_two_slots(Kind::Channel);
        assert_eq!(taken, Taken { stored: 2, rejected: 1 });
        assert!(
            account.starts_with("received 4 = delivered 0 + duplicate 0 + evicted 0 + rejected 2 + expired 2;"),
            "{account}"
        );
    }
}
