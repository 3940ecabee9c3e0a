//! What checks the contenders finds what is wrong.

use std::collections::VecDeque;
use std::panic;
use std::sync::Mutex;

use ringway::Pushed;

use bench_support::check::{beside_a_model, run, with_threads};
use bench_support::contender::{Direct, Family, Kind, Shared};
use bench_support::element::Element;

const WELL: u8 = 0;
const SWAPS: u8 = 1;
const LOSES: u8 = 2;
const DOUBLES: u8 = 3;
const KEEPS_THE_OLDEST: u8 = 4;

/// What it does wrong, and from which push on.
struct Broken<const HOW: u8, const FROM: usize>;

struct BrokenQueue<const HOW: u8, const FROM: usize, T>(Mutex<(VecDeque<T>, usize)>, usize);

impl<const HOW: u8, const FROM: usize> Family for Broken<HOW, FROM> {
    const NAME: &'static str = "broken";
    const KIND: Kind = Kind::Evicts;
    const IS_QUEUE: bool = false;

    type Queue<T: Element> = Direct<BrokenQueue<HOW, FROM, T>>;
}

impl<const HOW: u8, const FROM: usize, T: Element> Shared<T> for BrokenQueue<HOW, FROM, T> {
    fn with_capacity(capacity: usize) -> Self {
        Self(Mutex::default(), capacity)
    }

    fn push(&self, value: T) -> Pushed<T> {
        let (queue, pushes) = &mut *self.0.lock().unwrap();
        *pushes += 1;
        let how = if *pushes > FROM { HOW } else { WELL };
        let evicted = (queue.len() >= self.1).then(|| queue.pop_front().unwrap());
        match (how, evicted) {
            // Full or not, since it may always be full: the consumers need not run before the
            // last push.
            (LOSES, evicted) => evicted.map_or(Pushed::Stored, Pushed::Evicted),
            (KEEPS_THE_OLDEST, Some(oldest)) => {
                queue.push_front(oldest);
                Pushed::Evicted(value)
            }
            (_, evicted) => {
                if how == DOUBLES {
                    queue.push_back(value.clone());
                }
                queue.push_back(value);
                if how == SWAPS && queue.len() > 1 {
                    queue.make_contiguous().reverse();
                }
                evicted.map_or(Pushed::Stored, Pushed::Evicted)
            }
        }
    }

    fn pop(&self) -> Option<T> {
        self.0.lock().unwrap().0.pop_front()
    }
}

#[test]
fn the_model_finds_what_is_wrong() {
    beside_a_model::<Broken<WELL, 0>, [u64; 1]>();
    let checks = [
        beside_a_model::<Broken<SWAPS, 0>, [u64; 1]>,
        beside_a_model::<Broken<LOSES, 0>, [u64; 1]>,
        beside_a_model::<Broken<DOUBLES, 0>, [u64; 1]>,
        beside_a_model::<Broken<KEEPS_THE_OLDEST, 0>, [u64; 1]>,
    ];
    assert!(checks.into_iter().all(|check| panic::catch_unwind(check).is_err()));
}

/// From later on, so that each element has been checked beside the model and was well.
#[test]
fn the_threads_find_what_is_wrong() {
    run::<Broken<WELL, 0>>();
    let checks = [
        with_threads::<Broken<SWAPS, 300>, [u64; 1]>,
        with_threads::<Broken<LOSES, 300>, [u64; 1]>,
        with_threads::<Broken<DOUBLES, 300>, [u64; 1]>,
    ];
    // What is wrong shows when the threads meet, and in a single run they need not.
    let finds = |check: fn()| (0..1000).any(|_| panic::catch_unwind(check).is_err());
    assert!(checks.into_iter().all(finds));
}
