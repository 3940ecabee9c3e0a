//! Where threads and tasks sleep.

use std::collections::VecDeque;
use std::mem;
use std::ops::Deref;
use std::sync::PoisonError;
use std::task::Waker;
#[cfg(feature = "async")]
use std::task::{Context, Poll};

use crossbeam_utils::CachePadded;

use super::panics::Panics;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering};

/// A list of waiters that costs one load when nobody sleeps.
///
/// A waiter [listens](Waiter::listen), checks its condition again, then sleeps. A notifier makes
/// the condition true, then [wakes](Self::wake). The condition must be in one order with `SeqCst`
/// accesses, or a wake-up is lost. The idea is D. Vyukov's "eventcount".
///
/// Each wake-up takes a waiter out of the list, and so goes to one that was not woken yet. Nothing
/// is allocated or freed under the lock, no waker is cloned, called or dropped under it, and waking
/// allocates nothing at all: so a waker may use the same channel, and so may an allocator.
pub(in crate::channel) struct WaitList {
    /// How many waiters are in the list. Written under its lock.
    asleep: CachePadded<AtomicUsize>,
    waiters: Mutex<Waiters>,
}

struct Waiters {
    /// In the order of their tickets, which is that in which they came.
    queue: VecDeque<(Ticket, Waker)>,
    next: Ticket,
}

type Ticket = u64;

impl WaitList {
    pub(in crate::channel) fn new() -> Self {
        let waiters = Waiters { queue: VecDeque::new(), next: 0 };
        Self { asleep: CachePadded::new(AtomicUsize::new(0)), waiters: Mutex::new(waiters) }
    }

    /// Wakes `n` of the waiters that have not been woken yet, longest first.
    #[inline]
    pub(in crate::channel) fn wake(&self, n: usize) {
        // SeqCst pairs with the store in `add`: this thread has made the condition true before.
        if self.asleep.load(Ordering::SeqCst) != 0 {
            self.wake_sleepers(n);
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_sleepers(&self, n: usize) {
        let mut panics = Panics::default();
        self.wake_each(n, &mut panics);
        panics.resume();
    }

    /// As [`wake`](Self::wake), but goes on when a waker panics.
    pub(in crate::channel) fn wake_each(&self, n: usize, panics: &mut Panics) {
        // Those that come meanwhile see the condition themselves: it ends beside waiters that
        // listen again and again.
        let end = if n == 1 { Ticket::MAX } else { self.lock().next };
        for _ in 0..n {
            let Some(waker) = self.take_first(end) else { break };
            panics.catch(|| waker.wake());
        }
    }

    /// Takes out the waiter that came first, if it came before `end`.
    fn take_first(&self, end: Ticket) -> Option<Waker> {
        let mut waiters = self.lock();
        let &(ticket, _) = waiters.queue.front()?;
        let (_, waker) = if ticket < end { waiters.queue.pop_front() } else { None }?;
        self.count(&waiters, Ordering::Relaxed);
        Some(waker)
    }

    /// Adds a waiter as the last one.
    fn add(&self, waker: Waker) -> Ticket {
        let mut waiters = self.lock();
        while waiters.queue.len() == waiters.queue.capacity() {
            // Not under the lock: the allocator may use the channel.
            let wanted = 2 * (waiters.queue.len() + 1);
            drop(waiters);
            let mut larger = VecDeque::with_capacity(wanted);
            waiters = self.lock();
            if waiters.queue.capacity() < larger.capacity() {
                larger.extend(waiters.queue.drain(..));
                mem::swap(&mut waiters.queue, &mut larger);
            }
            drop(waiters);
            drop(larger);
            waiters = self.lock();
        }
        let ticket = waiters.next;
        waiters.next += 1;
        waiters.queue.push_back((ticket, waker));
        // SeqCst pairs with the load in `wake`: this thread checks its condition after.
        self.count(&waiters, Ordering::SeqCst);
        ticket
    }

    /// Writes down how many waiters there are. Relaxed is enough where there are fewer than before:
    /// what is read instead of the SeqCst store of a waiter comes later under the lock, and counts
    /// that waiter while it is in the list.
    fn count(&self, waiters: &Waiters, order: Ordering) {
        self.asleep.store(waiters.queue.len(), order);
    }

    #[cfg(all(test, not(ringway_loom)))]
    pub(in crate::channel) fn asleep(&self) -> usize {
        self.asleep.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        // Nothing panics under the lock.
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiters {
    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.queue.binary_search_by_key(&ticket, |&(ticket, _)| ticket).ok()
    }
}

/// A thread or task that sleeps, or is about to.
///
/// When dropped, it passes on the wake-up that it was given, unless it has
/// [made use](Self::has_looked) of that.
#[must_use]
pub(in crate::channel) struct Waiter<L: Deref<Target = WaitList>> {
    list: L,
    /// `None` when it has looked since it was woken.
    ticket: Option<Ticket>,
}

impl<L: Deref<Target = WaitList>> Waiter<L> {
    #[cold]
    #[inline(never)]
    pub(in crate::channel) fn listen(list: L, waker: &Waker) -> Self {
        let ticket = list.add(waker.clone());
        Self { list, ticket: Some(ticket) }
    }

    /// Whether it has been woken.
    pub(in crate::channel) fn is_woken(&self) -> bool {
        self.ticket.is_none_or(|ticket| self.list.lock().find(ticket).is_none())
    }

    /// Ready when it has been woken; else the task will be woken when it is.
    #[cfg(feature = "async")]
    pub(in crate::channel) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(ticket) = self.ticket else { return Poll::Ready(()) };
        let mut waiters = self.list.lock();
        let Some(index) = waiters.find(ticket) else { return Poll::Ready(()) };
        if waiters.queue[index].1.will_wake(cx.waker()) {
            return Poll::Pending;
        }
        // Cloned and dropped while the lock is free: both are the runtime's code.
        drop(waiters);
        let mut waker = cx.waker().clone();
        waiters = self.list.lock();
        let Some(index) = waiters.find(ticket) else { return Poll::Ready(()) };
        mem::swap(&mut waiters.queue[index].1, &mut waker);
        drop(waiters);
        Poll::Pending
    }

    /// The waiter was woken and has checked its condition since, so no other need be woken instead.
    pub(in crate::channel) fn has_looked(mut self) {
        self.ticket = None;
    }
}

impl<L: Deref<Target = WaitList>> Drop for Waiter<L> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut waiters = self.list.lock();
        let left = waiters.find(ticket).and_then(|index| waiters.queue.remove(index));
        self.list.count(&waiters, Ordering::Relaxed);
        drop(waiters);
        if left.is_none() {
            self.list.wake(1);
        }
    }
}
