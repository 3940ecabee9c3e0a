//! How long a thread looks on before it sleeps.

use std::task::Poll;

use crossbeam_utils::Backoff;

use crate::sync::{AtomicUsize, Ordering};

/// What a thread does between its looks before it sleeps: some microseconds in all, less than
/// waking a sleeper takes.
pub(in crate::channel) enum Patience<'a> {
    /// Keeps its core, as long as that pays: a thread that gives it away is run later when woken.
    Spin(&'a AdaptiveSpin),
    /// Gives its core away in the end, so that others than the waiters get on.
    Yield,
}

impl Patience<'_> {
    /// Looks again and again, for as long as that is worth it.
    pub(super) fn look_on<R>(&self, look: &mut impl FnMut() -> Poll<R>) -> Poll<R> {
        let looks = match self {
            // Nothing comes of itself in a model.
            _ if cfg!(ringway_loom) => return Poll::Pending,
            Self::Spin(spin) if spin.is_in_vain() => 4,
            _ => 10,
        };
        let backoff = Backoff::new();
        for looked in 0..looks {
            if let Poll::Ready(found) = look() {
                // What was there at once says nothing of what will come.
                if looked > 0 {
                    self.tell(true);
                }
                return Poll::Ready(found);
            }
            match self {
                Self::Spin(_) => backoff.spin(),
                Self::Yield => backoff.snooze(),
            }
        }
        self.tell(false);
        Poll::Pending
    }

    fn tell(&self, spared_a_sleep: bool) {
        if let Self::Spin(spin) = self {
            spin.tell(spared_a_sleep);
        }
    }
}

/// Whether spinning has spared a thread its sleep.
///
/// Spinning in vain costs more than time. A thread that has used up its time slice is not run
/// promptly when woken. The idea is that of adaptive mutexes, as glibc has them, which learn from
/// the last times how long to spin.
pub(in crate::channel) struct AdaptiveSpin {
    /// How many times in a row it has not.
    in_vain: AtomicUsize,
}

impl AdaptiveSpin {
    /// Stop spinning after this many failures in a row.
    const ENOUGH: usize = 16;
    /// Once in so many times it is tried nevertheless, as the others may have become faster.
    const AGAIN: usize = 64;

    pub(in crate::channel) fn new() -> Self {
        Self { in_vain: AtomicUsize::new(0) }
    }

    fn is_in_vain(&self) -> bool {
        // Relaxed, here and below: an estimate, on which nothing depends but time.
        let in_vain = self.in_vain.load(Ordering::Relaxed);
        in_vain >= Self::ENOUGH && in_vain % Self::AGAIN != 0
    }

    fn tell(&self, spared_a_sleep: bool) {
        let in_vain = self.in_vain.load(Ordering::Relaxed);
        let now = if spared_a_sleep { 0 } else { in_vain.wrapping_add(1) };
        // Mostly it stays as it is, on a line that others may read.
        if now != in_vain {
            self.in_vain.store(now, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(ringway_loom)))]
mod tests {
    use super::*;

    fn looks_in_vain(patience: &Patience<'_>) -> u32 {
        let mut looks = 0;
        assert_eq!(
            patience.look_on(&mut || -> Poll<()> {
                looks += 1;
                Poll::Pending
            }),
            Poll::Pending
        );
        looks
    }

    #[test]
    fn looks_less_where_it_is_in_vain() {
        let spin = AdaptiveSpin::new();
        let patience = Patience::Spin(&spin);
        let many = looks_in_vain(&patience);
        let looks: Vec<_> =
            (0..2 * AdaptiveSpin::AGAIN).map(|_| looks_in_vain(&patience)).collect();
        let (first, later) = looks.split_at(AdaptiveSpin::ENOUGH - 1);
        assert!(first.iter().all(|&looks| looks == many), "{looks:?}");
        let few = later[0];
        assert!(few < many);
        assert!(later.contains(&many), "it never tries again: {looks:?}");
        assert!(later.iter().filter(|&&looks| looks == few).count() > later.len() - 5, "{looks:?}");

        // What was there at once changes nothing, what came meanwhile does.
        assert_eq!(patience.look_on(&mut || Poll::Ready(())), Poll::Ready(()));
        assert_eq!(looks_in_vain(&patience), few);
        let mut looks = 0;
        let _ = patience.look_on(&mut || {
            looks += 1;
            if looks == 2 { Poll::Ready(()) } else { Poll::Pending }
        });
        assert_eq!(looks_in_vain(&patience), many);
    }

    #[test]
    fn a_thread_that_gives_its_core_away_looks_on() {
        let looks: Vec<_> = (0..100).map(|_| looks_in_vain(&Patience::Yield)).collect();
        assert!(looks.iter().all(|&it| it == looks[0]), "{looks:?}");
    }
}
