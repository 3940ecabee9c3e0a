//! The scripts. The main thread runs the first of each, so a script of three threads is one in
//! which cells grow: in models the first segment is for two.

use ringway::{AtomicRing, ChannelQueue, MutexRing, MutexVec, Storage};

use crate::element::{Large, Small};
use crate::explore::{Order, Script, explore};
use crate::support::model::Op::{Close, IsClosed, IsEmpty, IsFull, Len, Pop, Push, TryPush};

/// Each script on both storages, fenced and bare.
macro_rules! atomic_ring {
    ($($(#[$doc:meta])* $name:ident { $($script:tt)* })*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            static SCRIPT: Script = Script { $($script)* };

            atomic_ring!(@ $name, inline_fenced, Small, Inline, Fenced);
            atomic_ring!(@ $name, inline_bare, Small, Inline, Bare);
            atomic_ring!(@ $name, exchange_fenced, Large, Exchange, Fenced);
            atomic_ring!(@ $name, exchange_bare, Large, Exchange, Bare);
        }
    )*};
    (@ $name:ident, $test:ident, $element:ident, $storage:ident, $order:ident) => {
        #[test]
        fn $test() {
            let name = concat!(stringify!($name), "::", stringify!($test));
            explore(name, &SCRIPT, Order::$order, |capacity| {
                let ring = AtomicRing::<$element>::new(capacity);
                assert_eq!(ring.storage(), Storage::$storage);
                ring
            });
        }
    };
}

atomic_ring! {
    two_producers_one_slot {
        capacity: 1,
        start: &[],
        threads: &[&[Push(1), Push(2)], &[Push(3), Push(4)]],
        preemptions: Some(5),
    }

    two_producers_part_full {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Push(1), Push(2)], &[Push(3), Push(4)]],
        preemptions: Some(5),
    }

    two_producers_three_slots {
        capacity: 3,
        start: &[Push(0), Push(1), Pop],
        threads: &[&[Push(2), Push(3)], &[Push(4), Push(5)]],
        preemptions: Some(5),
    }

    one_and_one_one_slot {
        capacity: 1,
        start: &[],
        threads: &[&[Push(1), Push(2), Push(3)], &[Pop, Pop]],
        preemptions: None,
    }

    /// The producer goes round while the consumer takes its first.
    one_and_one_over_laps {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Push(2), Push(3), Push(4)], &[Pop, Pop]],
        preemptions: Some(7),
    }

    two_consumers {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Pop, Pop], &[Pop, Pop]],
        preemptions: None,
    }

    two_producers_one_consumer {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Push(2)], &[Push(3)], &[Pop]],
        preemptions: Some(5),
    }

    two_producers_one_consumer_one_slot {
        capacity: 1,
        start: &[],
        threads: &[&[Push(2)], &[Push(3)], &[Pop]],
        preemptions: Some(5),
    }

    one_producer_two_consumers {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Push(1), Push(2)], &[Pop], &[Pop]],
        preemptions: Some(4),
    }

    three_slots_three_threads {
        capacity: 3,
        start: &[Push(0), Push(1), Push(2), Pop],
        threads: &[&[Push(3), Push(4)], &[Push(5)], &[Pop]],
        preemptions: Some(3),
    }

    try_push_and_push {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[TryPush(1), TryPush(2)], &[Push(3), Pop]],
        preemptions: None,
    }

    try_push_and_pop {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[TryPush(1), TryPush(2)], &[Pop, Pop]],
        preemptions: None,
    }

    /// Whoever loses the race for a slot still has room in the next one.
    two_try_pushes {
        capacity: 2,
        start: &[],
        threads: &[&[TryPush(1), TryPush(2)], &[TryPush(3), Pop]],
        preemptions: None,
    }

    try_push_push_and_pop {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[TryPush(1)], &[Push(2)], &[Pop]],
        preemptions: None,
    }

    len_and_push {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Len, Len], &[Push(1), Push(2)]],
        preemptions: None,
    }

    /// A pop and a push between the two ends that `len` looks at.
    len_and_both {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Len, Len], &[Pop, Push(2), Pop]],
        preemptions: Some(6),
    }

    is_full_and_both {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[IsFull, IsFull], &[Push(1), Push(2), Pop]],
        preemptions: None,
    }

    is_empty_and_both {
        capacity: 1,
        start: &[],
        threads: &[&[IsEmpty, IsEmpty], &[Push(1), Pop, Push(2)]],
        preemptions: None,
    }

    len_push_and_pop {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[Len], &[Push(1)], &[Pop]],
        preemptions: Some(5),
    }

    /// The slot is empty at first, and full of the lap before afterwards.
    close_and_push {
        capacity: 1,
        start: &[],
        threads: &[&[Close, Push(1)], &[Push(2), Push(3)]],
        preemptions: None,
    }

    close_and_push_over_laps {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Close, Push(2)], &[Push(3), Push(4), Push(5)]],
        preemptions: Some(6),
    }

    close_and_try_push {
        capacity: 1,
        start: &[],
        threads: &[&[Close, IsClosed], &[TryPush(1), TryPush(2)]],
        preemptions: None,
    }

    /// A full ring is closed at the slot that the pop empties: the pop keeps the bit.
    close_and_pop_one_slot {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[Close, Push(1)], &[Pop, Pop]],
        preemptions: None,
    }

    close_and_pop {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Close, Push(2)], &[Pop, Push(3), Pop]],
        preemptions: Some(6),
    }

    close_and_two_pops {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Close], &[Pop], &[Pop, Push(2)]],
        preemptions: Some(3),
    }

    /// One of the two pops loses the only element, and must leave the closed slot as it is.
    close_and_two_pops_of_one {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Close], &[Pop], &[Pop, Push(1)]],
        preemptions: Some(3),
    }

    /// One of the two closes it.
    two_closes {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Close, Push(1)], &[Push(2), Close]],
        preemptions: None,
    }

    /// Both closes and the push are at the same slot.
    two_closes_and_push {
        capacity: 1,
        start: &[],
        threads: &[&[Close], &[Close], &[Push(0)]],
        preemptions: Some(6),
    }

    close_push_and_pop_one_slot {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[Close], &[Push(1)], &[Pop]],
        preemptions: Some(5),
    }

    close_push_and_pop_three_slots {
        capacity: 3,
        start: &[Push(0), Push(1), Push(2), Pop],
        threads: &[&[Close], &[Push(3), Push(4)], &[Pop, Pop]],
        preemptions: Some(2),
    }

    close_and_counts {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[Close, Pop], &[IsClosed, Len, IsFull, IsEmpty, IsClosed]],
        preemptions: Some(6),
    }

    /// The tail moves on while it is looked for.
    is_closed_and_push {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[IsClosed, IsClosed], &[Push(1), Push(2), Close]],
        preemptions: None,
    }

    /// A thread that sees the ring closed sees what was pushed before.
    push_close_and_pop {
        capacity: 2,
        start: &[],
        threads: &[&[Push(0), Close], &[IsClosed, Pop]],
        preemptions: None,
    }

    len_of_what_is_closed {
        capacity: 2,
        start: &[Push(0), Push(1), Close],
        threads: &[&[Len, Len], &[Pop, Pop]],
        preemptions: None,
    }
}

