//! What a scene costs without a queue.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use ringway::Pushed;

use crate::contender::{Direct, Family, Kind, Shared};
use crate::element::{Element, timed};
use crate::entrant::Entrant;
#[cfg(target_arch = "x86_64")]
use crate::floors::TwoWords;
use crate::floors::{Exchange, Lean, OneWord};
use crate::messages::by_hand;
use crate::scene::{Effort, Sample, Scene, Size, What};
use crate::single::{Hand, push_all, push_and_pop_all, timed};

pub(crate) fn entrants() -> Vec<Entrant> {
    vec![
        Entrant {
            name: "floor, 8-byte exchange",
            takes: |scene| is_floor_of(scene, &[Size::Words1]),
            turn: |scene, effort| {
                one_thread::<[u64; 1], _>(OneWord::new(scene.capacity), scene, effort)
            },
            ..nothing()
        },
        #[cfg(target_arch = "x86_64")]
        Entrant {
            name: "floor, 16-byte exchange",
            takes: |scene| is_floor_of(scene, &[Size::Words1]) && TwoWords::new(1).is_some(),
            turn: |scene, effort| {
                let hand = TwoWords::new(scene.capacity).expect("else it does not take it");
                one_thread::<[u64; 1], _>(hand, scene, effort)
            },
            ..nothing()
        },
        Entrant {
            name: "floor, cell exchange",
            takes: |scene| is_floor_of(scene, &[Size::Words3]),
            turn: |scene, effort| {
                one_thread::<[u64; 3], _>(Exchange::new(scene.capacity, [0; 3]), scene, effort)
            },
            ..nothing()
        },
        Entrant {
            name: "lean form",
            takes: |scene| is_floor_of(scene, &[Size::Words1, Size::Words3]),
            turn: |scene, effort| match scene.size {
                Size::Words3 => one_thread::<[u64; 3], _>(Lean::new(scene.capacity), scene, effort),
                _ => one_thread::<[u64; 1], _>(Lean::new(scene.capacity), scene, effort),
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
        takes: |scene| matches!(scene.what, What::Latency | What::Messages { .. }),
        turn: |scene, effort| match scene.what {
            What::Messages { copied: false } => {
                by_hand::<{ timed::MOVED }, false, _>(VecDeque::new(), scene, effort)
            }
            What::Messages { copied: true } => {
                by_hand::<{ timed::COPIED }, true, _>(VecDeque::new(), scene, effort)
            }
            _ => (Entrant::queue::<Nothing>().turn)(scene, effort),
        },
        check: || (),
        ..Entrant::queue::<Nothing>()
    }
}

fn is_floor_of(scene: &Scene, sizes: &[Size]) -> bool {
    matches!(scene.what, What::Overwrite | What::Pair(_))
        && sizes.contains(&scene.size)
        && scene.capacity < 60_000
}

fn one_thread<T: Element + Copy, H: Hand<T>>(hand: H, scene: &Scene, effort: &Effort) -> Sample {
    match scene.what {
        What::Pair(_) => timed(hand, push_and_pop_all::<T, H>, scene, effort),
        _ => timed(hand, push_all::<T, H>, scene, effort),
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
impl<T: Element> Hand<T> for TwoWords {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        let evicted = TwoWords::push(self, value.number());
        evicted.map_or(Pushed::Stored, |old| Pushed::Evicted(T::new(old)))
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        TwoWords::pop(self).map(T::new)
    }
}

impl<T: Element + Copy> Hand<T> for Exchange<T> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        Exchange::push(self, value).map_or(Pushed::Stored, Pushed::Evicted)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        Exchange::pop(self)
    }
}

impl<T: Element + Copy> Hand<T> for Lean<T> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        Lean::push(self, value).map_or(Pushed::Stored, Pushed::Evicted)
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        Lean::pop(self)
    }
}

/// Messages have to be somewhere: no queue, as no other thread sees it.
impl<T> Hand<T> for VecDeque<T> {
    #[inline(always)]
    fn push(&mut self, value: T) -> Pushed<T> {
        self.push_back(value);
        Pushed::Stored
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<T> {
        self.pop_front()
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
    const IS_QUEUE: bool = false;

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
    const IS_QUEUE: bool = false;

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
