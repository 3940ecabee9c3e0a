//! What the two ends share.

#[cfg(feature = "async")]
use std::{ops::Deref, sync::Arc};

use super::wait::panics::Panics;
use super::wait::wait_list::WaitList;
use crate::queue::Queue;
use crate::sync::{AtomicUsize, Ordering};

/// The queue of a channel whose type does not name one.
#[cfg(target_has_atomic = "64")]
pub(super) type DefaultQueue<T> = crate::ring::atomic::AtomicRing<T>;
/// The queue of a channel whose type does not name one.
#[cfg(not(target_has_atomic = "64"))]
pub(super) type DefaultQueue<T> = crate::queues::mutex_ring::MutexRing<T>;

/// The queue, and where threads and tasks wait for it.
///
/// Closing is the queue's: once it is closed, nothing goes in. A receiver that has seen it closed
/// and then finds it empty knows that nothing will come any more.
///
/// That no wake-up is lost rests on the contract of [`Queue`]: its operations and the `SeqCst`
/// accesses of a [`WaitList`] are in one order. A sender pushes, then looks whether somebody
/// sleeps; a receiver announces its sleep, then pops. Whichever of the two comes second sees the
/// other.
pub(super) struct Shared<Q> {
    pub(super) queue: Q,
    /// Notified when an element arrives, or the channel is closed.
    pub(super) elements: WaitList,
    /// Notified when there is room for an element, or the channel is closed.
    pub(super) room: WaitList,
    /// Notified when the channel is closed.
    pub(super) closing: WaitList,
    pub(super) senders: Ends,
    pub(super) receivers: Ends,
    /// Pointers, because the ends do not know in their `Drop` what the queue is a queue of.
    close_queue: fn(&Q) -> bool,
    /// Takes out and drops what is inside, unless it belongs to other owners of the queue.
    discard: fn(&Q, &mut Panics),
}

impl<Q> Shared<Q> {
    pub(super) fn new<T>(queue: Q) -> Self
    where
        Q: Queue<T>,
    {
        Self {
            queue,
            elements: WaitList::new(),
            room: WaitList::new(),
            closing: WaitList::new(),
            senders: Ends::new(),
            receivers: Ends::new(),
            close_queue: Q::close,
            discard: |queue, panics| {
                while !queue.is_shared() {
                    let mut element = None;
                    panics.catch(|| element = queue.pop());
                    let Some(element) = element else { break };
                    panics.catch(|| drop(element));
                }
            },
        }
    }

    /// Closes the queue, and wakes everyone; returns whether this call closed it.
    pub(super) fn close(&self) -> bool {
        let closes = (self.close_queue)(&self.queue);
        self.wake_all(Panics::default());
        closes
    }

    /// Wakes everyone, as the queue has been closed. Also if it was closed before: another owner of
    /// the queue may have closed it, and wakes no one.
    fn wake_all(&self, mut panics: Panics) {
        for list in [&self.elements, &self.room, &self.closing] {
            list.wake_each(usize::MAX, &mut panics);
        }
        panics.resume();
    }

    /// To be called when a sender is dropped.
    pub(super) fn sender_is_gone(&self) {
        if self.senders.leave() {
            self.close();
        }
    }

    /// To be called when a receiver is dropped.
    pub(super) fn receiver_is_gone(&self) {
        if self.receivers.leave() {
            (self.close_queue)(&self.queue);
            // Nobody can take it any more, and it may hold what others wait for. Nothing comes
            // after it.
            let mut panics = Panics::default();
            (self.discard)(&self.queue, &mut panics);
            self.wake_all(panics);
        }
    }
}

/// How many ends there are on one side.
pub(super) struct Ends(AtomicUsize);

impl Ends {
    fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    pub(super) fn count(&self) -> usize {
        // Relaxed: a snapshot, from which nothing is concluded.
        self.0.load(Ordering::Relaxed)
    }

    /// For a thread that makes the first end, or has one already.
    pub(super) fn join(&self) {
        // Relaxed, as for the strong count of an `Arc`: a thread that clones an end has one.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// For a thread that may have none: returns whether there was one still.
    pub(super) fn join_others(&self) -> bool {
        // Relaxed: that there is an end keeps the side from being gone; nothing else is concluded.
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |ends| {
                (ends > 0).then_some(ends + 1)
            })
            .is_ok()
    }

    /// Returns whether this was the last one.
    fn leave(&self) -> bool {
        // Release pairs with the Acquire of the last one: what all of them did is before the
        // closing.
        self.0.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

/// A list at which a task waits for longer than it borrows an end, with the channel that it is in.
#[cfg(feature = "async")]
pub(super) struct ListOf<Q> {
    pub(super) shared: Arc<Shared<Q>>,
    pub(super) list: fn(&Shared<Q>) -> &WaitList,
}

#[cfg(feature = "async")]
impl<Q> Deref for ListOf<Q> {
    type Target = WaitList;

    fn deref(&self) -> &WaitList {
        (self.list)(&self.shared)
    }
}
