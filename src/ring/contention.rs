//! How threads keep out of each other's way: pauses, on which nothing rests.

use core::hint::spin_loop;

use crossbeam_utils::Backoff;

use crate::sync::{AtomicU64, Ordering};

/// A pause after a lost exchange: of 15 spin hints, then 176, then 256.
///
/// Longer ones than the first steps of `Backoff`, because the thread that has the cache line then
/// keeps it for some more operations.
pub(crate) fn back_off(backoff: &Backoff) {
    for _ in 0..4 {
        backoff.spin();
    }
}

/// A request of consumers to producers: hold on for a moment.
///
/// On a full ring both ends are at the same slot, which moves on with every push, perhaps every
/// 3 ns. A consumer needs a hundred to see which slot it is, and has lost it when its exchange
/// arrives. So it asks, and the next push waits until the oldest element has been taken, for so
/// many looks and no longer: a consumer that is suspended meanwhile costs the producers one such
/// moment. It is a bounded pause, as after a lost exchange. Nothing is concluded from it, and
/// nothing rests on it.
pub(crate) struct Turn(AtomicU64);

/// How many times one side looks for what the other has done: about twice as long as that needs
/// when the cores are far from each other.
const LOOKS: usize = if cfg!(ringway_loom) { 0 } else { 64 };

/// In a [`Turn`]: a consumer asks.
const ASKED: u64 = 1;

impl Turn {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Asks the producers to hold on.
    ///
    /// A read-modify-write, since that takes the line from the producers before this thread looks
    /// where they are. Relaxed, here and below: no thread concludes anything from a request.
    pub(crate) fn ask(&self) {
        self.0.fetch_or(ASKED, Ordering::Relaxed);
    }

    /// Takes the request back, so that the next push does not wait for nothing.
    ///
    /// This may erase the request of another consumer, which then asks again.
    pub(crate) fn withdraw(&self) {
        // Only if it is still there, for the line is the producers'.
        if self.0.load(Ordering::Relaxed) & ASKED != 0 {
            self.0.fetch_and(!ASKED, Ordering::Relaxed);
        }
    }

    /// Returns `true` if a consumer asks.
    #[inline(always)]
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Grants a request: waits until `taken` returns `true`, but not for long.
    pub(crate) fn give(&self, taken: impl Fn() -> bool) {
        self.0.fetch_and(!ASKED, Ordering::Relaxed);
        let _ = (0..LOOKS).any(|_| {
            let taken = taken();
            if !taken {
                spin_loop();
            }
            taken
        });
    }
}
