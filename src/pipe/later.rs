//! Wakers that are called after the lock under which they were to be called.
//!
//! An [`Event`](event_listener::Event) calls wakers while it holds its lock, and a task that is woken needs that lock first thing. On
//! another core it is there before the call has returned, and sleeps again: that made a hand-over between two cores three times as
//! long.

use std::cell::RefCell;
use std::mem;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::drain::drop_all;

thread_local! {
    static AWOKEN: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
}

/// Wakes another one, when [`wake_all`] is called by the same thread.
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
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // The list is gone in thread-local destructors that run late.
        if AWOKEN.try_with(|awoken| awoken.borrow_mut().push(self.0.clone())).is_err() {
            self.0.wake_by_ref();
        }
    }
}

/// To be called without the lock, by whoever has woken anyone under it.
pub(super) fn wake_all() {
    /// Wakes when dropped.
    struct Call(Waker);

    impl Drop for Call {
        fn drop(&mut self) {
            self.0.wake_by_ref();
        }
    }

    // Out of the list first: a waker may be anything, and send through a pipe itself.
    let awoken = AWOKEN.try_with(|awoken| mem::take(&mut *awoken.borrow_mut())).unwrap_or_default();
    let mut awoken = awoken.into_iter().map(Call);
    // The others too, should one of them panic.
    drop_all(|| awoken.next());
}
