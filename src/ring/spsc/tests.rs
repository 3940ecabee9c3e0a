//! What cannot be seen, or brought about, from outside. Everything else is tested in `tests/`.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::layout::{Layout, SIDES};
use super::{Consumer, Producer, ring};
use crate::error::{TryPopError, TryPushError};
use crate::queue::Pushed;

/// Both ends, the specification, and the number that is pushed next. Elements are boxed, so that
/// one that is lost or doubled is found.
struct Compared {
    producer: Producer<Box<u32>>,
    consumer: Consumer<Box<u32>>,
    model: VecDeque<u32>,
    next: u32,
}

impl Compared {
    fn new(capacity: usize) -> Self {
        let (producer, consumer) = ring(capacity);
        Self { producer, consumer, model: VecDeque::new(), next: 0 }
    }

    fn model_push(&mut self) -> (u32, Option<u32>) {
        let number = self.next;
        self.next += 1;
        self.model.push_back(number);
        let is_one_too_many = self.model.len() > self.producer.capacity();
        (number, if is_one_too_many { self.model.pop_front() } else { None })
    }

    fn push(&mut self) {
        let (number, evicted) = self.model_push();
        let evicted = evicted.map(Box::new);
        let expected = evicted.map_or(Pushed::Stored, Pushed::Evicted);
        assert_eq!(self.producer.push(Box::new(number)), expected);
    }

    fn try_push(&mut self) {
        if self.model.len() == self.producer.capacity() {
            let pushed = self.producer.try_push(Box::new(self.next));
            assert_eq!(pushed, Err(TryPushError::Full(Box::new(self.next))));
        } else {
            let (number, _) = self.model_push();
            assert_eq!(self.producer.try_push(Box::new(number)), Ok(()));
        }
    }

    fn push_all(&mut self, count: u32) {
        let (numbers, expected): (Vec<_>, Vec<_>) = (0..count).map(|_| self.model_push()).unzip();
        let mut evicted = Vec::new();
        let pushed =
            self.producer.push_all(numbers.into_iter().map(Box::new), |old| evicted.push(*old));
        assert_eq!(pushed, count as usize);
        assert!(evicted.into_iter().eq(expected.into_iter().flatten()));
    }

    fn pop(&mut self) {
        assert_eq!(self.consumer.pop().map(|number| *number), self.model.pop_front());
    }

    fn pop_into(&mut self, max: usize) {
        let mut out = Vec::new();
        assert_eq!(self.consumer.pop_into(&mut out, max), max.min(self.model.len()));
        for number in out {
            assert_eq!(Some(*number), self.model.pop_front());
        }
    }

    /// Both ends see what is inside.
    fn look(&self) {
        let len = self.model.len();
        let is_full = len == self.producer.capacity();
        assert_eq!((self.producer.len(), self.consumer.len()), (len, len));
        assert_eq!((self.producer.is_empty(), self.consumer.is_empty()), (len == 0, len == 0));
        assert_eq!((self.producer.is_full(), self.consumer.is_full()), (is_full, is_full));
    }
}

const CAPACITIES: [usize; 10] = [1, 2, 3, 4, 7, 8, 63, 64, 65, 200];

/// Random operations, in phases in which the consumer takes nothing for some laps: then it is seen
/// as asleep in its last claim, of any length, and the producer goes around it.
#[test]
fn does_what_the_model_does() {
    for capacity in CAPACITIES {
        let mut ring = Compared::new(capacity);
        let mut random = 1_u32;
        let mut below = |n: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as usize % n
        };
        for _ in 0..100 {
            let pushes_of_ten = [2, 5, 9, 10][below(4)];
            for _ in 0..below(8 * capacity.max(8)) {
                match (below(10) < pushes_of_ten, below(8)) {
                    (true, 0..=4) => ring.push(),
                    (true, 5) => ring.try_push(),
                    (true, _) => ring.push_all(below(3 * capacity) as u32),
                    (false, 0..=5) => ring.pop(),
                    (false, _) => ring.pop_into(below(2 * capacity)),
                }
                ring.look();
            }
        }
    }
}

