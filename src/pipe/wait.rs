//! How one waits without missing what one waits for: listen first, look once more, then sleep.

#[cfg(feature = "std")]
use std::iter::repeat_n;
use std::ops::Deref;
#[cfg(feature = "async")]
use std::task::{Context, Poll, ready};
#[cfg(feature = "std")]
use std::time::Instant;

#[cfg(feature = "std")]
use crossbeam_utils::Backoff;

use super::signal::{Signal, Sleeper};

/// How many times a thread looks before it sleeps, with pauses that double: about a microsecond in all, less than it takes to be
/// woken. It keeps its core meanwhile: to give it away costs the thread its turn when it is woken later.
#[cfg(feature = "std")]
const LOOKS: usize = if cfg!(loom) { 0 } else { 8 };

/// Blocks the thread until `look` finds something or the deadline has passed; `None` then.
///
/// It looks at least once, and once more after the deadline.
#[cfg(feature = "std")]
pub(super) fn block<S: Deref<Target = Signal>, R>(
    deadline: Option<Instant>,
    listen: impl Fn() -> Sleeper<S>,
    mut look: impl FnMut() -> Option<R>,
) -> Option<R> {
    let backoff = Backoff::new();
    for () in repeat_n((), LOOKS) {
        if let Some(found) = look() {
            return Some(found);
        }
        backoff.spin();
    }
    loop {
        let mut sleeper = listen();
        if let Some(found) = look() {
            return Some(found);
        }
        let woken = sleeper.wait(deadline);
        let found = look();
        sleeper.has_looked();
        // The clock decides even if somebody wakes this thread again and again, and others are faster.
        if found.is_some() || !woken || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return found;
        }
    }
}

/// The same for a task. `sleeper` is what it sleeps by, from one poll to the next.
#[cfg(feature = "async")]
pub(super) fn poll<S: Deref<Target = Signal>, R>(
    cx: &mut Context<'_>,
    sleeper: &mut Option<Sleeper<S>>,
    listen: impl Fn() -> Sleeper<S>,
    mut look: impl FnMut() -> Option<R>,
) -> Poll<R> {
    loop {
        if let Some(found) = look() {
            *sleeper = None;
            return Poll::Ready(found);
        }
        match sleeper {
            None => *sleeper = Some(listen()),
            Some(listening) => {
                ready!(listening.poll(cx));
                let found = look();
                listening.has_looked();
                *sleeper = None;
                if let Some(found) = found {
                    return Poll::Ready(found);
                }
            }
        }
    }
}
