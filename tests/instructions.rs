//! How many instructions an operation takes while nobody is in the way.
//!
//! Time differs between machines and from run to run; this does not, for one compiler. What makes
//! an operation slower by accident (a bounds check, an element that goes through the stack, a call)
//! shows here. The limits are those of Rust 1.95 on x86-64, and a few more for other compilers.
//!
//! Only in release builds: `cargo test --release --test instructions -- --nocapture` prints them.
#![cfg(all(target_os = "linux", target_arch = "x86_64", not(debug_assertions), not(ringway_loom)))]

mod support;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use ringway::{AtomicRing, Pushed, Queue, TryPopError, TryPushError};
use support::signal;
use support::trap_flag::set_trap_flag;

static INSTRUCTIONS: AtomicU64 = AtomicU64::new(0);

extern "C" fn count(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    INSTRUCTIONS.fetch_add(1, Ordering::Relaxed);
}

/// How many instructions `call` takes, without those that switch counting on and off.
fn instructions<R>(call: impl Fn() -> R) -> u64 {
    let count = |call: &dyn Fn()| {
        let before = INSTRUCTIONS.load(Ordering::Relaxed);
        set_trap_flag(true);
        call();
        set_trap_flag(false);
        INSTRUCTIONS.load(Ordering::Relaxed) - before
    };
    let nothing = count(&|| ());
    count(&|| drop(black_box(call()))) - nothing
}

type Three = [u64; 3];

// Each operation as a function of its own, so that a count has nothing of its surroundings. The
// counts include saving registers, and moving the result to where the caller wants it.
macro_rules! operations {
    ($($name:ident($element:ty) = $queue:ident, $value:ident => $call:expr, $result:ty;)*) => {
        $(#[inline(never)]
        fn $name(queue: &AtomicRing<$element>, value: $element) -> $result {
            let ($queue, $value) = (queue, value);
            let _ = $value;
            $call
        })*
    };
}
operations! {
    push_8(u64) = q, value => q.push(value), Pushed<u64>;
    push_24(Three) = q, value => q.push(value), Pushed<Three>;
    try_push_8(u64) = q, value => q.try_push(value), Result<(), TryPushError<u64>>;
    try_push_24(Three) = q, value => q.try_push(value), Result<(), TryPushError<Three>>;
    pop_8(u64) = q, value => q.pop(), Option<u64>;
    pop_24(Three) = q, value => q.pop(), Option<Three>;
    try_pop_24(Three) = q, value => q.try_pop(), Result<Three, TryPopError>;
    len_24(Three) = q, value => q.len(), usize;
}

#[test]
fn operations_take_no_more_than_they_need() {
    signal::handle(libc::SIGTRAP, count);
    let mut failures = Vec::new();
    let mut check = |name: &str, most: u64, instructions: u64| {
        println!("{name:40} {instructions:4} of {most}");
        if instructions > most {
            failures.push(format!("{name}: {instructions} instructions, {most} wanted"));
        }
    };
    macro_rules! check {
        ($what:literal, $operation:ident, $most:literal, $element:expr, $prepare:expr) => {{
            let ring = AtomicRing::new(64);
            let prepare: fn(&AtomicRing<_>) = $prepare;
            // The first operation of a thread claims its number, and the hints must be fresh.
            let _ = ring.push($element);
            let _ = ring.pop();
            prepare(&ring);
            check($what, $most, instructions(|| $operation(&ring, black_box($element))));
        }};
    }
    fn half<T: Copy + Default>(ring: &AtomicRing<T>) {
        (0..32).for_each(|_| assert!(ring.push(T::default()).is_stored()));
    }
    fn full<T: Copy + Default>(ring: &AtomicRing<T>) {
        (0..70).for_each(|_| assert!(ring.push(T::default()).is_stored()));
    }
    // Inline: load the hint, the slot and the layout (6), compare (4), exchange (11), move the hint
    // (9); the rest is the choice of the storage, the look at the turn and the result.
    check!("push, 8 B, room", push_8, 66, 1, half);
    check!("push, 8 B, full", push_8, 66, 1, full);
    check!("try_push, 8 B", try_push_8, 70, 1, half);
    check!("pop, 8 B", pop_8, 52, 1, half);
    // Exchange: the same with a shorter exchange (2), and the thread's spare (10), the cell that
    // the element goes into (9), and the one that it comes from (9).
    check!("push, 24 B, room", push_24, 83, [1; 3], half);
    check!("push, 24 B, full", push_24, 93, [1; 3], full);
    check!("try_push, 24 B", try_push_24, 90, [1; 3], half);
    check!("pop, 24 B", pop_24, 77, [1; 3], half);
    check!("try_pop, 24 B", try_pop_24, 75, [1; 3], half);
    // Two hints and two slots.
    check!("len, 24 B", len_24, 55, [1; 3], half);

    let ring = AtomicRing::new(64);
    full(&ring);
    let queue: &dyn Queue<Three> = black_box(&ring);
    // The element once more through memory, and the call.
    let through_dyn = instructions(|| queue.push(black_box([1; 3])));
    check("push, 24 B, full, &dyn Queue", 92, through_dyn);
    let shared = std::sync::Arc::new(ring);
    let through_arc = instructions(|| shared.push(black_box([1; 3])));
    check("push, 24 B, full, Arc", 82, through_arc);
    assert!(failures.is_empty(), "{failures:#?}");
}
