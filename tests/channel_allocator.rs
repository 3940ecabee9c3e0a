//! Channels and the global allocator: waking allocates nothing, and the allocator may itself use a
//! channel, as it is never called under a channel's lock.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use ringway::channel::{RecvTimeoutError, SendTimeoutError};
use ringway::{MutexRing, Sender, channel};

static EVENTS: OnceLock<Sender<usize, MutexRing<usize>>> = OnceLock::new();
static REPORTED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Whether the thread's allocations are reported through the channel.
    static IS_REPORTING: Cell<bool> = const { Cell::new(false) };
}

struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

// SAFETY: passes on; `System` keeps the contract.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // It leaves out its own.
        if IS_REPORTING.replace(false) {
            let _ = EVENTS.get().unwrap().push(layout.size());
            REPORTED.fetch_add(1, Ordering::Relaxed);
            IS_REPORTING.set(true);
        }
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

fn allocations(during: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    during();
    ALLOCATIONS.get() - before
}

#[test]
fn what_wakes_allocates_nothing() {
    let (tx, rx) = channel(MutexRing::new(8));
    let cx = &mut Context::from_waker(Waker::noop());
    for _ in 0..3 {
        let mut receiving = [rx.recv_async(), rx.recv_async(), rx.recv_async()];
        for receiving in &mut receiving {
            assert!(pin!(receiving).poll(cx).is_pending());
        }
        assert_eq!(allocations(|| assert!(tx.push(1).is_stored())), 0);
        assert_eq!(allocations(|| tx.try_send(2).unwrap()), 0);
        assert_eq!(allocations(|| drop(receiving)), 0);
        assert_eq!(allocations(|| assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(1), Ok(2)))), 0);
    }
}

/// The first time there is a place in the list and a parker to be made.
#[test]
fn a_thread_that_waits_again_allocates_nothing() {
    let (tx, rx) = channel(MutexRing::new(1));
    let moment = Duration::from_micros(1);
    tx.try_send(1).unwrap();
    let wait = || {
        assert_eq!(tx.send_timeout(2, moment), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(rx.recv(), Ok(1));
        assert_eq!(rx.recv_timeout(moment), Err(RecvTimeoutError::Timeout));
        tx.try_send(1).unwrap();
    };
    assert!(allocations(wait) > 0, "allocations are not counted");
    assert_eq!(allocations(wait), 0);
}

/// It would wait for a lock of its own thread.
#[test]
fn an_allocator_may_report_through_a_channel_that_allocates() {
    let (tx, rx) = channel(MutexRing::new(8));
    EVENTS.get_or_init(|| tx);
    let cx = &mut Context::from_waker(Waker::noop());
    let mut waiting = Vec::with_capacity(100);
    IS_REPORTING.set(true);
    for _ in 0..100 {
        // Takes what was reported, then makes itself a place in the list.
        while rx.try_recv().is_ok() {}
        let mut receiving = rx.recv_async();
        let _ = pin!(&mut receiving).poll(cx);
        waiting.push(receiving);
    }
    IS_REPORTING.set(false);
    assert!(REPORTED.load(Ordering::Relaxed) > 3, "the list of waiters does not grow");
}
