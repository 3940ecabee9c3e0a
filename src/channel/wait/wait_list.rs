//! Where threads and tasks sleep.

use std::mem;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
#[cfg(feature = "std")]
use std::{task::Wake, time::Instant};

use crossbeam_utils::CachePadded;
use event_listener::{Event, EventListener, IntoNotification, Listener};

use super::later::{Calls, Later};
#[cfg(feature = "std")]
use crate::sync::thread;
use crate::sync::{AtomicUsize, Ordering};

/// An [`Event`] that costs one load when nobody sleeps.
///
/// The event itself takes a lock at every notification. Who wants to sleep [listens](Sleeper::listen), looks once more for what it wants,
/// and sleeps; who has brought it then [wakes](Self::wake) as many. That neither misses the other is up to the caller:
/// between "listen" and "look once more", and between "bring" and "wake", there must be what orders them.
pub(super) struct Signal {
    event: Event,
    /// How many listeners have not been notified: counted up before they are in the event's list, and down by who notifies them, or
    /// by themselves when they leave without.
    asleep: CachePadded<AtomicUsize>,
}

impl Signal {
    pub(super) fn new() -> Self {
        Self { event: Event::new(), asleep: CachePadded::new(AtomicUsize::new(0)) }
    }

    /// Wakes `n` of those that sleep and have not been woken yet, longest first.
    #[inline]
    pub(super) fn wake(&self, n: usize) {
        // Relaxed: what makes it see a listener that must be woken is the caller's.
        if self.asleep.load(Ordering::Relaxed) != 0 {
            self.wake_some(n);
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_some(&self, n: usize) {
        let _calls = Calls;
        self.notify(n);
    }

    /// Notifies `n` of those that sleep and have not been woken yet, longest first; they wake with the caller's [`Calls`].
    pub(super) fn notify(&self, n: usize) {
        // Relaxed, as in `wake`.
        if self.asleep.load(Ordering::Relaxed) != 0 {
            // Relaxed: a listener that is not in the list yet will look once more. What the awoken see is ordered by the event's lock.
            let notified = self.event.notify(n.additional().relaxed());
            self.asleep.fetch_sub(notified, Ordering::Relaxed);
        }
    }
}

/// One that sleeps, or is about to. When dropped it passes on what has woken it, unless it has [made use](Self::has_looked) of that.
#[must_use]
pub(super) struct Sleeper<S: Deref<Target = Signal>> {
    signal: S,
    state: State,
    /// By what the listener wakes it.
    later: Option<Arc<Later>>,
}

enum State {
    Listening(EventListener),
    Woken,
    HasLooked,
}

impl<S: Deref<Target = Signal>> Sleeper<S> {
    #[cold]
    #[inline(never)]
    pub(super) fn listen(signal: S) -> Self {
        // Relaxed: ordered by the caller.
        signal.asleep.fetch_add(1, Ordering::Relaxed);
        let listener = signal.event.listen();
        Self { signal, state: State::Listening(listener), later: None }
    }

    /// Sleeps until somebody wakes it, but not beyond the deadline; returns whether it was woken.
    #[cfg(feature = "std")]
    pub(super) fn wait(&mut self, deadline: Option<Instant>) -> bool {
        let waker = Arc::new(Unpark(thread::current())).into();
        while self.poll(&mut Context::from_waker(&waker)).is_pending() {
            match deadline {
                None => thread::park(),
                #[cfg(loom)]
                Some(_) => unreachable!("there are no clocks in models"),
                #[cfg(not(loom))]
                Some(deadline) => match deadline.saturating_duration_since(Instant::now()) {
                    left if left.is_zero() => return false,
                    left => thread::park_timeout(left),
                },
            }
        }
        true
    }

    /// Ready when somebody has woken it; will wake the task when somebody does.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Listening(listener) = &mut self.state {
            // Kept until the event's lock is let go: its drop may be that of somebody's waker.
            let _old = self.later.take_if(|later| !later.is_for(cx.waker()));
            let later = self.later.get_or_insert_with(|| Later::new(cx.waker()));
            ready!(Pin::new(listener).poll(&mut Context::from_waker(&Arc::clone(later).into())));
            self.state = State::Woken;
        }
        Poll::Ready(())
    }

    /// It has looked since it was woken, so nobody else need be woken instead.
    pub(super) fn has_looked(&mut self) {
        if let State::Woken = self.state {
            self.state = State::HasLooked;
        }
    }
}

impl<S: Deref<Target = Signal>> Drop for Sleeper<S> {
    fn drop(&mut self) {
        let woken = match mem::replace(&mut self.state, State::HasLooked) {
            State::Listening(listener) => {
                let woken = listener.discard();
                if !woken {
                    self.signal.asleep.fetch_sub(1, Ordering::Relaxed);
                }
                woken
            }
            State::Woken => true,
            State::HasLooked => false,
        };
        if woken {
            self.signal.wake(1);
        }
    }
}

#[cfg(feature = "std")]
struct Unpark(thread::Thread);

#[cfg(feature = "std")]
impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
