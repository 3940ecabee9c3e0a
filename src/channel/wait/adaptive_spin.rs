//! How long a thread looks on before it sleeps.

use crossbeam_utils::Backoff;

use crate::sync::{AtomicUsize, Ordering};

/// What a thread does between its looks before it sleeps; some microseconds in all, less than a hand-over to a sleeper takes.
pub(super) enum Patience<'a> {
    /// Keeps its core, as long as that pays: to give it away costs the thread its turn when it is woken later.
    Spin(&'a Luck),
    /// Gives its core away in the end, so that others than those who wait alike get on.
    Yield,
}

impl Patience<'_> {
    /// Looks again and again, for as long as that is worth it.
    pub(super) fn look_on<R>(&self, look: &mut impl FnMut() -> Option<R>) -> Option<R> {
        let looks = match self {
            // Nothing comes of itself in a model.
            _ if cfg!(loom) => return None,
            Self::Spin(luck) if luck.is_bad() => 4,
            _ => 10,
        };
        let backoff = Backoff::new();
        for looked in 0..looks {
            if let Some(found) = look() {
                // What was there at once says nothing of what will come.
                if looked > 0 {
                    self.tell(true);
                }
                return Some(found);
            }
            match self {
                Self::Spin(_) => backoff.spin(),
                Self::Yield => backoff.snooze(),
            }
        }
        self.tell(false);
        None
    }

    fn tell(&self, spared: bool) {
        if let Self::Spin(luck) = self {
            luck.tell(spared);
        }
    }
}

/// Whether to look on has spared a thread its sleep.
///
/// Where it does not, because the others are slow or need the same core, it costs more than time: who has just used its turn does
/// not get the core from the one that wakes it. The idea is that of adaptive mutexes, as glibc has them, which learn from the last
/// times how long to spin.
pub(super) struct Luck {
    /// How many times in a row it has not.
    in_vain: AtomicUsize,
}

impl Luck {
    /// So many times in a row are no chance.
    const ENOUGH: usize = 4;
    /// Once in so many times it is tried nevertheless, as the others may have become faster.
    const AGAIN: usize = 256;

    pub(super) fn new() -> Self {
        Self { in_vain: AtomicUsize::new(0) }
    }

    fn is_bad(&self) -> bool {
        // Relaxed, here and below: an estimate, on which nothing depends but time.
        let in_vain = self.in_vain.load(Ordering::Relaxed);
        in_vain >= Self::ENOUGH && in_vain % Self::AGAIN != 0
    }

    fn tell(&self, spared: bool) {
        let in_vain = self.in_vain.load(Ordering::Relaxed);
        let now = if spared { 0 } else { in_vain.wrapping_add(1) };
        // Mostly it stays as it is, on a line that others may read.
        if now != in_vain {
            self.in_vain.store(now, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn looks_in_vain(patience: &Patience<'_>) -> u32 {
        let mut looks = 0;
        assert_eq!(
            patience.look_on(&mut || -> Option<()> {
                looks += 1;
                None
            }),
            None
        );
        looks
    }

    #[test]
    fn looks_less_where_it_is_in_vain() {
        let luck = Luck::new();
        let patience = Patience::Spin(&luck);
        let many = looks_in_vain(&patience);
        let looks: Vec<_> = (0..2 * Luck::AGAIN).map(|_| looks_in_vain(&patience)).collect();
        let (first, later) = looks.split_at(Luck::ENOUGH - 1);
        assert!(first.iter().all(|&looks| looks == many), "{looks:?}");
        let few = later[0];
        assert!(few < many);
        assert!(later.contains(&many), "it never tries again: {looks:?}");
        assert!(later.iter().filter(|&&looks| looks == few).count() > later.len() - 5, "{looks:?}");

        // What was there at once changes nothing, what came meanwhile does.
        assert_eq!(patience.look_on(&mut || Some(())), Some(()));
        assert_eq!(looks_in_vain(&patience), few);
        let mut looks = 0;
        patience.look_on(&mut || {
            looks += 1;
            (looks == 2).then_some(())
        });
        assert_eq!(looks_in_vain(&patience), many);
    }

    #[test]
    fn who_gives_its_core_away_looks_on() {
        let looks: Vec<_> = (0..100).map(|_| looks_in_vain(&Patience::Yield)).collect();
        assert!(looks.iter().all(|&it| it == looks[0]), "{looks:?}");
    }
}