/// A claim at every place of a lap, of every length, with every number of elements inside, and the
/// producer goes around for laps before the next one, twice.
#[test]
fn goes_around_every_claim() {
    for capacity in [1, 2, 3, 4, 7, 65] {
        let layout = Layout::new(capacity).unwrap();
        let lap = layout.home as usize;
        let step = 1 + capacity / 8;
        for before in (0..2 * lap).step_by(step) {
            for claim in (1..=layout.claim as usize).step_by(step) {
                for between in [1, lap / 2, lap - 1, lap, lap + 1, 3 * lap] {
                    let mut ring = Compared::new(capacity);
                    for _ in 0..2 {
                        (0..before + claim).for_each(|_| ring.push());
                        ring.pop_into(claim);
                        (0..between).for_each(|_| ring.push());
                        ring.pop();
                        ring.push_all(between as u32);
                        ring.look();
                    }
                    while !ring.model.is_empty() {
                        ring.pop_into(claim);
                    }
                    ring.look();
                }
            }
        }
    }
}

/// The numbers of slots satisfy all that the chapter says.
#[test]
fn has_slots_enough() {
    for capacity in (1..300).chain([1023, 1024, 1025, 1_000_000]) {
        let Layout { claim, home, .. } = Layout::new(capacity).unwrap();
        let window = capacity as u64 + claim - 1;
        let spacing = home - window - claim + 1;
        assert!(home >= window + 2 * claim - 1, "a claim that is seen is ahead of any detour");
        assert!(2 * spacing >= window + claim, "one detour is inside");
        assert!(spacing >= 2 * claim - 1, "one detour is claimed");
        assert_eq!(SIDES, 3, "and one more");
    }
    assert!(Layout::new(usize::MAX).is_none());
    assert!(Layout::new(usize::MAX / 2).is_some());
}

/// With every number of elements inside.
#[test]
fn closes_at_every_fill() {
    for capacity in [1, 2, 3, 20] {
        for pushed in 0..3 * capacity {
            for popped in 0..=capacity.min(pushed) {
                let mut ring = Compared::new(capacity);
                (0..pushed).for_each(|_| ring.push());
                ring.pop_into(popped);
                assert!(!ring.producer.is_closed() && !ring.consumer.is_closed());
                assert!(ring.producer.close());
                loop {
                    assert!(!ring.producer.close(), "it is closed once");
                    assert!(ring.producer.is_closed() && ring.consumer.is_closed());
                    let [one, two] = [7, 8].map(Box::new);
                    assert_eq!(ring.producer.push(one.clone()), Pushed::Closed(one));
                    assert_eq!(ring.producer.try_push(two.clone()), Err(TryPushError::Closed(two)));
                    let mut values = [9].map(Box::new).into_iter();
                    assert_eq!(ring.producer.push_all(values.by_ref(), drop), 0);
                    assert_eq!(values.len(), 1, "it is given back");
                    ring.look();
                    if ring.model.is_empty() {
                        break;
                    }
                    ring.pop();
                }
                assert_eq!(ring.consumer.try_pop(), Err(TryPopError::Closed));
            }
        }
    }
}

#[test]
fn either_end_sees_the_other_go() {
    let (mut producer, mut consumer) = ring(2);
    assert!(!producer.is_abandoned() && !consumer.is_abandoned());
    assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
    assert_eq!(producer.push(1), Pushed::Stored);
    drop(producer);
    assert!(consumer.is_abandoned() && consumer.is_closed());
    assert_eq!((consumer.try_pop(), consumer.try_pop()), (Ok(1), Err(TryPopError::Closed)));

    let (mut producer, consumer) = ring(2);
    assert_eq!(producer.push(1), Pushed::Stored);
    drop(consumer);
    assert!(producer.is_abandoned() && producer.is_closed() && !producer.close());
    assert_eq!(producer.push(2), Pushed::Closed(2));
    assert_eq!(producer.try_push(3), Err(TryPushError::Closed(3)));
    assert_eq!(producer.len(), 1);

    let (mut producer, consumer) = ring::<u8>(2);
    assert!(producer.close() && consumer.is_closed());
    assert!(!producer.is_abandoned() && !consumer.is_abandoned());
}

