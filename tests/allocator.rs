//! Queues and the global allocator: one that fails when room for more threads is made, and one that
//! itself pushes into a queue.

#![allow(unsafe_code)]
#![cfg(target_has_atomic = "64")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, OnceLock};
use std::{env, thread};

use ringway::{AtomicRing, Metered, Queue};

/// For more threads than have room from the start.
const THREADS: usize = 16;

type Wide = [usize; 4];

static LOG: OnceLock<AtomicRing<Wide>> = OnceLock::new();
static IS_LOGGING: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// How many more allocations of the thread succeed before one fails.
    static SUCCEED: Cell<usize> = const { Cell::new(usize::MAX) };
    /// Whether the allocator leaves the thread's allocations out of the log.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

// SAFETY: refuses or passes on; `System` keeps the contract.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match SUCCEED.get() {
            usize::MAX => {}
            0 => {
                SUCCEED.set(usize::MAX);
                return ptr::null_mut();
            }
            more => SUCCEED.set(more - 1),
        }
        if IS_LOGGING.load(Ordering::Relaxed) && !IS_GUARDED.get() {
            if let Some(log) = LOG.get() {
                let _ = log.push([layout.size(); 4]);
            }
        }
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Runs `last` in a thread for which a queue has no room from the start.
fn beyond_the_first_threads<R: Send>(
    queue: &impl Queue<Wide>,
    last: impl FnOnce() -> R + Send,
) -> R {
    let barrier = &Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        let first = || {
            assert!(queue.push([0; 4]).is_stored());
            barrier.wait();
            barrier.wait();
        };
        let first: Vec<_> = (0..THREADS).map(|_| scope.spawn(first)).collect();
        barrier.wait();
        let result = scope.spawn(last).join();
        barrier.wait();
        // A scope may end before its threads have given back their numbers, a join may not.
        first.into_iter().for_each(|thread| thread.join().unwrap());
        result.unwrap()
    })
}

/// Each allocation that makes room fails once: the push panics, and the next one succeeds.
fn panics_without_memory(queue: &impl Queue<Wide>, allocations: usize) {
    let len = queue.len();
    let failures = beyond_the_first_threads(queue, || {
        (0..=allocations)
            .take_while(|&succeed| {
                SUCCEED.set(succeed);
                let pushed = catch_unwind(AssertUnwindSafe(|| queue.push([1; 4])));
                SUCCEED.set(usize::MAX);
                pushed.is_err()
            })
            .count()
    });
    assert_eq!(failures, allocations, "one panic for each allocation");
    assert_eq!(queue.len(), len + THREADS + 1, "a push that panics stores nothing");
}

#[test]
fn no_memory_for_more_threads_panics() {
    // Cells, spares, and the segment of both.
    panics_without_memory(&AtomicRing::new(64), 3);
    // The counts, and their segment; those of the ring are there for the numbers in use.
    panics_without_memory(&Metered::new(ringway::MutexRing::new(64)), 2);
}

const CHILD: &str = "RINGWAY_ALLOCATOR_CHILD";

/// In a process of its own: logs every allocation while the log has no room for the thread.
fn in_child(test: &str, mode: &str) -> std::process::Output {
    let test_binary = env::current_exe().unwrap();
    Command::new(test_binary)
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, mode)
        .output()
        .unwrap()
}

/// What the child does: threads that allocate, while the allocator logs.
fn log_with_more_threads(is_guarded: bool) {
    let log = LOG.get_or_init(|| AtomicRing::new(64));
    beyond_the_first_threads(log, || {
        IS_LOGGING.store(true, Ordering::Relaxed);
        IS_GUARDED.set(is_guarded);
        let stored = log.push([2; 4]).is_stored();
        IS_LOGGING.store(false, Ordering::Relaxed);
        assert!(stored);
    });
}

/// An allocator that logs into a ring which allocates for its thread would use up the stack.
#[test]
fn an_allocator_that_pushes_without_end_is_told() {
    if env::var(CHILD).is_ok() {
        return log_with_more_threads(false);
    }
    let child = in_child("an_allocator_that_pushes_without_end_is_told", "unguarded");
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(!child.status.success());
    assert!(said.contains("ringway: the global allocator uses a queue"), "{said}");
    assert!(!said.contains("overflowed its stack"), "{said}");
}

/// One that leaves its own allocations out is fine.
#[test]
fn an_allocator_that_guards_itself_may_push() {
    if env::var(CHILD).is_ok() {
        return log_with_more_threads(true);
    }
    let child = in_child("an_allocator_that_guards_itself_may_push", "guarded");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
}
