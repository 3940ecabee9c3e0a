//! Wakers that are called after the lock under which they were to be called.
//!
//! An [`Event`](event_listener::Event) calls wakers while it holds its lock. What is woken needs that lock first thing: on the same core it
//! gets no further, and a hand-over took three times as long. And a waker may be anything, and take part in the same pipe itself.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::drop_all::drop_all;
use crate::sync::thread_local;

thread_local! {
    /// What the current thread has notified and not called yet.
    #[allow(clippy::missing_const_for_thread_local, reason = "loom's are not const")]
    static NOTIFIED: RefCell<Vec<Arc<Later>>> = RefCell::new(Vec::new());
}

/// Calls a waker when the [`Calls`] of the thread that has notified it are dropped.
pub(super) struct Later(Waker);

impl Later {
    pub(super) fn new(waker: &Waker) -> Arc<Self> {
        Arc::new(Self(waker.clone()))
    }

    pub(super) fn is_for(&self, waker: &Waker) -> bool {
        self.0.will_wake(waker)
    }
}

impl Wake for Later {
    fn wake(self: Arc<Self>) {
        let mut later = Some(self);
        let _ = NOTIFIED.try_with(|notified| notified.borrow_mut().extend(later.take()));
        // The list is gone in thread-local destructors that run late.
        if let Some(later) = later {
            later.0.wake_by_ref();
        }
    }
}

/// When dropped, calls the wakers of all that the current thread has notified; to be made before the first is notified, so that
/// it is dropped after all else that must be done.
#[must_use]
pub(super) struct Calls;

impl Drop for Calls {
    fn drop(&mut self) {
        /// Wakes when dropped.
        struct Call(Arc<Later>);

        impl Drop for Call {
            fn drop(&mut self) {
                self.0.0.wake_by_ref();
            }
        }

        // Out of the list first: a waker may send through a pipe itself.
        let notified = NOTIFIED.try_with(|notified| mem::take(&mut *notified.borrow_mut())).unwrap_or_default();
        let mut calls = notified.into_iter().map(Call);
        // The others too, should one of them panic.
        drop_all(|| calls.next());
    }
}
