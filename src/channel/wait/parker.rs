//! How a thread sleeps: by a parker of the channels' own.
//!
//! Not by [`std::thread::park`]: that has one token for each thread. An unpark that was meant for
//! the caller's own `park`, such as that of a simple executor, would be used up here.

use std::cell::Cell;
use std::task::Waker;
use std::time::Instant;

use crate::sync::thread_local;

thread_local! {
    /// That of the current thread, while it does not sleep.
    #[allow(clippy::missing_const_for_thread_local, reason = "loom's are not const")]
    static PARKER: Cell<Option<Parker>> = Cell::new(None);
}

/// Lends the current thread's parker to `sleep`.
pub(in crate::channel) fn with_current<R>(sleep: impl FnOnce(&Parker) -> R) -> R {
    // It is not there yet, or is lent already: a waker that `sleep` calls may wait itself. Or the
    // thread is in its last destructors.
    let parker = PARKER.try_with(Cell::take).ok().flatten().unwrap_or_else(Parker::new);
    let slept = sleep(&parker);
    let _ = PARKER.try_with(|place| place.set(Some(parker)));
    slept
}

pub(in crate::channel) struct Parker {
    parker: parking::Parker,
    waker: Waker,
}

impl Parker {
    fn new() -> Self {
        let (parker, unparker) = parking::pair();
        Self { parker, waker: unparker.into() }
    }

    /// Wakes the thread that sleeps by this parker.
    pub(in crate::channel) fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Sleeps until `is_woken`, but not beyond the deadline; returns whether it was woken. The
    /// waker is called after `is_woken` has become true.
    pub(in crate::channel) fn sleep(
        &self,
        deadline: Option<Instant>,
        is_woken: impl Fn() -> bool,
    ) -> bool {
        loop {
            // The waker may have been called already, and then this returns at once.
            match deadline {
                None => self.parker.park(),
                #[cfg(ringway_loom)]
                Some(_) => unreachable!("there are no clocks in models"),
                #[cfg(not(ringway_loom))]
                Some(deadline) => {
                    if !self.parker.park_deadline(deadline) && Instant::now() >= deadline {
                        return is_woken();
                    }
                }
            }
            // It may have been called for an earlier sleep.
            if is_woken() {
                return true;
            }
        }
    }
}
