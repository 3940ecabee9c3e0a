//! White-box tests: what cannot be brought about from outside. Everything else is tested in
//! `tests/`.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::exchange::Exchange;
use super::inline::Inline;
use super::protocol::Ring;
use super::slots::Slots;
use crate::error::CapacityError;
use crate::queue::Pushed;
use crate::ring::position::{Position, WordLayout};
use crate::ring::search::{self, FILLED, GONE};

/// Runs a generic test on both storages.
macro_rules! on_both_storages {
    ($($test:ident),*) => {
        mod exchange {
            $(#[test] fn $test() { super::$test::<super::Exchange<u32>>(); })*
        }
        mod inline {
            $(#[test] fn $test() {
                // Where it cannot be had, no ring has it.
                if super::Inline::<u32>::is_supported() {
                    super::$test::<super::Inline<u32>>();
                }
            })*
        }
    };
}
on_both_storages!(
    goes_through_the_wrap_of_the_version,
    goes_through_the_wrap_with_threads,
    any_stale_hint_is_as_good_as_a_fresh_one,
    a_stale_hint_costs_a_logarithmic_search,
    pushes_alone_move_the_head_hint_along,
    closes_at_every_fill_and_lap
);

fn ring<S: Slots<Element = u32>>(capacity: usize, laps: i64) -> Ring<S> {
    Ring::starting_at(capacity, laps).unwrap()
}

/// What a push does, by the specification.
fn evict_into(model: &mut VecDeque<u32>, capacity: usize, i: u32) -> Pushed<u32> {
    model.push_back(i);
    let evicted = if model.len() > capacity { model.pop_front() } else { None };
    evicted.map_or(Pushed::Stored, Pushed::Evicted)
}

/// Random operations compared with the specification.
fn compare<S: Slots<Element = u32>>(ring: &Ring<S>, model: &mut VecDeque<u32>, operations: usize) {
    let capacity = ring.capacity();
    let mut random = 1u32;
    for i in 0..operations as u32 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match random >> 29 {
            0..=3 => {
                assert_eq!(ring.push::<true>(i), evict_into(model, capacity, i));
            }
            4 if model.len() == capacity => assert_eq!(ring.push::<false>(i), Pushed::Rejected(i)),
            4 => {
                model.push_back(i);
                assert_eq!(ring.push::<false>(i), Pushed::Stored);
            }
            _ => assert_eq!(ring.pop(), model.pop_front()),
        }
        assert_eq!(ring.len(), model.len());
        assert_eq!(ring.is_empty(), model.is_empty());
        assert_eq!(ring.is_full(), model.len() == capacity);
    }
}

fn goes_through_the_wrap_of_the_version<S: Slots<Element = u32>>() {
    for capacity in [1, 2, 3, 4, 7, 8] {
        for laps in -3..=0 {
            compare(&ring::<S>(capacity, laps), &mut VecDeque::new(), 40 * capacity);
        }
    }
}

fn goes_through_the_wrap_with_threads<S: Slots<Element = u32> + Sync>() {
    const ELEMENTS: u32 = 2_000;
    for capacity in [1, 2, 3, 8] {
        let ring = ring::<S>(capacity, -2);
        let done = AtomicBool::new(false);
        let (mut out, popped) = thread::scope(|scope| {
            let consumer = scope.spawn(|| {
                let mut popped = Vec::new();
                while !done.load(Ordering::Acquire) {
                    popped.extend(ring.pop());
                }
                popped
            });
            let push = |first| {
                let ring = &ring;
                scope.spawn(move || {
                    (first..first + ELEMENTS)
                        .filter_map(|i| ring.push::<true>(i).displaced())
                        .collect::<Vec<_>>()
                })
            };
            let producers = [push(0), push(ELEMENTS)];
            let evicted = producers.map(|producer| producer.join().unwrap()).concat();
            done.store(true, Ordering::Release);
            (evicted, consumer.join().unwrap())
        });
        for producer in 0..2 {
            let mine = popped.iter().filter(|&&i| i / ELEMENTS == producer);
            assert!(mine.is_sorted(), "in order, per producer");
        }
        out.extend(popped);
        out.extend(std::iter::from_fn(|| ring.pop()));
        out.sort_unstable();
        assert!(out.into_iter().eq(0..2 * ELEMENTS), "everything comes out once");
    }
}

