//! A lane: the queue of one topic for one output. It is bounded in messages and in bytes.
//!
//! Nothing else of the gateway uses a channel of ringway.

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::time::Duration;

use ringway::{CapacityError, Kind, Overflow, Pushed, Queue, Receiver, Sender};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::account::{Ledger, Rejection};
use crate::message::Message;

/// Each connection has a clone.
#[derive(Clone)]
pub(crate) struct Lane {
    sender: Sender<Message, Box<dyn Queue<Message>>>,
    receiver: Receiver<Message, Box<dyn Queue<Message>>>,
    bound: Arc<Bound>,
    ledger: Arc<Ledger>,
}

/// How many bytes are inside. A producer adds what it has put in after it has, so for a moment it
/// can be less than none.
struct Bound {
    inside: AtomicIsize,
    most: isize,
    rejects_newest: bool,
    /// For producers that wait until there is room for more bytes.
    room: Notify,
}

/// What became of some messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) stored: u64,
    pub(crate) rejected: u64,
}

impl Lane {
    pub(crate) fn new(
        kind: Kind,
        capacity: usize,
        bytes: usize,
        ledger: Arc<Ledger>,
    ) -> Result<Self, CapacityError> {
        let queue = kind.build(capacity)?;
        let bound = Bound {
            inside: AtomicIsize::new(0),
            most: isize::try_from(bytes).unwrap_or(isize::MAX),
            rejects_newest: queue.overflow() == Overflow::RejectNewest,
            room: Notify::new(),
        };
        let (sender, receiver) = ringway::channel(queue);
        Ok(Self { sender, receiver, bound: Arc::new(bound), ledger })
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Puts messages in by the queue's policy; never waits.
    pub(crate) fn push(&self, messages: impl Iterator<Item = Message>) -> Taken {
        let (mut stored, mut evicted, mut full, mut closed, mut bytes) = (0, 0, 0, 0, 0);
        for message in messages {
            let size = size(&message);
            if self.bound.rejects_newest && !self.bound.has_room_for(bytes + size) {
                full += 1;
                continue;
            }
            match self.sender.push(message) {
                Pushed::Stored => {
                    stored += 1;
                    bytes += size;
                }
                Pushed::Evicted(oldest) => {
                    stored += 1;
                    evicted += 1;
                    bytes += size - self::size(&oldest);
                }
                Pushed::Rejected(_) => full += 1,
                Pushed::Closed(_) => closed += 1,
            }
        }
        self.bound.add(bytes);
        evicted += self.evict();
        self.ledger.stored(stored, evicted);
        self.ledger.rejected(Rejection::Full, full);
        self.ledger.rejected(Rejection::Closed, closed);
        Taken { stored, rejected: full + closed }
    }

    /// Puts messages in one by one, each when there is room. If it is dropped before it is done,
    /// what is left is accounted for.
    pub(crate) fn send(
        &self,
        messages: impl ExactSizeIterator<Item = Message> + Send,
    ) -> impl Future<Output = Taken> + Send {
        // Not inside: it is there though the future may never be polled.
        let left = Left { lane: self, messages: messages.len() as u64, reserved: 0 };
        async move {
            let mut left = left;
            let mut taken = Taken::default();
            for message in messages {
                left.reserved = self.reserve(size(&message)).await;
                match self.sender.send_async(message).await {
                    Ok(()) => {
                        left.reserved = 0;
                        self.ledger.stored(1, 0);
                        taken.stored += 1;
                    }
                    Err(_) => {
                        self.bound.add(-std::mem::take(&mut left.reserved));
                        self.ledger.rejected(Rejection::Closed, 1);
                        taken.rejected += 1;
                    }
                }
                left.messages -= 1;
            }
            taken
        }
    }

    /// Waits until there is room for so many bytes, and takes it. Of a closed lane there is always
    /// enough.
    async fn reserve(&self, size: isize) -> isize {
        loop {
            // Before the look, so that room made after it is not missed.
            let room = self.bound.room.notified();
            if self.bound.has_room_for(size) || self.sender.is_closed() {
                self.bound.add(size);
                return size;
            }
            room.await;
        }
    }

    /// Takes the oldest out while there are too many bytes; returns how many messages.
    fn evict(&self) -> u64 {
        let mut evicted = 0;
        while self.bound.inside() > self.bound.most {
            let Ok(oldest) = self.receiver.try_recv() else { break };
            self.bound.add(-size(&oldest));
            evicted += 1;
        }
        evicted
    }

    /// Appends up to `messages` to `batch`, and about as many `bytes`; when something is there,
    /// waits up to `wait` for more. Returns false if nothing will ever come. When it is cancelled,
    /// what was taken is in `batch`.
    pub(crate) async fn fill(
        &self,
        batch: &mut Vec<Message>,
        messages: usize,
        bytes: usize,
        wait: Duration,
    ) -> bool {
        if batch.is_empty() && !self.take(batch, messages, bytes).await {
            return false;
        }
        let end = Instant::now() + wait;
        while !wait.is_zero()
            && batch.len() < messages
            && batch.iter().map(|each| each.body.len()).sum::<usize>() < bytes
        {
            match timeout_at(end, self.take(batch, messages, bytes)).await {
                Ok(true) => {}
                // Nothing will come any more, or the time is over.
                Ok(false) | Err(_) => break,
            }
        }
        true
    }

    /// Waits until something is there, and takes as many messages as are worth `bytes`, if those in
    /// the queue are of about one size.
    async fn take(&self, batch: &mut Vec<Message>, messages: usize, bytes: usize) -> bool {
        let before = batch.len();
        let average =
            usize::try_from(self.bound.inside()).unwrap_or(0) / self.receiver.len().max(1);
        let most = (bytes / average.max(1)).clamp(1, messages - before);
        let more = self.receiver.recv_batch_async(batch, most, Duration::ZERO).await.is_ok();
        self.bound.add(-batch[before..].iter().map(size).sum::<isize>());
        self.bound.room.notify_waiters();
        more
    }

    /// Nothing goes in any more.
    pub(crate) fn close(&self) {
        self.sender.close();
        self.bound.room.notify_waiters();
    }

    /// Rejects what is inside.
    pub(crate) fn reject_rest(&self, why: Rejection) {
        self.ledger.rejected(why, self.receiver.try_iter().count() as u64);
    }

    pub(crate) fn show(&self) {
        self.ledger
            .show_queue(self.receiver.len(), usize::try_from(self.bound.inside()).unwrap_or(0));
    }
}

impl Bound {
    fn inside(&self) -> isize {
        self.inside.load(Ordering::Relaxed)
    }

