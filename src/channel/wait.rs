//! How to wait without missing what one waits for: listen, check again, then sleep.
//!
//! All of it works on a `look`: a closure that tries to do what the caller wants, and is pending
//! while that cannot be had.

pub(super) mod panics;
pub(super) mod parker;
pub(super) mod wait_list;
#[cfg(feature = "async")]
pub(super) mod yield_budget;

#[cfg(feature = "async")]
use std::ops::Deref;
use std::task::Poll;
#[cfg(feature = "async")]
use std::task::{Context, ready};
use std::time::{Duration, Instant};
use std::{hint, thread};

use wait_list::{WaitList, Waiter};
#[cfg(feature = "async")]
use yield_budget::YieldBudget;

/// How long a thread waits.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    Never,
    Timeout(Duration),
    Deadline(Instant),
}

impl Limit {
    /// Whether one look is all. The clock is not read then, which not every target has.
    pub(super) fn is_zero(self) -> bool {
        matches!(self, Self::Timeout(Duration::ZERO))
    }

    /// `None` when that is never, or too far away for the clock.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Never => None,
            Self::Timeout(timeout) => Instant::now().checked_add(timeout),
            Self::Deadline(deadline) => Some(deadline),
        }
    }
}

/// Blocks the thread until `look` is ready or the limit is reached; pending then.
///
/// The caller has looked before.
pub(super) fn block<R>(
    list: &WaitList,
    limit: Limit,
    mut look: impl FnMut() -> Poll<R>,
) -> Poll<R> {
    if limit.is_zero() {
        return Poll::Pending;
    }
    let deadline = limit.deadline();
    let mut found = look_on(&mut look);
    if found.is_pending() {
        found = parker::with_current(|parker| {
            loop {
                let waiter = Waiter::listen(list, parker.waker());
                if let Poll::Ready(found) = look() {
                    return Poll::Ready(found);
                }
                let was_woken = parker.sleep(deadline, || waiter.is_woken());
                let found = look();
                if was_woken {
                    waiter.has_looked();
                }
                // The clock decides even if this thread is woken again and again, and others are
                // faster.
                let time_is_up = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
                if found.is_ready() || !was_woken || time_is_up() {
                    return found;
                }
            }
        });
    }
    found
}

/// Looks again and again, before it is worth while to sleep: waking a sleeper takes longer.
///
/// At first the thread keeps its core, for a partner that runs on another one. Then it gives its
/// core away: the partner may need this one, and hands over many elements in its turn, where each
/// sleep is for one. So both go on, with a core for each or not.
pub(super) fn look_on<R>(mut look: impl FnMut() -> Poll<R>) -> Poll<R> {
    /// Each pause is twice as long as the one before.
    const PAUSES: u32 = 7;
    const YIELDS: u32 = 10;
    // Nothing comes of itself in a model.
    let looks = if cfg!(ringway_loom) { 0 } else { PAUSES + YIELDS };
    for step in 0..looks {
        if step < PAUSES {
            (0..1 << step).for_each(|_| hint::spin_loop());
        } else {
            thread::yield_now();
        }
        if let Poll::Ready(found) = look() {
            return Poll::Ready(found);
        }
    }
    Poll::Pending
}

/// As [`block`], for a task. `waiter` is what it sleeps by, from one poll to the next.
#[cfg(feature = "async")]
pub(super) fn poll<L: Deref<Target = WaitList>, R>(
    cx: &mut Context<'_>,
    waiter: &mut Option<Waiter<L>>,
    budget: &YieldBudget,
    list: impl FnOnce() -> L,
    mut look: impl FnMut() -> Poll<R>,
) -> Poll<R> {
    ready!(budget.poll(cx));
    // Before the look, so that a wake-up that has come is used by it.
    let was_woken = waiter.as_ref().is_some_and(|waiter| waiter.poll(cx).is_ready());
    let mut found = look();
    if was_woken {
        waiter.take().into_iter().for_each(Waiter::has_looked);
    }
    if found.is_pending() && waiter.is_none() {
        *waiter = Some(Waiter::listen(list(), cx.waker()));
        found = look();
    }
    if found.is_pending() {
        budget.refill();
    } else {
        *waiter = None;
        budget.spend();
    }
    found
}
