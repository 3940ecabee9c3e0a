//! Channels: nobody sleeps through an element or an end, nothing is lost on the way, and the end is
//! the end.
//!
//! Whether a thread is asleep when it is to be woken cannot be seen from outside. So what depends
//! on it is right in either case, and is repeated, with delays of many lengths, so that both occur;
//! where a waker can be looked at, or a queue of the test's own stops in the middle of an
//! operation, the case is met each time.
#![cfg(not(ringway_loom))]

#[path = "../support"]
#[allow(unreachable_pub, reason = "other tests share them too")]
mod support {
    pub(crate) mod at_exit;
    pub(crate) mod counted;
    pub(crate) mod element;
    pub(crate) mod watched;
}

mod abandoned;
mod batch;
mod batches_in;
mod by_hand;
mod cancel;
mod close;
mod conservation;
mod crowd;
mod discard;
mod ends;
mod gives_way;
mod hand_over;
mod hooked;
mod one_thread;
mod panics;
mod parking;
mod select;
mod sink;
mod spring;
mod the_end;
mod types;
mod waiters;
mod watched;