    fn has_room_for(&self, size: isize) -> bool {
        self.inside().max(0) + size <= self.most
    }

    fn add(&self, bytes: isize) {
        self.inside.fetch_add(bytes, Ordering::Relaxed);
    }
}

fn size(message: &Message) -> isize {
    message.body.len().cast_signed()
}

/// What a producer that waits has not put in yet, and the room for the next of it.
struct Left<'a> {
    lane: &'a Lane,
    messages: u64,
    reserved: isize,
}

impl Drop for Left<'_> {
    fn drop(&mut self) {
        self.lane.bound.add(-self.reserved);
        self.lane.ledger.rejected(Rejection::Abandoned, self.messages);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;
    use crate::account::{Account, Totals};
    use crate::message::Source;
    use crate::moment::Moment;

    fn message(size: usize) -> Message {
        let body = Bytes::from(vec![b'm'; size]);
        Message { body, received: Moment::now(), id: 0, source: Source::Udp, origin: None }
    }

    fn lane(kind: Kind, capacity: usize, bytes: usize) -> (Account, Lane) {
        let account = Account::new();
        let lane = Lane::new(kind, capacity, bytes, account.ledger("t", "null")).unwrap();
        (account, lane)
    }

    fn sizes(lane: &Lane) -> Vec<usize> {
        let mut batch = Vec::new();
        lane.fill(&mut batch, 100, usize::MAX, Duration::ZERO).now_or_never();
        batch.iter().map(|message| message.body.len()).collect()
    }

    #[test]
    fn the_oldest_make_room_for_more_bytes() {
        for kind in [Kind::MutexVec, Kind::MutexRing, Kind::AtomicRing] {
            let (account, lane) = lane(kind, 100, 10);
            assert_eq!(
                lane.push([3, 3, 3].map(message).into_iter()),
                Taken { stored: 3, rejected: 0 }
            );
            assert_eq!(account.totals().evicted, 0);
            lane.push([message(5)].into_iter());
            assert_eq!(account.totals().evicted, 2, "{kind}");
            assert_eq!(sizes(&lane), [3, 5]);
            lane.push([message(10)].into_iter());
            assert_eq!((account.totals().evicted, sizes(&lane)), (2, vec![10]));
        }
    }

    #[test]
    fn a_queue_that_rejects_the_newest_does_so_for_bytes() {
        let (account, lane) = lane(Kind::Channel, 100, 10);
        assert_eq!(lane.push([6, 6, 4].map(message).into_iter()), Taken { stored: 2, rejected: 1 });
        assert_eq!(sizes(&lane), [6, 4]);
        assert_eq!(account.totals(), Totals { rejected: 1, ..Totals::default() });
    }

    #[tokio::test]
    async fn a_producer_that_waits_gets_room_or_is_accounted_for() {
        for (capacity, bytes) in [(2, 100), (100, 4)] {
            let (account, lane) = lane(Kind::AtomicRing, capacity, bytes);
            let producer = tokio::spawn({
                let lane = lane.clone();
                async move { lane.send([2; 5].map(message).into_iter()).await }
            });
            let mut taken = 0;
            while taken < 5 {
                let mut batch = Vec::new();
                assert!(lane.fill(&mut batch, 1, usize::MAX, Duration::ZERO).await);
                taken += batch.len();
            }
            assert_eq!(producer.await.unwrap(), Taken { stored: 5, rejected: 0 });
            // Three find no room, and go away.
            assert_eq!(lane.send([2; 5].map(message).into_iter()).now_or_never(), None);
            assert_eq!(account.totals(), Totals { rejected: 3, ..Totals::default() });
            assert_eq!((lane.bound.inside(), sizes(&lane)), (4, vec![2, 2]));
            lane.close();
            assert_eq!(lane.send([message(2)].into_iter()).await, Taken { stored: 0, rejected: 1 });
            assert_eq!(lane.bound.inside(), 0);
        }
    }
}