/// An end that was found empty and another that was found full, on different slots: sequential
/// consistency decides, and loom takes SeqCst accesses for AcqRel, so there is only the fenced
/// order to explore. Bare, it rightly finds that AcqRel is not enough (the second pop returns
/// `None`, and all the same there is no room); `verification/spin` explores the rest.
mod empty_and_full {
    use super::*;

    static SCRIPT: Script = Script {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Pop, Pop], &[Push(1), TryPush(2)]],
        preemptions: None,
    };

    atomic_ring!(@ empty_and_full, inline_fenced, Small, Inline, Fenced);
    atomic_ring!(@ empty_and_full, exchange_fenced, Large, Exchange, Fenced);
}

/// Both mutex queues by the same scripts: what there is to find is a call that is more than one
/// critical section.
macro_rules! mutex_queues {
    ($($name:ident { $($script:tt)* })*) => {$(
        mod $name {
            use super::*;

            static SCRIPT: Script = Script { $($script)* };

            #[test]
            fn mutex_vec_bare() {
                let name = concat!(stringify!($name), "::mutex_vec_bare");
                explore::<Large, MutexVec<_>>(name, &SCRIPT, Order::Bare, |_| MutexVec::new());
            }

            #[test]
            fn mutex_ring_bare() {
                let name = concat!(stringify!($name), "::mutex_ring_bare");
                explore::<Large, MutexRing<_>>(name, &SCRIPT, Order::Bare, MutexRing::new);
            }

            #[test]
            fn mutex_ring_fenced() {
                let name = concat!(stringify!($name), "::mutex_ring_fenced");
                explore::<Large, MutexRing<_>>(name, &SCRIPT, Order::Fenced, MutexRing::new);
            }
        }
    )*};
}

