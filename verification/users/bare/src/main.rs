//! A user without the standard library, without the C library, without threads: tells how a small
//! element is stored, and fails unless all results are right.

#![no_std]
#![no_main]
// Else the compiler would make calls of `memcpy` of the loop in `memcpy`.
#![no_builtins]

extern crate alloc;

mod platform;

use alloc::boxed::Box;
use alloc::vec;
use core::fmt::{Debug, Write};

use ringway::{AtomicRing, Metered, Pushed, Queue, TryPushError, spsc};

/// More than there are numbers for threads: each operation must give its number back.
const OPERATIONS: u64 = 100_000;

extern "C" fn main() -> ! {
    rings(|number| number);
    rings(Box::new);
    rings(|number| [number; 4]);
    rings(|number| vec![number; 4]);

    let ring = AtomicRing::new(7);
    for i in 0..OPERATIONS {
        assert_eq!(ring.push([i; 4]).displaced(), i.checked_sub(7).map(|old| [old; 4]));
    }
    let _ = writeln!(platform::Output, "{:?}", AtomicRing::<u64>::new(1).storage());
    platform::exit(0)
}

fn rings<T: Debug + PartialEq + Send>(of: impl Fn(u64) -> T) {
    newest_two(&AtomicRing::new(2), &of);

    let metered = Metered::new(AtomicRing::new(2));
    newest_two(&metered, &of);
    let stats = metered.stats();
    assert_eq!((stats.stored, stats.evicted, stats.closed, stats.popped), (3, 1, 1, 2));

    let (mut producer, mut consumer) = spsc::ring(2);
    assert_eq!([1, 2, 3].map(|i| producer.push(of(i)).displaced()), [None, None, Some(of(1))]);
    assert_eq!(producer.try_push(of(4)), Err(TryPushError::Full(of(4))));
    assert_eq!(consumer.pop(), Some(of(2)));
    drop(producer);
    assert!(consumer.is_closed());
    assert_eq!([(); 2].map(|()| consumer.pop()), [Some(of(3)), None]);
}

fn newest_two<T: Debug + PartialEq>(queue: &impl Queue<T>, of: impl Fn(u64) -> T) {
    assert_eq!([1, 2, 3].map(|i| queue.push(of(i)).displaced()), [None, None, Some(of(1))]);
    assert_eq!(queue.try_push(of(4)), Err(TryPushError::Full(of(4))));
    assert_eq!((queue.len(), queue.pop()), (2, Some(of(2))));
    assert!(queue.close());
    assert_eq!(queue.push(of(5)), Pushed::Closed(of(5)));
    assert_eq!([(); 2].map(|()| queue.pop()), [Some(of(3)), None]);
}
