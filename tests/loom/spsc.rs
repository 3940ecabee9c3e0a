//! The scripts for the ring of one producer and one consumer. All elements are in slots that loom
//! checks for races. Claims take at most two elements here, and detours come early: with capacity 1
//! after two pushes, with capacity 2 after six.

use loom::thread;
use ringway::spsc;

use crate::element::{self, Large};
use crate::explore::{Ends, Order, explore_abandoned, explore_all, explore_drops, explore_ends};
use crate::support::element::Element;
use crate::support::model::Op::{
    Close, IsClosed, IsEmpty, IsFull, Len, Pop, Push, TryPop, TryPush,
};

macro_rules! spsc {
    ($($(#[$doc:meta])* $name:ident [$($order:ident)*] { $($script:tt)* })*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            static SCRIPT: Ends = Ends { $($script)* };

            $(spsc!(@ $name, $order);)*
        }
    )*};
    (@ $name:ident, fenced) => {
        #[test]
        fn fenced() {
            explore_ends::<Large>(concat!(stringify!($name), "::fenced"), &SCRIPT, Order::Fenced);
        }
    };
    (@ $name:ident, bare) => {
        #[test]
        fn bare() {
            explore_ends::<Large>(concat!(stringify!($name), "::bare"), &SCRIPT, Order::Bare);
        }
    };
    (@ $name:ident, dropped) => {
        #[test]
        fn dropped() {
            explore_drops::<Large>(concat!(stringify!($name), "::dropped"), &SCRIPT);
        }
    };
    (@ $name:ident, abandoned) => {
        #[test]
        fn abandoned() {
            explore_abandoned::<Large>(concat!(stringify!($name), "::abandoned"), &SCRIPT);
        }
    };
}

spsc! {
    spsc_one_slot [fenced bare] {
        capacity: 1,
        start: &[],
        producer: &[Push(1), Push(2), Push(3)],
        consumer: &[Pop, Pop, Pop],
        preemptions: Some(4),
    }

    spsc_one_slot_all_calls [fenced bare] {
        capacity: 1,
        start: &[Push(0)],
        producer: &[TryPush(1), Len, TryPush(2), IsFull],
        consumer: &[IsEmpty, Pop, Len, Pop],
        preemptions: Some(4),
    }

    /// One detour follows the other.
    spsc_one_slot_for_laps [fenced bare] {
        capacity: 1,
        start: &[Push(0)],
        producer: &[Push(1), Push(2), Push(3), Push(4), Push(5)],
        consumer: &[Pop, Pop, Pop],
        preemptions: Some(3),
    }

    spsc_two_slots [fenced bare] {
        capacity: 2,
        start: &[Push(0)],
        producer: &[Push(1), Push(2), Push(3), Push(4)],
        consumer: &[Pop, Pop, Pop],
        preemptions: Some(4),
    }

    /// The consumer is overtaken, by more than a lap.
    spsc_over_laps [fenced bare] {
        capacity: 2,
        start: &[Push(0), Push(1)],
        producer: &[Push(2), Push(3), Push(4), Push(5), Push(6)],
        consumer: &[Pop, Pop],
        preemptions: Some(3),
    }

    /// The consumer is still reading when the producer comes around, and then finds a detour.
    spsc_detour [fenced bare] {
        capacity: 2,
        start: &[Push(0), Push(1), Push(2), Push(3)],
        producer: &[Push(4), Push(5), Push(6), Push(7), Push(8), Push(9)],
        consumer: &[Pop, Pop, Pop],
        preemptions: Some(2),
    }

    /// The producer is about to enter a detour, and the second of another.
    spsc_into_a_detour [fenced bare] {
        capacity: 2,
        start: &[
            Push(0), Push(1), Pop, Push(2), Push(3), Push(4), Push(5), Push(6), Push(7), Push(8),
            Pop, Push(9), Push(10), Push(11), Push(12),
        ],
        producer: &[Push(13), Push(14), Push(15)],
        consumer: &[Pop, TryPop, Pop],
        preemptions: Some(3),
    }

    /// As above, with a detour behind.
    spsc_three_slots_and_a_detour [fenced bare] {
        capacity: 3,
        start: &[
            Push(0), Push(1), Push(2), Pop, Push(3), Push(4), Push(5), Push(6), Push(7), Push(8),
        ],
        producer: &[Push(9), Push(10), Push(11)],
        consumer: &[Pop, Pop],
        preemptions: Some(3),
    }

    spsc_three_slots [fenced bare] {
        capacity: 3,
        start: &[Push(0), Push(1), Push(2), Pop],
        producer: &[Push(3), Push(4), TryPush(5), Push(6)],
        consumer: &[Pop, Pop],
        preemptions: Some(6),
    }

    spsc_length_for_the_producer [fenced bare] {
        capacity: 2,
        start: &[Push(0), Push(1)],
        producer: &[Len, Push(2), Len, IsFull],
        consumer: &[Pop, Pop],
        preemptions: None,
    }

    spsc_length_for_the_consumer [fenced bare] {
        capacity: 2,
        start: &[Push(0), Push(1)],
        producer: &[Push(2), Push(3), Push(4)],
        consumer: &[Len, Pop, Len],
        preemptions: Some(3),
    }

    spsc_emptiness_for_both [fenced] {
        capacity: 2,
        start: &[],
        producer: &[Push(0), IsEmpty, Push(1), IsEmpty],
        consumer: &[IsEmpty, Pop, IsEmpty],
        preemptions: Some(6),
    }

    /// As `empty_and_full`, and fenced for the same reason.
    spsc_empty_and_full [fenced] {
        capacity: 2,
        start: &[Push(0)],
        producer: &[Push(1), TryPush(2)],
        consumer: &[Pop, Pop],
        preemptions: None,
    }

    spsc_close_one_slot [fenced bare] {
        capacity: 1,
        start: &[Push(0)],
        producer: &[Push(1), Close, Push(2)],
        consumer: &[Pop, IsClosed, Pop],
        preemptions: Some(4),
    }

    spsc_close_two_slots [fenced bare] {
        capacity: 2,
        start: &[Push(0)],
        producer: &[Push(1), Push(2), Close, TryPush(3)],
        consumer: &[IsClosed, Pop, TryPop, TryPop],
        preemptions: Some(3),
    }

    spsc_close_over_laps [fenced bare] {
        capacity: 2,
        start: &[Push(0), Push(1)],
        producer: &[Push(2), Push(3), Close, Push(4), IsClosed],
        consumer: &[Pop, Len, Pop],
        preemptions: Some(3),
    }

    /// As `spsc_empty_and_full`, with the length for `Full`.
    spsc_close_three_slots [fenced] {
        capacity: 3,
        start: &[Push(0), Push(1), Push(2), Pop],
        producer: &[Push(3), Close, Len, Close],
        consumer: &[Pop, IsEmpty, IsClosed, Pop],
        preemptions: Some(4),
    }

    /// Number 0 is the last push's.
    spsc_abandoned [abandoned] {
        capacity: 1,
        start: &[Push(1)],
        producer: &[Push(2), Push(3)],
        consumer: &[Pop],
        preemptions: Some(4),
    }

    spsc_closed_by_its_drop [dropped] {
        capacity: 2,
        start: &[Push(0), Push(1)],
        producer: &[Push(2)],
        consumer: &[Pop, IsClosed],
        preemptions: Some(4),
    }

    spsc_full_and_left_so [dropped] {
        capacity: 2,
        start: &[Push(0), Push(1)],
        producer: &[Push(2), Push(3)],
        consumer: &[Pop],
        preemptions: Some(4),
    }

    spsc_used_and_left_so [dropped] {
        capacity: 1,
        start: &[Push(0)],
        producer: &[Push(1), Push(2)],
        consumer: &[Pop],
        preemptions: Some(4),
    }
}

