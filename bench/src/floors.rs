//! What a scene costs without a queue.

use std::sync::atomic::{AtomicU64, Ordering};

use ringway::Pushed;
use ringway_floors::{Exchange, OneWord};

use crate::contender::{Direct, Family, Kind, Shared};
use crate::element::Element;
use crate::entrant::Entrant;
use crate::scene::{Effort, Sample, Scene, Size, What};
use crate::single::{Hand, overwrite_by, pair_by};

pub(crate) fn entrants() -> Vec<Entrant> {
    vec![
        Entrant {
            name: "floor, 8-byte exchange",
            takes: |scene| is_floor_of(scene, Size::Words1),
            turn: |scene, effort| {
                one_thread::<[u64; 1], _>(OneWord::new(scene.capacity), scene, effort)
            },
            ..nothing()
        },
        #[cfg(target_arch = "x86_64")]
        Entrant {
            name: "floor, 16-byte exchange",
            takes: |scene| {
                is_floor_of(scene, Size::Words1) && ringway_floors::TwoWords::new(1).is_some()
            },
            turn: |scene, effort| {
                let hand = ringway_floors::TwoWords::new(scene.capacity)
                    .expect("else it does not take it");
                one_thread::<[u64; 1], _>(hand, scene, effort)
            },
            ..nothing()
        },
        Entrant {
            name: "floor, cell exchange",
            takes: |scene| is_floor_of(scene, Size::Words3),
            turn: |scene, effort| {
                one_thread::<[u64; 3], _>(Exchange::new(scene.capacity, [0; 3]), scene, effort)
            },
            ..nothing()
        },
        Entrant {
            takes: |scene| {
                scene.what == What::Threads && (scene.producers, scene.consumers) == (1, 1)
            },
            check: || (),
            ..Entrant::queue::<HandOver>()
        },
        nothing(),
    ]
}

fn nothing() -> Entrant {
    Entrant {
        takes: |scene| scene.what == What::Latency,
        check: || (),
        ..Entrant::queue::<Nothing>()
    }
}

fn is_floor_of(scene: &Scene, size: Size) -> bool {
    matches!(scene.what, What::Overwrite | What::Pair(_))
        && scene.size == size
        && scene.capacity < 1 << 16
}

fn one_thread<T: Element, H: Hand<T>>(hand: H, scene: &Scene, effort: &Effort) -> Sample {
    match scene.what {
        What::Pair(inside) => pair_by::<T, H>(hand, inside, scene, effort),
        _ => overwrite_by::<T, H>(hand, scene, effort),
    }
}

/// Drops what is pushed.
impl<T: Element> Hand<T> for OneWord {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        if OneWord::push(self) { Pushed::Evicted(value) } else { Pushed::Stored }
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        OneWord::pop(self).then(|| T::new(0))
    }
}

#[cfg(target_arch = "x86_64")]
impl<T: Element> Hand<T> for ringway_floors::TwoWords {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        ringway_floors::TwoWords::push(self, value.number())
            .map_or(Pushed::Stored, |old| Pushed::Evicted(T::new(old)))
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        ringway_floors::TwoWords::pop(self).map(T::new)
    }
}

impl<T: Element> Hand<T> for Exchange<T> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        Exchange::push(self, value).map_or(Pushed::Stored, Pushed::Evicted)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        Exchange::pop(self)
    }
}

/// A cache line that goes from one thread to the other and back, by loads and stores, for each
/// element. It tells how near the two cores are, which on a virtual machine changes.
struct HandOver(AtomicU64);

const EMPTY: u64 = u64::MAX;

impl Family for HandOver {
    const NAME: &'static str = "hand-over";
    const KIND: Kind = Kind::Floor;
    const MAX_PRODUCERS: usize = 1;
    const MAX_CONSUMERS: usize = 1;

    type Queue<T: Element> = Direct<Self>;
}

impl<T: Element> Shared<T> for HandOver {
    fn with_capacity(_: usize) -> Self {
        Self(AtomicU64::new(EMPTY))
    }

    #[inline(always)]
    fn push(&self, value: T) -> Pushed<T> {
        if self.0.load(Ordering::Acquire) != EMPTY {
            return Pushed::Rejected(value);
        }
        self.0.store(value.number(), Ordering::Release);
        Pushed::Stored
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        let number = self.0.load(Ordering::Acquire);
        if number == EMPTY {
            return None;
        }
        self.0.store(EMPTY, Ordering::Release);
        Some(T::new(number))
    }
}

/// Nothing but the clock and the operating system.
struct Nothing;

impl Family for Nothing {
    const NAME: &'static str = "no queue";
    const KIND: Kind = Kind::Floor;

    type Queue<T: Element> = Direct<Self>;
}

impl<T: Element> Shared<T> for Nothing {
    fn with_capacity(_: usize) -> Self {
        Self
    }

    #[inline(always)]
    fn push(&self, _: T) -> Pushed<T> {
        Pushed::Stored
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        None
    }
}
