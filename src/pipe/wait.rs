//! How one waits without missing what one waits for: listen first, look once more, then sleep.

use std::ops::Deref;
#[cfg(feature = "async")]
use std::task::{Context, Poll, ready};
#[cfg(all(feature = "std", not(target_family = "wasm")))]
use std::time::Instant;

#[cfg(all(feature = "std", not(target_family = "wasm")))]
use crossbeam_utils::Backoff;

use super::signal::{Signal, Sleeper};

/// Blocks the thread until `look` finds something or the deadline has passed; `None` then.
///
/// It looks at least once, after the deadline too. Before it sleeps, it looks some more times, over about a microsecond: a thread
/// that sleeps costs whoever wakes it more than that.
#[cfg(all(feature = "std", not(target_family = "wasm")))]
pub(super) fn block<S: Deref<Target = Signal>, R>(
    deadline: Option<Instant>,
    listen: impl Fn() -> Sleeper<S>,
    mut look: impl FnMut() -> Option<R>,
) -> Option<R> {
    let backoff = Backoff::new();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if backoff.is_completed() || cfg!(loom) {
            break;
        }
        backoff.snooze();
    }
    loop {
        let sleeper = listen();
        if let Some(found) = look() {
            return Some(found);
        }
        match deadline {
            None => sleeper.wait(),
            Some(deadline) => {
                if !sleeper.wait_deadline(deadline) {
                    return look();
                }
            }
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
                *sleeper = None;
            }
        }
    }
}