/// Counts its drops.
struct Counted<'a>(u32, &'a Cell<u32>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.1.set(self.1.get() + 1);
    }
}

#[test]
fn a_panic_of_the_values_pushes_what_they_gave() {
    for inside in 0..=2 {
        for given in 0..=3 {
            let drops = Cell::new(0);
            let (mut producer, mut consumer) = ring(2);
            for number in 0..inside {
                let _ = producer.push(Counted(number, &drops));
            }
            let mut evicted = Vec::new();
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let values = (0..).map(|i| {
                    assert!(i < given, "on purpose");
                    Counted(inside + i, &drops)
                });
                producer.push_all(values, |old| evicted.push(old.0))
            }));
            assert!(panicked.is_err());
            let gone = (inside + given).saturating_sub(2);
            assert!(evicted.into_iter().eq(0..gone));
            assert_eq!(drops.get(), gone);
            assert_eq!(producer.len(), 2.min(inside + given) as usize);
            assert!(consumer.try_iter().map(|value| value.0).eq(gone..inside + given));
        }
    }
}

#[test]
fn a_panic_of_the_callback_drops_the_other_evicted() {
    for survives in 0..4 {
        let drops = Cell::new(0);
        let (mut producer, mut consumer) = ring(4);
        (0..4).for_each(|number| drop(producer.push(Counted(number, &drops))));
        let mut evicted = Vec::new();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            producer.push_all((4..8).map(|number| Counted(number, &drops)), |old| {
                assert!(old.0 < survives, "on purpose");
                evicted.push(old.0);
            })
        }));
        assert!(panicked.is_err());
        assert!(evicted.into_iter().eq(0..survives));
        assert_eq!(drops.get(), 4);
        assert!(consumer.try_iter().map(|value| value.0).eq(4..8));
        assert!(producer.push(Counted(8, &drops)).is_stored());
        drop((producer, consumer));
        assert_eq!(drops.get(), 9);
    }
}

/// Two threads flat out, where the consumer is overtaken all the time, or sleeps for laps.
#[test]
fn nothing_is_lost_between_threads() {
    let elements = if cfg!(miri) { 500 } else { 100_000_u64 };
    for capacity in [1, 2, 3, 8, 100] {
        for batch in [1, 3, 64] {
            let (mut producer, mut consumer) = ring::<[u64; 3]>(capacity);
            let is_done = &AtomicBool::new(false);
            let check = |all: &mut Vec<u64>, [a, b, c]: [u64; 3]| {
                assert!(a == b && b == c, "torn");
                assert!(all.last() < Some(&a), "out of order");
                all.push(a);
            };
            let (evicted, popped) = thread::scope(|scope| {
                let pushing = scope.spawn(move || {
                    let mut evicted = Vec::new();
                    let mut next = 0..elements;
                    while next.start < elements {
                        let values = next.by_ref().take(batch).map(|i| [i; 3]);
                        if batch == 1 {
                            for value in values {
                                let old = producer.push(value).displaced();
                                old.into_iter().for_each(|old| check(&mut evicted, old));
                            }
                        } else {
                            let _ = producer.push_all(values, |old| check(&mut evicted, old));
                        }
                    }
                    is_done.store(true, Ordering::Relaxed);
                    evicted
                });
                let mut popped = Vec::new();
                let mut out = Vec::new();
                loop {
                    let was_done = is_done.load(Ordering::Relaxed);
                    if consumer.pop_into(&mut out, batch) == 0 && consumer.is_closed() && was_done {
                        break;
                    }
                    out.drain(..).for_each(|value| check(&mut popped, value));
                }
                out.clear();
                (pushing.join().unwrap(), popped)
            });
            let mut all = [evicted, popped].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..elements), "everything comes out once");
        }
    }
}
