//! Where threads and tasks sleep.

use std::ops::Deref;
#[cfg(feature = "async")]
use std::pin::Pin;
#[cfg(feature = "async")]
use std::sync::Arc;
#[cfg(feature = "async")]
use std::task::{Context, Poll, ready};
#[cfg(all(feature = "std", not(target_family = "wasm")))]
use std::time::Instant;

use crossbeam_utils::CachePadded;
use event_listener::{Event, EventListener, IntoNotification, Listener};

#[cfg(feature = "async")]
use super::later::{self, Later};
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
            self.notify(n);
        }
    }

    pub(super) fn wake_all(&self) {
        self.wake(usize::MAX);
    }

    #[cold]
    #[inline(never)]
    fn notify(&self, n: usize) {
        // Relaxed: a listener that is not in the list yet will look once more. What the awoken see is ordered by the event's lock.
        let notified = self.event.notify(n.additional().relaxed());
        self.asleep.fetch_sub(notified, Ordering::Relaxed);
        #[cfg(feature = "async")]
        later::wake_all();
    }
}

/// One that sleeps, or is about to. When dropped it passes on what has woken it, if anything has.
#[must_use]
pub(super) struct Sleeper<S: Deref<Target = Signal>> {
    signal: S,
    /// `None` once it is known to have been notified, or has left the list.
    listener: Option<EventListener>,
    /// By what the listener wakes the task.
    #[cfg(feature = "async")]
    later: Option<Arc<Later>>,
}

impl<S: Deref<Target = Signal>> Sleeper<S> {
    #[cold]
    #[inline(never)]
    pub(super) fn listen(signal: S) -> Self {
        // Relaxed: ordered by the caller.
        signal.asleep.fetch_add(1, Ordering::Relaxed);
        let listener = Some(signal.event.listen());
        Self {
            signal,
            listener,
            #[cfg(feature = "async")]
            later: None,
        }
    }

    /// Sleeps until somebody wakes it.
    #[cfg(all(feature = "std", not(target_family = "wasm")))]
    pub(super) fn wait(mut self) {
        if let Some(listener) = self.listener.take() {
            listener.wait();
        }
    }

    /// Sleeps until somebody wakes it, but not beyond the deadline; returns whether it was woken.
    #[cfg(all(feature = "std", not(target_family = "wasm")))]
    pub(super) fn wait_deadline(mut self, deadline: Instant) -> bool {
        let woken = self.listener.take().is_none_or(|listener| listener.wait_deadline(deadline).is_some());
        if !woken {
            self.signal.asleep.fetch_sub(1, Ordering::Relaxed);
        }
        woken
    }

    /// Ready when somebody has woken it; will wake the task when somebody does.
    #[cfg(feature = "async")]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(listener) = &mut self.listener {
            self.later.take_if(|later| !later.is_for(cx.waker()));
            let later = self.later.get_or_insert_with(|| Later::new(cx.waker()));
            ready!(Pin::new(listener).poll(&mut Context::from_waker(&Arc::clone(later).into())));
            self.listener = None;
        }
        Poll::Ready(())
    }
}

impl<S: Deref<Target = Signal>> Drop for Sleeper<S> {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.take() {
            if listener.discard() {
                self.signal.wake(1);
            } else {
                self.signal.asleep.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}
