//! How one waits without missing what one waits for: listen first, look once more, then sleep.

use std::ops::Deref;
#[cfg(feature = "async")]
use std::task::{Context, Poll, ready};
#[cfg(feature = "std")]
use std::time::Instant;

#[cfg(feature = "std")]
use super::patience::Patience;
use super::signal::{Signal, Sleeper};

/// Blocks the thread until `look` finds something or the deadline has passed; `None` then.
///
/// It looks at least once, and once more after the deadline.
#[cfg(feature = "std")]
pub(super) fn block<S: Deref<Target = Signal>, R>(
    deadline: Option<Instant>,
    patience: Patience<'_>,
    listen: impl Fn() -> Sleeper<S>,
    mut look: impl FnMut() -> Option<R>,
) -> Option<R> {
    if let Some(found) = patience.look_on(&mut look) {
        return Some(found);
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
