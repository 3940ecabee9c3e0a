//! What cannot be seen, or brought about, from outside. Everything else is tested in `tests/`.

use std::collections::VecDeque;
use std::thread;

use super::{Consumer, Producer};
use crate::error::TryPushError;
use crate::queue::Pushed;
use crate::ring::position::{Cursor, WordLayout};

fn starting_at(capacity: usize, laps: i64) -> (Producer<u32>, Consumer<u32>) {
    super::starting_at(capacity, laps).unwrap()
}

/// Both ends, the specification, and the number that is pushed next.
struct Compared {
    producer: Producer<u32>,
    consumer: Consumer<u32>,
    model: VecDeque<u32>,
    next: u32,
}

impl Compared {
    fn new(capacity: usize, laps: i64) -> Self {
        let (producer, consumer) = starting_at(capacity, laps);
        Self { producer, consumer, model: VecDeque::new(), next: 0 }
    }

    fn push(&mut self, times: usize) {
        for _ in 0..times {
            let evicted = if self.model.len() == self.producer.capacity() {
                self.model.pop_front()
            } else {
                None
            };
            self.model.push_back(self.next);
            assert_eq!(
                self.producer.push(self.next),
                evicted.map_or(Pushed::Stored, Pushed::Evicted)
            );
            self.next += 1;
        }
    }

    fn try_push(&mut self) {
        if self.model.len() == self.producer.capacity() {
            assert_eq!(self.producer.try_push(self.next), Err(TryPushError::Full(self.next)));
        } else {
            self.model.push_back(self.next);
            assert_eq!(self.producer.try_push(self.next), Ok(()));
        }
        self.next += 1;
    }

    fn pop(&mut self, times: usize) {
        for _ in 0..times {
            assert_eq!(self.consumer.pop(), self.model.pop_front());
        }
    }

    /// Both ends see what is inside.
    fn look(&self) {
        let len = self.model.len();
        assert_eq!((self.producer.len(), self.consumer.len()), (len, len));
        assert_eq!((self.producer.is_empty(), self.consumer.is_empty()), (len == 0, len == 0));
        assert_eq!(self.producer.is_full(), len == self.producer.capacity());
    }

    /// Random operations; an end that looks does not move on by it.
    fn go_on(&mut self, operations: usize) {
        let mut random = 1_u32;
        for _ in 0..operations {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match random >> 29 {
                0..=3 => self.push(1),
                4 => self.try_push(),
                _ => self.pop(1),
            }
            self.look();
        }
    }
}

#[test]
fn goes_through_the_wrap_of_the_version() {
    for capacity in [1, 2, 3, 4, 7, 8] {
        for laps in -3..=0 {
            Compared::new(capacity, laps).go_on(40 * capacity);
        }
    }
}

/// With every number of elements inside, around the wrap.
#[test]
fn closes_at_every_fill_and_lap() {
    for capacity in [1, 2, 3, 20] {
        for laps in -3..=0 {
            for pushed in 0..3 * capacity {
                for popped in 0..=capacity.min(pushed) {
                    let mut ring = Compared::new(capacity, laps);
                    ring.push(pushed);
                    ring.pop(popped);
                    assert!(!ring.producer.is_closed() && !ring.consumer.is_closed());
                    assert!(ring.producer.close());
                    while {
                        assert!(!ring.producer.close(), "it is closed once");
                        assert!(ring.producer.is_closed() && ring.consumer.is_closed());
                        assert_eq!(ring.producer.push(7), Pushed::Closed(7));
                        assert_eq!(ring.producer.try_push(8), Err(TryPushError::Closed(8)));
                        ring.look();
                        !ring.model.is_empty()
                    } {
                        ring.pop(1);
                    }
                    ring.pop(1);
                }
            }
        }
    }
}

