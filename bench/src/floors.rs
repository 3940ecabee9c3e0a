//! What a scene costs without a queue.
//!
//! These are yardsticks, not bounds: a queue of several words, which need not wait for each other, can be faster than the
//! one word of a bare exchange, and one that hands over many elements for each time a cache line travels is faster than
//! the hand-over of one.

use std::sync::atomic::{AtomicU64, Ordering};

use ringway::Pushed;

use crate::contender::{Direct, Family, Kind, Shared};
use crate::element::Element;
use crate::entrant::Entrant;
use crate::messages;
use crate::task::{Task, What};

pub(crate) fn floors() -> Vec<Entrant> {
    vec![
        Entrant {
            takes: |task| matches!(task.what, What::Overwrite | What::Pair(_) | What::Threads),
            ..Entrant::of::<BareExchange>()
        },
        Entrant {
            takes: |task| task.what == What::Threads && (task.scene.producers, task.scene.consumers) == (1, 1),
            ..Entrant::of::<HandOver>()
        },
        Entrant { takes: |task| is_latency(task, false), ..Entrant::of::<Nothing<false>>() },
        Entrant { takes: |task| is_latency(task, true), ..Entrant::of::<Nothing<true>>() },
        messages::no_queue(),
    ]
}

/// For every operation one compare-exchange of the one word that there is. It is never empty, and may deliver more
/// than was pushed.
struct BareExchange(AtomicU64);

impl Family for BareExchange {
    const NAME: &'static str = "bare exchange";
    const KIND: Kind = Kind::Floor;

    type Queue<T: Element> = Direct<Self>;
}

impl BareExchange {
    #[inline(always)]
    fn exchange(&self, new: u64) -> u64 {
        let mut old = self.0.load(Ordering::Relaxed);
        while let Err(now) = self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Relaxed) {
            old = now;
        }
        old
    }
}

impl<T: Element> Shared<T> for BareExchange {
    fn with_capacity(_: usize) -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline(always)]
    fn push(&self, value: T) -> Pushed<T> {
        Pushed::Evicted(T::new(self.exchange(value.sum())))
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        Some(T::new(self.exchange(0)))
    }
}

/// A cache line that goes from one thread to the other and back, by loads and stores, for each element. It tells how near
/// the two cores are, which on a virtual machine changes.
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

fn is_latency(task: &Task, busy: bool) -> bool {
    task.what == What::Latency && (task.scene.consume_ns > 0) == busy
}

/// Nothing but the clock and the operating system. In overload the consumers are always busy.
struct Nothing<const BUSY: bool>;

impl<const BUSY: bool> Family for Nothing<BUSY> {
    const NAME: &'static str = "no queue";
    const KIND: Kind = Kind::Floor;

    type Queue<T: Element> = Direct<Self>;
}

impl<T: Element, const BUSY: bool> Shared<T> for Nothing<BUSY> {
    fn with_capacity(_: usize) -> Self {
        Self
    }

    #[inline(always)]
    fn push(&self, _: T) -> Pushed<T> {
        Pushed::Stored
    }

    #[inline(always)]
    fn pop(&self) -> Option<T> {
        BUSY.then(|| T::new(0))
    }
}
