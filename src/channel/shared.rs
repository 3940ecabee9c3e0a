//! What the two ends share.

#[cfg(feature = "async")]
use std::{ops::Deref, sync::Arc};

use super::wait::deferred_waker::DeferredWakes;
use super::wait::wait_list::WaitList;
use crate::drop_all::drop_all;
use crate::queue::Queue;
use crate::sync::{AtomicUsize, Ordering};

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
    discard: fn(&Q),
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
            discard: |queue| {
                if !queue.is_shared() {
                    drop_all(|| queue.pop());
                }
            },
        }
    }

    /// Closes the queue, and wakes everyone; returns whether this call closed it.
    pub(super) fn close(&self) -> bool {
        let _wakes = DeferredWakes;
        self.close_and_notify()
    }

    /// The same, but the waiters wake with the caller's [`DeferredWakes`].
    fn close_and_notify(&self) -> bool {
        let closes = (self.close_queue)(&self.queue);
        // Also if it was closed before: another owner of the queue may have closed it, and wakes no
        // one.
        for list in [&self.elements, &self.room, &self.closing] {
            list.notify(usize::MAX);
        }
        closes
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
            // After the rest, which must be done even if a waker panics.
            let _wakes = DeferredWakes;
            self.close_and_notify();
            // Nobody can take it any more, and it may hold what others wait for. Nothing comes
            // after it.
            (self.discard)(&self.queue);
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

/// Lists at which a task waits for longer than it borrows an end: each with the channel that it is
/// in.
macro_rules! owned_list {
    ($(#[$attribute:meta])* $List:ident, $list:ident) => {
        $(#[$attribute])*
        pub(super) struct $List<Q>(pub(super) Arc<Shared<Q>>);

        $(#[$attribute])*
        impl<Q> Deref for $List<Q> {
            type Target = WaitList;

            fn deref(&self) -> &WaitList {
                &self.0.$list
            }
        }
    };
}
owned_list!(
    #[cfg(feature = "async")]
    Elements,
    elements
);
owned_list!(
    #[cfg(feature = "sink")]
    Room,
    room
);