mutex_queues! {
    mutex_push_and_pop {
        capacity: 1,
        start: &[],
        threads: &[&[Push(1), Push(2)], &[TryPush(3), Pop]],
        preemptions: None,
    }

    mutex_counts {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Len, IsFull, IsEmpty], &[Push(1), Pop]],
        preemptions: None,
    }
}

mutex_queues! {
    mutex_close_and_push {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[Close, IsClosed, Pop], &[Push(1), TryPush(2), Pop]],
        preemptions: None,
    }

    mutex_two_closes {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Close, Push(1)], &[Len, Close, Pop]],
        preemptions: None,
    }
}

/// The crate `concurrent-queue`, which knows loom too, and what is done around it.
///
/// Only fenced, because its empty and full are SeqCst's matter, as in `empty_and_full`.
macro_rules! channel_queue {
    ($($(#[$doc:meta])* $name:ident { $($script:tt)* })*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            static SCRIPT: Script = Script { $($script)* };

            #[test]
            fn fenced() {
                let name = concat!(stringify!($name), "::fenced");
                explore::<Large, ChannelQueue<_>>(name, &SCRIPT, Order::Fenced, ChannelQueue::new);
            }
        }
    )*};
}

channel_queue! {
    channel_close_and_push {
        capacity: 2,
        start: &[Push(0)],
        threads: &[&[Close, Push(1)], &[Push(2), Push(3)]],
        preemptions: None,
    }

    channel_close_and_pop {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[Close, Push(2)], &[Pop, Pop]],
        preemptions: None,
    }

    channel_one_slot {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[Pop, Pop], &[IsEmpty, TryPush(1)]],
        preemptions: None,
    }

    channel_close_one_slot {
        capacity: 1,
        start: &[Push(0)],
        threads: &[&[Close, IsClosed], &[Pop, Push(1)]],
        preemptions: None,
    }

    channel_close_three_threads {
        capacity: 3,
        start: &[Push(0), Push(1), Push(2), Pop],
        threads: &[&[Close], &[Push(3), TryPush(4)], &[Pop, IsClosed]],
        preemptions: Some(3),
    }
}

/// Not in the scripts for all: of the two, only here it is one step.
mod mutex_pop_into {
    use super::*;
    use crate::support::model::Op::PopInto;

    static SCRIPT: Script = Script {
        capacity: 2,
        start: &[Push(0), Push(1)],
        threads: &[&[PopInto(2)], &[Push(2), Pop]],
        preemptions: None,
    };

    #[test]
    fn mutex_ring_bare() {
        explore::<Large, MutexRing<_>>(
            "mutex_pop_into::mutex_ring_bare",
            &SCRIPT,
            Order::Bare,
            MutexRing::new,
        );
    }
}

/// A thread that sees a queue closed sees what was done before the close. No element tells it.
mod what_was_done_before_a_close {
    use std::sync::Arc;

    use loom::cell::Cell;
    use loom::sync::atomic::{AtomicU64, Ordering};
    use loom::thread;
    use ringway::Queue;

    use super::*;
    use crate::explore::explore_all;

    fn is_seen<Q: Queue<Large> + 'static>(name: &str, new: fn(usize) -> Q) {
        explore_all(name, None, move || {
            // The `Arc` is not loom's: it would order what the queue must order.
            let shared = Arc::new((new(1), Cell::new(false), AtomicU64::new(0)));
            // Both touch it, so that loom tries both orders, as in a `Recorder`.
            let turn =
                |shared: &(Q, Cell<bool>, AtomicU64)| shared.2.fetch_add(1, Ordering::Relaxed);
            let other = thread::spawn({
                let shared = Arc::clone(&shared);
                move || {
                    shared.1.set(true);
                    turn(&shared);
                    assert!(shared.0.close());
                }
            });
            turn(&shared);
            if shared.0.is_closed() {
                assert!(shared.1.get());
            }
            other.join().unwrap();
        });
    }

    #[test]
    fn exchange() {
        is_seen("before_a_close::exchange", AtomicRing::new);
    }

    #[test]
    fn channel() {
        is_seen("before_a_close::channel", ChannelQueue::new);
    }

    #[test]
    fn mutex() {
        is_seen("before_a_close::mutex", MutexRing::new);
    }
}