/// Puts every pair of positions that were once right into the hints, as threads do that slept
/// before their store.
fn any_stale_hint_is_as_good_as_a_fresh_one<S: Slots<Element = u32>>() {
    for capacity in [1, 2, 3, 5, 40] {
        let lap = capacity as u32;
        // Just pushed over several laps, all popped, half popped.
        for (pushed, pops) in
            [(0, 0), (3 * lap + lap / 2, 0), (3 * lap + 1, lap), (2 * lap, lap / 2)]
        {
            let filled = || {
                let ring = ring::<S>(capacity, -1);
                let mut history = vec![ring.hints()];
                let mut model = VecDeque::new();
                for i in 0..pushed {
                    model.push_back(i);
                    model.drain(..model.len().saturating_sub(capacity));
                    let _ = ring.push::<true>(i);
                    history.push(ring.hints());
                }
                for _ in 0..pops {
                    assert_eq!(ring.pop(), model.pop_front());
                    history.push(ring.hints());
                }
                (ring, history, model)
            };
            let (_, history, _) = filled();
            for i in (0..history.len()).step_by(1 + history.len() / 12) {
                for j in (0..history.len()).step_by(1 + history.len() / 12) {
                    let (ring, history, mut model) = filled();
                    ring.set_hints((history[i].0, history[j].1));
                    assert_eq!(ring.len(), model.len());
                    assert_eq!(ring.is_empty(), model.is_empty());
                    assert_eq!(ring.is_full(), model.len() == capacity);
                    compare(&ring, &mut model, 3 * capacity);
                }
            }
        }
    }
}

fn a_stale_hint_costs_a_logarithmic_search<S: Slots<Element = u32>>() {
    const CAPACITY: usize = 1000;
    let ring = ring::<S>(CAPACITY, 0);
    let layout = ring.slots().layout();
    let start = ring.hints();
    for pushed in 1..=2 * CAPACITY as u32 {
        let _evicted = ring.push::<true>(pushed);
        let loads = Cell::new(0);
        let look = |position| {
            loads.set(loads.get() + 1);
            // SAFETY: `find` is given a position of this ring, and goes to others of it.
            (unsafe { ring.slots().load(position) }.1, ())
        };
        let tail = search::find(start.1, FILLED, layout, look).0;
        assert_eq!(tail, ring.hints().1);
        let lap_before = tail.add_laps(-1, layout);
        let from = if lap_before.is_after(start.0) { lap_before } else { start.0 };
        let head = search::find(from, GONE, layout, look).0;
        assert_eq!(tail.since(head, layout), CAPACITY.min(pushed as usize));
        // Two searches, each at most two rounds of some single steps and a search by halves.
        let loads = loads.get();
        assert!(
            loads <= 2 * 2 * (8 + 1 + CAPACITY.ilog2() as usize + 1),
            "{loads} loads after {pushed} elements"
        );
    }
}

/// Or its version would wrap in the end, in a ring that nobody pops from for long.
fn pushes_alone_move_the_head_hint_along<S: Slots<Element = u32>>() {
    for capacity in [1, 2, 5] {
        let ring = ring::<S>(capacity, -3);
        let layout = ring.slots().layout();
        let laps = Position::MILESTONE_LAPS as i64 + 1;
        for i in 0..5 * laps as u32 * capacity as u32 {
            let _ = ring.push::<true>(i);
            let (head, tail) = ring.hints();
            assert!(head.add_laps(laps, layout).is_after(tail), "{head:?} {tail:?}");
        }
        assert_eq!(ring.len(), capacity);
    }
}

