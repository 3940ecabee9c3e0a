//! Wakers that are called after the lock under which they were to be called.
//!
//! An [`Event`](event_listener::Event) calls wakers while it holds its lock. The thread that is
//! woken needs that lock first thing: on the same core it gets no further. And a waker may be
//! anything, and take part in the same channel itself.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::drop_all::drop_all;
use crate::sync::thread_local;

thread_local! {
    /// The wakers that the current thread has notified and not called yet.
    #[allow(clippy::missing_const_for_thread_local, reason = "loom's are not const")]
    static NOTIFIED: RefCell<Vec<Arc<DeferredWaker>>> = RefCell::new(Vec::new());
}

/// Calls a waker when the [`DeferredWakes`] of the notifying thread are dropped.
pub(super) struct DeferredWaker(Waker);

impl DeferredWaker {
    pub(super) fn new(waker: &Waker) -> Arc<Self> {
        Arc::new(Self(waker.clone()))
    }

    pub(super) fn is_for(&self, waker: &Waker) -> bool {
        self.0.will_wake(waker)
    }
}

impl Wake for DeferredWaker {
    fn wake(self: Arc<Self>) {
        let mut waker = Some(self);
        let _ = NOTIFIED.try_with(|notified| notified.borrow_mut().extend(waker.take()));
        // The list is gone in thread-local destructors that run late.
        if let Some(waker) = waker {
            waker.0.wake_by_ref();
        }
    }
}

/// When dropped, calls the wakers that the current thread has notified.
///
/// To be made before the first is notified, so that it is dropped after all else is done.
#[must_use]
pub(in crate::channel) struct DeferredWakes;

impl Drop for DeferredWakes {
    fn drop(&mut self) {
        /// Wakes when dropped.
        struct Call(Arc<DeferredWaker>);

        impl Drop for Call {
            fn drop(&mut self) {
                self.0.0.wake_by_ref();
            }
        }

        // Out of the list first: a waker may use a channel itself.
        let notified = NOTIFIED
            .try_with(|notified| mem::take(&mut *notified.borrow_mut()))
            .unwrap_or_default();
        let mut calls = notified.into_iter().map(Call);
        // The others too, should one of them panic.
        drop_all(|| calls.next());
    }
}
