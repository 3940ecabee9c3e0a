//! Checks that a queue is one, before it is timed.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ringway::Pushed;

use crate::contender::{Consumer, Contender, Family, Kind, Producer};
use crate::element::Element;

/// # Panics
///
/// When it is not.
pub(crate) fn run<F: Family>() {
    fn each<F: Family, T: Element>() {
        beside_a_model::<F, T>();
        with_threads::<F, T>();
    }
    each::<F, [u64; 1]>();
    each::<F, [u64; 3]>();
    each::<F, [u64; 32]>();
}

/// Pushes and pops beside a model, over several laps, full and empty.
fn beside_a_model<F: Family, T: Element>() {
    /// A power of two, to which some queues round up.
    const CAPACITY: usize = 8;
    let name = F::NAME;
    let queue = F::Queue::<T>::with_capacity(CAPACITY);
    let (mut producer, mut consumer) = (queue.producer(), queue.consumer());
    let mut model = VecDeque::new();
    for number in 0..200 {
        let full = model.len() == CAPACITY && F::KIND != Kind::Grows;
        match producer.push(T::new(number)) {
            Pushed::Stored if full && F::KIND == Kind::Evicts && !F::GIVES_BACK => {
                model.pop_front();
                model.push_back(number);
            }
            Pushed::Stored => {
                assert!(!full, "{name} stores more than fits");
                model.push_back(number);
            }
            Pushed::Evicted(oldest) => {
                assert!(
                    full && F::KIND == Kind::Evicts,
                    "{name} evicts, but it is not full, or does not evict"
                );
                assert_eq!(
                    Some(oldest.number()),
                    model.pop_front(),
                    "{name} evicts another than the oldest"
                );
                model.push_back(number);
            }
            Pushed::Closed(_) => panic!("{name} is closed"),
            Pushed::Rejected(newest) => {
                assert!(
                    full && F::KIND == Kind::Rejects,
                    "{name} rejects, but it is not full, or does not reject"
                );
                assert_eq!(newest.number(), number, "{name} rejects another than the newest");
            }
        }
        let pops = if number % 20 == 19 { usize::MAX } else { (number % 3 == 0).into() };
        for _ in 0..pops {
            let popped = consumer.pop().map(|element| element.number());
            assert_eq!(popped, model.pop_front(), "{name} pops another than the oldest");
            if popped.is_none() {
                break;
            }
        }
    }
}

/// Every producer's elements come out in its order, none of them twice, and none is lost but what
/// came back.
fn with_threads<F: Family, T: Element>() {
    const ELEMENTS: u64 = 2_000;
    let name = F::NAME;
    let [producers, consumers] = [F::MAX_PRODUCERS, F::MAX_CONSUMERS].map(|most| most.min(2));
    let queue = F::Queue::<T>::with_capacity(64);
    let seen = Mutex::new(Vec::new());
    let (listening, pushed_all) = (AtomicUsize::new(0), AtomicBool::new(false));

    thread::scope(|scope| {
        for _ in 0..consumers {
            scope.spawn(|| {
                let mut consumer = queue.consumer();
                listening.fetch_add(1, Ordering::Release);
                let mut popped = Vec::new();
                loop {
                    let last_look = pushed_all.load(Ordering::Acquire);
                    match consumer.pop() {
                        Some(element) => popped.push(element.number()),
                        None if last_look => break,
                        None => thread::yield_now(),
                    }
                }
                for producer in 0..producers as u64 {
                    let mine = popped.iter().filter(|number| *number / ELEMENTS == producer);
                    assert!(mine.is_sorted(), "{name} does not keep the order of a producer");
                }
                seen.lock().expect("no other failed").extend(popped);
            });
        }
        while listening.load(Ordering::Acquire) < consumers {
            thread::yield_now();
        }
        let producing: Vec<_> = (0..producers as u64)
            .map(|producer| {
                let (queue, seen) = (&queue, &seen);
                scope.spawn(move || {
                    let mut handle = queue.producer();
                    let numbers = producer * ELEMENTS..(producer + 1) * ELEMENTS;
                    let back = numbers.filter_map(|number| handle.push(T::new(number)).displaced());
                    let back: Vec<_> = back.map(|element| element.number()).collect();
                    seen.lock().expect("no other failed").extend(back);
                })
            })
            .collect();
        let ends: Vec<_> = producing.into_iter().map(|thread| thread.join()).collect();
        // Whatever became of them, or the consumers would look for ever.
        pushed_all.store(true, Ordering::Release);
        assert!(ends.iter().all(Result::is_ok), "a push of {name} panicked");
    });

    let mut seen = seen.into_inner().expect("no thread failed");
    seen.sort_unstable();
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{name} delivers an element twice");
    if F::GIVES_BACK {
        let all = 0..producers as u64 * ELEMENTS;
        assert!(seen.into_iter().eq(all), "{name} loses elements");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::panic;
    use std::sync::Mutex;

    use ringway::Pushed;

    use super::{beside_a_model, run, with_threads};
    use crate::contender::{Direct, Family, Kind, Shared};
    use crate::element::Element;

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
                        queue.push_back(value);
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
}
