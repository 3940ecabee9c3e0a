//! The scripts for the ring of one producer and one consumer. All elements are in cells, which loom
//! checks for races.

use crate::element::Large;
use crate::explore::{Ends, Order, explore_abandoned, explore_drops, explore_ends};
use crate::support::model::Op::{Close, IsClosed, IsEmpty, IsFull, Len, Pop, Push, TryPush};

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

    /// In place, into cells that the consumer has left.
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

    /// A full ring is closed at the slot that the pop empties: the pop keeps the bit.
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
        consumer: &[IsClosed, Pop, Pop, IsClosed],
        preemptions: Some(3),
    }

    /// The consumer is overtaken, asks for a turn, and withdraws: that must not undo the close.
    spsc_close_over_laps [fenced bare] {
        capacity: 2,
        start: &[Push(0), Push(1)],
        producer: &[Push(2), Push(3), Close, Push(4), IsClosed],
        consumer: &[Pop, Len, Pop],
        preemptions: Some(3),
    }

    spsc_close_three_slots [fenced bare] {
        capacity: 3,
        start: &[Push(0), Push(1), Push(2), Pop],
        producer: &[Push(3), Close, Len, Close],
        consumer: &[Pop, IsEmpty, IsClosed, Pop],
        preemptions: Some(4),
    }

    /// The consumer is overtaken, and asks for a turn before it goes. Number 0 is the last push's.
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

    /// Elements in cells that were each side's spare.
    spsc_used_and_left_so [dropped] {
        capacity: 1,
        start: &[Push(0)],
        producer: &[Push(1), Push(2)],
        consumer: &[Pop],
        preemptions: Some(4),
    }
}
