//! How a consumer gets at the oldest element while producers evict one after the other.

use std::hint::spin_loop;

use crate::sync::{AtomicU64, Ordering};

/// A request of consumers to producers: hold on for a moment.
///
/// On a full ring both ends are at the same slot, which moves on with every push, perhaps every 3 ns. A consumer needs
/// a hundred to see which slot it is, and has lost it when its exchange arrives: without a turn it popped one element in 20 µs,
/// and held up the producer by hunting for it. So it asks, and the next push waits until the oldest element has been taken,
/// for so many looks and no longer: a consumer that is suspended meanwhile costs the producers one such moment. It is a bounded
/// pause, as after a lost exchange; nothing is concluded from it, and nothing rests on it.
pub(crate) struct Turn(AtomicU64);

/// How many times one side looks for what the other has done: about twice as long as that needs when the cores are far from
/// each other.
const LOOKS: usize = if cfg!(loom) { 0 } else { 64 };

impl Turn {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// For consumers. An exchange, so that the producers are stopped before this thread looks where they are; for
    /// speed only, so any ordering will do.
    pub(crate) fn ask(&self) {
        self.0.swap(1, Ordering::AcqRel);
    }

    /// For consumers, when they need it no more: so that the next push does not wait for nothing.
    pub(crate) fn withdraw(&self) {
        // Only if it is still there, for the line is the producers'. Relaxed, as nothing is concluded from it; and should
        // this erase the request of another consumer, that one will ask again.
        if self.is_asked() {
            self.0.store(0, Ordering::Relaxed);
        }
    }

    /// Whether somebody has asked. Relaxed: nothing is concluded from it.
    #[inline]
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// For producers, once for every request: waits until `taken`, but not for long.
    pub(crate) fn give(&self, taken: impl Fn() -> bool) {
        // May erase the request of another consumer, as above. Release pairs with the Acquire below.
        self.0.store(0, Ordering::Release);
        look(taken);
    }

    /// For a consumer that needs to know what a producer has done before it [gave](Self::give) the turn; but producers
    /// may be idle, so not for long.
    pub(crate) fn wait_for_answer(&self) {
        // Acquire pairs with the Release in `give`.
        if !look(|| self.0.load(Ordering::Acquire) == 0) {
            // Nobody pushes.
            self.withdraw();
        }
    }
}

/// Waits until `done`, but not for long; returns whether it is.
fn look(done: impl Fn() -> bool) -> bool {
    (0..LOOKS).any(|_| {
        let done = done();
        if !done {
            spin_loop();
        }
        done
    })
}
