//! Where threads and tasks sleep.

use std::mem;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use crossbeam_utils::CachePadded;
use event_listener::{Event, EventListener, IntoNotification, Listener};

use super::deferred_waker::{DeferredWaker, DeferredWakes};
use super::parker;
use crate::sync::{AtomicUsize, Ordering};

/// A list of waiters that costs one load when nobody sleeps.
///
/// A waiter [listens](Waiter::listen), checks its condition again, then sleeps. A notifier makes
/// the condition true, then [wakes](Self::wake). The condition must be in one order with `SeqCst`
/// accesses, or a wake-up is lost.
///
/// Each notification wakes a waiter that was not woken yet. The list itself is an [`Event`] of the
/// crate `event-listener`, after D. Vyukov's "eventcount"; it takes a lock at each notification.
pub(in crate::channel) struct WaitList {
    event: Event,
    /// How many waiters have not been notified. A waiter counts itself before it is in the event's
    /// list; the notifier discounts it, or the waiter itself when it leaves without a notification.
    asleep: CachePadded<AtomicUsize>,
}

impl WaitList {
    pub(in crate::channel) fn new() -> Self {
        Self { event: Event::new(), asleep: CachePadded::new(AtomicUsize::new(0)) }
    }

    /// Wakes `n` of the waiters that have not been woken yet, longest first.
    #[inline]
    pub(in crate::channel) fn wake(&self, n: usize) {
        // SeqCst pairs with `listen`: this thread has made the condition true before.
        if self.asleep.load(Ordering::SeqCst) != 0 {
            self.wake_some(n);
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_some(&self, n: usize) {
        let _wakes = DeferredWakes;
        self.notify(n);
    }

    /// As [`wake`](Self::wake), but the waiters wake with the caller's [`DeferredWakes`].
    pub(in crate::channel) fn notify(&self, n: usize) {
        // SeqCst, as in `wake`.
        if self.asleep.load(Ordering::SeqCst) != 0 {
            // Relaxed, here and below: a waiter that is not in the list yet will check its
            // condition again. What the waiters see that are woken is ordered by the event's lock.
            let notified = self.event.notify(n.additional().relaxed());
            self.asleep.fetch_sub(notified, Ordering::Relaxed);
        }
    }
}

/// A thread or task that sleeps, or is about to.
///
/// When dropped, it passes on the notification that has woken it, unless it has
/// [made use](Self::has_looked) of that.
#[must_use]
pub(in crate::channel) struct Waiter<L: Deref<Target = WaitList>> {
    list: L,
    state: State,
    /// By what the listener wakes the thread or task.
    waker: Option<Arc<DeferredWaker>>,
}

enum State {
    Listening(EventListener),
    Woken,
    HasLooked,
}

impl<L: Deref<Target = WaitList>> Waiter<L> {
    #[cold]
    #[inline(never)]
    pub(in crate::channel) fn listen(list: L) -> Self {
        // SeqCst pairs with `wake` and `notify`: this thread checks its condition after.
        list.asleep.fetch_add(1, Ordering::SeqCst);
        let listener = list.event.listen();
        Self { list, state: State::Listening(listener), waker: None }
    }

    /// Sleeps until it is woken, but not beyond the deadline; returns whether it was woken.
    pub(super) fn wait(&mut self, deadline: Option<Instant>) -> bool {
        parker::with_current(|parker| {
            while self.poll(&mut Context::from_waker(parker.waker())).is_pending() {
                if !parker.park(deadline) {
                    return false;
                }
            }
            true
        })
    }

    /// Ready when it has been woken; else the task will be woken when it is.
    pub(in crate::channel) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Listening(listener) = &mut self.state {
            // Kept until the event's lock is released: its drop may be that of a user's waker.
            let _old = self.waker.take_if(|waker| !waker.is_for(cx.waker()));
            let waker = self.waker.get_or_insert_with(|| DeferredWaker::new(cx.waker()));
            ready!(Pin::new(listener).poll(&mut Context::from_waker(&Arc::clone(waker).into())));
            self.state = State::Woken;
        }
        Poll::Ready(())
    }

    /// The waiter has checked its condition since it was woken, so no other need be woken instead.
    pub(super) fn has_looked(&mut self) {
        if let State::Woken = self.state {
            self.state = State::HasLooked;
        }
    }
}

impl<L: Deref<Target = WaitList>> Drop for Waiter<L> {
    fn drop(&mut self) {
        let was_woken = match mem::replace(&mut self.state, State::HasLooked) {
            State::Listening(listener) => {
                let was_notified = listener.discard();
                if !was_notified {
                    // Relaxed: the count goes down, which makes no notifier miss a waiter.
                    self.list.asleep.fetch_sub(1, Ordering::Relaxed);
                }
                was_notified
            }
            State::Woken => true,
            State::HasLooked => false,
        };
        if was_woken {
            self.list.wake(1);
        }
    }
}