/// Batches of pushes, of so many elements each, beside batches of pops of up to two: every element
/// comes out once and in order, and what is left are the newest.
fn explore_batches(
    name: &str,
    capacity: usize,
    before: u32,
    steps: &'static [u32],
    claims: usize,
    preemptions: usize,
) {
    explore_all(name, Some(preemptions), move || {
        let pushed = before + steps.iter().sum::<u32>();
        element::start(pushed);
        let (mut producer, mut consumer) = spsc::ring::<Large>(capacity);
        let mut evicted = Vec::new();
        let count = producer.push_all((0..before).map(Large::of), |old| evicted.push(old.number()));
        assert_eq!(count, before as usize);
        let other = thread::spawn(move || {
            let mut next = before;
            for &step in steps {
                let values = (next..next + step).map(Large::of);
                let _ = producer.push_all(values, |old| evicted.push(old.number()));
                next += step;
            }
            (producer, evicted)
        });
        let mut out = Vec::new();
        for _ in 0..claims {
            consumer.pop_into(&mut out, 2);
        }
        let (producer, mut all) = other.join().unwrap();
        assert!(producer.len() == consumer.len() && producer.len() <= capacity);
        let popped: Vec<_> = out.into_iter().map(Large::number).collect();
        let left: Vec<_> = consumer.try_iter().map(Large::number).collect();
        assert!(all.is_sorted() && popped.is_sorted() && left.is_sorted());
        assert!(left.iter().all(|number| all.iter().chain(&popped).all(|old| old < number)));
        all.extend([popped, left].concat());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..pushed), "everything comes out once");
        drop((producer, consumer));
        element::assert_all_dropped();
    });
}

#[test]
fn spsc_batches() {
    explore_batches("spsc_batches, capacity 1", 1, 1, &[2, 1], 3, 3);
    explore_batches("spsc_batches, capacity 2", 2, 1, &[2, 3], 2, 3);
    explore_batches("spsc_batches, capacity 2, over laps", 2, 4, &[6, 2], 2, 2);
    explore_batches("spsc_batches, capacity 3", 3, 5, &[3, 2], 2, 3);
}
