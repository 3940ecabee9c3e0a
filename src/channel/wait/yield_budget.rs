//! How a task that always finds something gives way to others now and then.

use std::task::{Context, Poll};

use crate::sync::{AtomicUsize, Ordering};

/// Counts how many times in a row one end was ready without having waited.
///
/// A task that is never pending keeps its runtime from polling other tasks, timers and sockets.
/// After so many times it is pending once, and is woken at once. The idea is that of tokio's
/// cooperative budget; counting at the end of the channel makes it work on any runtime.
pub(in crate::channel) struct YieldBudget(AtomicUsize);

impl YieldBudget {
    const READY_IN_A_ROW: usize = 128;

    pub(in crate::channel) fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Pending when it is time to give way.
    pub(in crate::channel) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Relaxed, here and below: an estimate, on which nothing depends but when a task gives way.
        if self.0.load(Ordering::Relaxed) < Self::READY_IN_A_ROW {
            return Poll::Ready(());
        }
        self.refill();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The task has been ready.
    pub(in crate::channel) fn spend(&self) {
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// The task is pending.
    pub(super) fn refill(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
