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
pub fn run<F: Family>() {
    fn each<F: Family, T: Element>() {
        beside_a_model::<F, T>();
        with_threads::<F, T>();
    }
    each::<F, [u64; 1]>();
    each::<F, [u64; 3]>();
}

/// Pushes and pops beside a model, over several laps, full and empty.
pub fn beside_a_model<F: Family, T: Element>() {
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
        if F::IS_QUEUE {
            assert_eq!(consumer.length(), model.len(), "{name} has another length");
        }
        if F::IS_QUEUE && pops > 1 {
            // More than there are, in two batches.
            let mut popped = Vec::new();
            let counts = [3, 200].map(|max| consumer.pop_into(&mut popped, max));
            assert_eq!(counts.iter().sum::<usize>(), popped.len(), "{name} miscounts a batch");
            let popped = popped.iter().map(Element::number);
            assert!(popped.eq(model.drain(..)), "{name} pops another batch than the oldest");
            continue;
        }
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
pub fn with_threads<F: Family, T: Element>() {
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
