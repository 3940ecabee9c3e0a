//! How to wait without missing what one waits for: listen, check again, then sleep.
//!
//! All of it works on a `look`: a closure that tries to do what the caller wants, and is pending
//! while that cannot be had.

pub(super) mod adaptive_spin;
pub(super) mod deferred_waker;
pub(super) mod parker;
pub(super) mod wait_list;
#[cfg(feature = "async")]
pub(super) mod yield_budget;

#[cfg(feature = "async")]
use std::ops::Deref;
use std::task::Poll;
#[cfg(feature = "async")]
use std::task::{Context, ready};
use std::time::Instant;

use adaptive_spin::Patience;
use wait_list::{WaitList, Waiter};
#[cfg(feature = "async")]
use yield_budget::YieldBudget;

/// Blocks the thread until `look` is ready or the deadline has passed; pending then.
///
/// It looks at least once, and once more after the deadline.
pub(super) fn block<R>(
    list: &WaitList,
    deadline: Option<Instant>,
    patience: Patience<'_>,
    mut look: impl FnMut() -> Poll<R>,
) -> Poll<R> {
    let mut found = patience.look_on(&mut look);
    while found.is_pending() {
        let mut waiter = Waiter::listen(list);
        found = look();
        if found.is_ready() {
            break;
        }
        let was_woken = waiter.wait(deadline);
        found = look();
        waiter.has_looked();
        // The clock decides even if this thread is woken again and again, and others are faster.
        if !was_woken || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
    }
    found
}

/// The same for a task. `waiter` is what it sleeps by, from one poll to the next.
#[cfg(feature = "async")]
pub(super) fn poll<L: Deref<Target = WaitList>, R>(
    cx: &mut Context<'_>,
    waiter: &mut Option<Waiter<L>>,
    budget: &YieldBudget,
    list: impl Fn() -> L,
    mut look: impl FnMut() -> Poll<R>,
) -> Poll<R> {
    ready!(budget.poll(cx));
    let found = loop {
        // Before the look, so that a notification that has come is used by it.
        let was_woken = waiter.as_mut().is_some_and(|waiter| waiter.poll(cx).is_ready());
        let found = look();
        if was_woken {
            waiter.take().into_iter().for_each(|mut woken| woken.has_looked());
        }
        if let Poll::Ready(found) = found {
            break found;
        }
        if waiter.is_some() {
            budget.refill();
            return Poll::Pending;
        }
        *waiter = Some(Waiter::listen(list()));
    };
    *waiter = None;
    budget.spend();
    Poll::Ready(found)
}
