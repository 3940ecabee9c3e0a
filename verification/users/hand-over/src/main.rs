//! A user who hands what a pointer leads to from one thread to another, and knows of no flag of
//! ringway's: the accesses behind the pointer race unless the ring orders them.

use std::thread;

use ringway::{AtomicRing, Pushed, TryPopError, spsc};

const ELEMENTS: u64 = 20_000;

fn main() {
    through_a_ring(Box::new, |element| **element);
    through_a_ring(|number| [number; 4], |element| element[3]);
    through_a_ring(|number| vec![number], |element| element[0]);
    through_ends(Box::new, |element| **element);
    through_ends(|number| vec![number], |element| element[0]);
}

/// With two threads on either side. What is evicted goes back to a producer.
fn through_a_ring<T: Send + 'static>(of: fn(u64) -> T, number: fn(&T) -> u64) {
    let ring: &AtomicRing<T> = Box::leak(Box::new(AtomicRing::new(64)));
    let producers = [(); 2].map(|()| {
        thread::spawn(move || {
            (0..ELEMENTS)
                .filter_map(|i| ring.push(of(i)).displaced())
                .map(|evicted| number(&evicted))
                .sum::<u64>()
        })
    });
    let consumers = [(); 2].map(|()| {
        thread::spawn(move || {
            let mut sum = 0;
            loop {
                match ring.try_pop() {
                    Ok(element) => sum += number(&element),
                    Err(TryPopError::Closed) => return sum,
                    Err(TryPopError::Empty) => thread::yield_now(),
                }
            }
        })
    });
    let evicted: u64 = producers.map(|producer| producer.join().unwrap()).iter().sum();
    ring.close();
    let popped: u64 = consumers.map(|consumer| consumer.join().unwrap()).iter().sum();
    assert_eq!(evicted + popped, 2 * (0..ELEMENTS).sum::<u64>());
}

fn through_ends<T: Send + 'static>(of: fn(u64) -> T, number: fn(&T) -> u64) {
    let (mut pushing, mut popping) = spsc::ring(64);
    let producer = thread::spawn(move || {
        let mut sum = 0;
        for i in 0..ELEMENTS {
            if let Pushed::Evicted(evicted) = pushing.push(of(i)) {
                sum += number(&evicted);
            }
        }
        pushing.close();
        (pushing, sum)
    });
    let consumer = thread::spawn(move || {
        let mut sum = 0;
        loop {
            let was_closed = popping.is_closed();
            match popping.pop() {
                Some(element) => sum += number(&element),
                None if was_closed => return (popping, sum),
                None => thread::yield_now(),
            }
        }
    });
    // The ends are dropped where both threads have been joined: the fence by which the standard
    // library orders that otherwise, ThreadSanitizer does not see.
    let ((_pushing, evicted), (_popping, popped)) =
        (producer.join().unwrap(), consumer.join().unwrap());
    assert_eq!(evicted + popped, (0..ELEMENTS).sum::<u64>());
}