/// With every number of elements inside, on every lap around the wrap, with fresh and stale hints:
/// nothing goes in any more, and what is inside comes out in order.
fn closes_at_every_fill_and_lap<S: Slots<Element = u32>>() {
    for capacity in [1, 2, 3, 20] {
        for laps in -3..=0 {
            for pushed in 0..3 * capacity as u32 {
                for pops in 0..=capacity.min(pushed as usize) {
                    for stale in [false, true] {
                        let ring = ring::<S>(capacity, laps);
                        let start = ring.hints();
                        let mut model = VecDeque::new();
                        for i in 0..pushed {
                            assert_eq!(ring.push::<true>(i), evict_into(&mut model, capacity, i));
                        }
                        for _ in 0..pops {
                            assert_eq!(ring.pop(), model.pop_front());
                        }
                        if stale {
                            ring.set_hints(start);
                        }
                        closes(&ring, model);
                    }
                }
            }
        }
    }
}

fn closes<S: Slots<Element = u32>>(ring: &Ring<S>, mut model: VecDeque<u32>) {
    assert!(!ring.is_closed());
    assert!(ring.close());
    loop {
        assert!(ring.is_closed());
        assert!(!ring.close(), "it is closed once");
        assert_eq!(ring.push::<true>(7), Pushed::Closed(7));
        assert_eq!(ring.push::<false>(8), Pushed::Closed(8));
        assert_eq!(ring.len(), model.len());
        assert_eq!(ring.is_empty(), model.is_empty());
        assert_eq!(ring.is_full(), model.len() == ring.capacity());
        let popped = ring.pop();
        assert_eq!(popped, model.pop_front());
        if popped.is_none() {
            break;
        }
    }
}

#[test]
fn positions_count_like_numbers() {
    for capacity in [1, 2, 3, 5, 8] {
        // As if an index of the ring went up to 20, and a few laps before the wrap.
        let layout = WordLayout::new(capacity, 20).unwrap();
        let start = layout.start(-3);
        let mut positions = vec![start];
        for i in 0..6 * capacity {
            positions.push(positions[i].next(layout));
        }
        for (i, &position) in positions.iter().enumerate() {
            assert_eq!(position.index(), i % capacity);
            assert_eq!(Position::from_bits(position.to_bits(), layout), position);
            for steps in 0..=capacity {
                let Some(&later) = positions.get(i + steps) else { continue };
                assert_eq!(position.add(steps, layout), later);
                assert_eq!(later.since(position, layout), steps);
                assert_eq!(later.is_after(position), steps > 0);
            }
            if let Some(&later) = positions.get(i + 2 * capacity) {
                assert_eq!(position.add_laps(2, layout), later);
                assert_eq!(later.add_laps(-2, layout), position);
                assert_eq!(position.age(later.empty(), layout), 4);
                assert_eq!(later.age(position.full(layout), layout), -3);
            }
            for (stamp, age, full) in [
                (position.empty(), 0, false),
                (position.full(layout), 1, true),
                (position.gone(layout), 2, false),
            ] {
                assert_eq!(position.age(stamp, layout), age);
                assert_eq!(position.is_tail(stamp, layout), age == 0);
                assert_eq!(position.is_head(stamp, layout), age < 2);
                let closed = stamp | layout.closed();
                assert!(!layout.is_closed(stamp) && layout.is_closed(closed));
                assert!(!position.is_tail(closed, layout) && !position.is_head(closed, layout));
                for stamp in [stamp, closed] {
                    assert_eq!(position.age(stamp, layout), age);
                    assert_eq!(layout.is_full(stamp), full);
                }
            }
        }
    }
}

#[test]
fn a_layout_leaves_enough_versions() {
    let most = u32::MAX as usize;
    assert!(WordLayout::new(most, most).is_ok());
    #[cfg(target_pointer_width = "64")]
    assert_eq!(WordLayout::new(most + 1, most + 1).unwrap_err(), CapacityError::TooLarge);
}