#[test]
fn either_end_sees_the_other_go() {
    let (mut producer, mut consumer) = starting_at(2, 0);
    assert!(!producer.is_abandoned() && !consumer.is_abandoned());
    assert_eq!(producer.push(1), Pushed::Stored);
    drop(producer);
    assert!(consumer.is_abandoned() && consumer.is_closed());
    assert_eq!((consumer.pop(), consumer.pop()), (Some(1), None));

    let (mut producer, consumer) = starting_at(2, 0);
    assert_eq!(producer.push(1), Pushed::Stored);
    drop(consumer);
    assert!(producer.is_abandoned() && producer.is_closed() && !producer.close());
    assert_eq!(producer.push(2), Pushed::Closed(2));
    assert_eq!(producer.try_push(3), Err(TryPushError::Closed(3)));
    assert_eq!(producer.len(), 1);
}

/// The same flat out, where the consumer is overtaken just there.
#[test]
fn goes_through_the_wrap_with_threads() {
    const ELEMENTS: u32 = 2_000;
    for capacity in [1, 2, 3, 8] {
        let (mut producer, mut consumer) = starting_at(capacity, -2);
        let pushing = thread::spawn(move || -> Vec<u32> {
            (0..ELEMENTS).filter_map(|i| producer.push(i).displaced()).collect()
        });
        let mut popped = Vec::new();
        while !pushing.is_finished() {
            popped.extend(consumer.pop());
        }
        let evicted = pushing.join().unwrap();
        popped.extend(std::iter::from_fn(|| consumer.pop()));
        assert!(evicted.is_sorted() && popped.is_sorted());
        let mut all = [evicted, popped].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..ELEMENTS), "everything comes out once");
    }
}

/// However far the consumer is behind: laps, single steps, and in the large ring, by halves; and
/// with the last hint as old as the ring, or given just now.
#[test]
fn a_consumer_of_long_ago_finds_the_oldest() {
    for capacity in [1, 2, 3, 5, 40, 300] {
        for popped in [0, 1, capacity / 2, capacity] {
            for pushed in (1..4 * capacity).step_by(1 + capacity / 20) {
                for asked in [false, true] {
                    let mut ring = Compared::new(capacity, -2);
                    ring.push(popped);
                    ring.pop(popped);
                    ring.push(pushed);
                    if asked {
                        let tail = ring.producer.end.tail();
                        let layout = ring.producer.end.buffer().layout();
                        let last_tail = &ring.consumer.end.buffer().last_tail;
                        last_tail.turn.ask();
                        ring.push(1);
                        let last_tail = &ring.consumer.end.buffer().last_tail;
                        assert_eq!(last_tail.hint.load(layout), tail, "the producer answers");
                        assert!(!last_tail.turn.is_anything(), "once");
                        // The hint grows old too.
                        ring.push(pushed % 3);
                    }
                    ring.look();
                    ring.pop(1);
                    ring.go_on(3 * capacity);
                }
            }
        }
    }
}

/// There is no answer while nothing is pushed: the next push must not wait for a consumer that has
/// long found what it wanted.
#[test]
fn a_request_is_withdrawn() {
    let mut ring = Compared::new(2, 0);
    ring.push(5);
    ring.pop(1);
    assert!(!ring.producer.end.buffer().last_tail.turn.is_anything());
}

/// The slots are indexed by it without a check.
#[test]
fn a_cursor_goes_where_its_position_goes() {
    for capacity in [1, 2, 3, 5, 8] {
        let layout = WordLayout::new(capacity, capacity + 1).unwrap();
        for laps in [-3, 0] {
            let mut position = layout.start(laps);
            let mut cursor = Cursor::at(position, layout);
            for _ in 0..6 * capacity {
                assert!(cursor.index() < capacity);
                assert_eq!(cursor.index(), position.index());
                assert_eq!(cursor.stamp(), position.empty());
                assert_eq!(cursor.stamp_after(false, layout), position.gone(layout));
                assert_eq!(cursor.stamp_after(true, layout), position.full(layout));
                assert_eq!(cursor.position(), position);
                let same = Cursor::at(position, layout);
                assert_eq!((same.index(), same.stamp()), (cursor.index(), cursor.stamp()));
                (position, cursor) = (position.next(layout), cursor.next(layout));
            }
        }
    }
}
