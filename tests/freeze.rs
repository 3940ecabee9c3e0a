//! Lock-freedom shown, not asserted: a thread is frozen at an arbitrary instruction, and the others
//! must go on.
//!
//! Threads push and pop flat out. Again and again a signal stops one of them wherever it is, in its
//! handler, for a while, and it is released only when every other thread has completed many
//! operations more. A queue in which the frozen thread is in the others' way *stalls*: they do not
//! get there. How long they take decides nothing, unless they take so long that they never will.
//!
//! The same on a mutex ring and on crossbeam's `ArrayQueue` shows that the test can fail: it finds
//! stalls there. `stepping.rs` does the same without chance, one instruction after the other.
//!
//! `RINGWAY_FREEZES=3000 cargo test --release --test freeze -- --nocapture` is the long form.
#![cfg(all(target_os = "linux", not(ringway_loom)))]
#![allow(unsafe_code)]

#[path = "support/peer.rs"]
mod peer;
mod support;

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;
use peer::Peer;
use ringway::{AtomicRing, MutexRing, Overflow, Pushed, Queue, TryPopError, TryPushError};
use support::signal;

const CAPACITY: usize = 8;
/// Every other one a producer. More than the machine may have cores, so that threads are preempted
/// as well.
const THREADS: usize = 4;
/// What every other thread must complete while one is frozen.
const OPERATIONS: u64 = 100;
/// How long a freeze lasts at least. The ring goes round it many thousand times.
const FREEZE: Duration = Duration::from_millis(20);

/// One freeze at a time in the process: the signal handler's state is global.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
static FROZEN: AtomicBool = AtomicBool::new(false);
static RELEASED: AtomicBool = AtomicBool::new(false);

/// Only atomics and `nanosleep`, which a signal handler may use.
extern "C" fn freeze(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    signal::keeping_errno(|| {
        FROZEN.store(true, Ordering::SeqCst);
        while !RELEASED.load(Ordering::SeqCst) {
            signal::sleep(10_000);
        }
        FROZEN.store(false, Ordering::SeqCst);
    });
}

#[derive(Debug, Default)]
struct Report {
    freezes: usize,
    stalls: usize,
    /// The longest time in which the threads that were not frozen completed nothing.
    longest: Duration,
}

#[derive(Default)]
struct Account {
    operations: AtomicU64,
    pushed: AtomicU64,
    out: AtomicU64,
}

/// Freezes threads [`freezes`] times; up to the first stall if there must be none, and on to it if
/// there must be one. `patience`: no progress for so long is a stall.
fn freeze_threads<T: Send>(
    queue: &impl Queue<T>,
    make: impl Fn(u64) -> T + Sync,
    patience: Duration,
    must_stall: bool,
) -> Report {
    let freezes = freezes();
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    signal::handle(libc::SIGUSR1, freeze);
    let accounts: [CachePadded<Account>; THREADS] = Default::default();
    let handles: [AtomicU64; THREADS] = Default::default();
    let done = AtomicBool::new(false);
    let mut report = Report::default();

    thread::scope(|scope| {
        for (i, account) in accounts.iter().enumerate() {
            let (done, make, handle) = (&done, &make, &handles[i]);
            scope.spawn(move || {
                // SAFETY: always succeeds.
                handle.store(unsafe { libc::pthread_self() }, Ordering::SeqCst);
                while !done.load(Ordering::Relaxed) {
                    let out = if i % 2 == 0 {
                        // Before the push: the account must never owe an element.
                        account.pushed.fetch_add(1, Ordering::Relaxed);
                        queue.push(make(i as u64)).displaced()
                    } else {
                        queue.pop()
                    };
                    account.out.fetch_add(out.is_some().into(), Ordering::Relaxed);
                    account.operations.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while handles.iter().any(|handle| handle.load(Ordering::SeqCst) == 0) {
            thread::yield_now();
        }

        let mut random = 1u32;
        let ends = |report: &Report| match report.stalls {
            0 => report.freezes >= freezes && !must_stall,
            _ => report.freezes >= freezes || !must_stall,
        };
        while !ends(&report) {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Some way into whatever it is doing.
            for _ in 0..random >> 22 {
                std::hint::spin_loop();
            }
            let victim = (random >> 16) as usize % THREADS;
            RELEASED.store(false, Ordering::SeqCst);
            let handle = handles[victim].load(Ordering::SeqCst);
            // SAFETY: the thread lives until `done`.
            assert_eq!(unsafe { libc::pthread_kill(handle, libc::SIGUSR1) }, 0);
            while !FROZEN.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            report.freezes += 1;
            let (went_on, longest) = others_go_on(&accounts, victim, patience);
            report.stalls += usize::from(!went_on);
            report.longest = report.longest.max(longest);
            RELEASED.store(true, Ordering::SeqCst);
            while FROZEN.load(Ordering::SeqCst) {
                thread::yield_now();
            }
        }
        done.store(true, Ordering::Relaxed);
    });

    let left = std::iter::from_fn(|| queue.pop()).count() as u64;
    let sum = |part: fn(&Account) -> &AtomicU64| {
        accounts.iter().map(|a| part(a).load(Ordering::Relaxed)).sum::<u64>()
    };
    assert_eq!(
        sum(|account| &account.pushed),
        sum(|account| &account.out) + left,
        "the account after the thaw"
    );
    report
}

/// Waits until all threads but the victim have completed [`OPERATIONS`] more; `false`: one of them
/// does not.
fn others_go_on(
    accounts: &[CachePadded<Account>; THREADS],
    victim: usize,
    patience: Duration,
) -> (bool, Duration) {
    let now = || accounts.each_ref().map(|account| account.operations.load(Ordering::Relaxed));
    let begin = Instant::now();
    let start = now();
    let mut before = start;
    let mut progress = [Instant::now(); THREADS];
    let mut longest = Duration::ZERO;
    loop {
        let counts = now();
        let others = (0..THREADS).filter(|&i| i != victim);
        if begin.elapsed() >= FREEZE && others.clone().all(|i| counts[i] - start[i] >= OPERATIONS) {
            return (true, longest);
        }
        if counts == before {
            longest = longest.max(progress.iter().max().expect("there are threads").elapsed());
        }
        for i in others {
            if counts[i] != before[i] {
                progress[i] = Instant::now();
            } else if progress[i].elapsed() > patience {
                return (false, longest);
            }
        }
        before = counts;
        thread::yield_now();
    }
}

fn freezes() -> usize {
    env::var("RINGWAY_FREEZES")
        .map_or(30, |text| text.parse().expect("RINGWAY_FREEZES is a number"))
}

/// Longer than any scheduler lets a runnable thread wait.
const FOR_EVER: Duration = Duration::from_secs(30);

#[test]
fn atomic_ring_goes_on_inline() {
    let report = freeze_threads(&AtomicRing::new(CAPACITY), |i| i, FOR_EVER, false);
    println!("AtomicRing, inline: {report:?}");
    assert_eq!(report.stalls, 0);
}

#[test]
fn atomic_ring_goes_on_by_exchange() {
    let report = freeze_threads(&AtomicRing::new(CAPACITY), |i| [i; 3], FOR_EVER, false);
    println!("AtomicRing, exchange: {report:?}");
    assert_eq!(report.stalls, 0);
}

/// Rings one after the other, as one queue: when one is closed, the next one takes its place.
///
/// So threads can close rings flat out, and be frozen in a close and beside one. The last one stays
/// closed.
struct Succession<T> {
    rings: Vec<AtomicRing<T>>,
    /// The ring that is pushed to; those before are closed.
    current: AtomicUsize,
    /// The ring that is popped from; those before are closed and empty.
    oldest: AtomicUsize,
    pushes: AtomicUsize,
}

impl<T> Succession<T> {
    /// Every so many pushes close a ring.
    const LIFE: usize = 64;

    fn new(rings: usize) -> Self {
        let rings = (0..rings).map(|_| AtomicRing::new(CAPACITY)).collect();
        Self {
            rings,
            current: AtomicUsize::new(0),
            oldest: AtomicUsize::new(0),
            pushes: AtomicUsize::new(0),
        }
    }

    /// Moves on from a ring, unless it is the last one or somebody else has.
    fn move_on(&self, which: &AtomicUsize, from: usize) -> bool {
        let next = from + 1;
        next < self.rings.len() && {
            which.fetch_max(next, Ordering::SeqCst);
            true
        }
    }
}

impl<T: Send> Queue<T> for Succession<T> {
    fn push(&self, mut value: T) -> Pushed<T> {
        if self.pushes.fetch_add(1, Ordering::Relaxed) % Self::LIFE == 0 {
            self.close();
        }
        loop {
            let current = self.current.load(Ordering::SeqCst);
            match self.rings[current].push(value) {
                Pushed::Closed(refused) if self.move_on(&self.current, current) => value = refused,
                pushed => return pushed,
            }
        }
    }

    fn try_push(&self, _: T) -> Result<(), TryPushError<T>> {
        unimplemented!("not called here")
    }

    fn pop(&self) -> Option<T> {
        loop {
            let oldest = self.oldest.load(Ordering::SeqCst);
            match self.rings[oldest].try_pop() {
                Err(TryPopError::Closed) if self.move_on(&self.oldest, oldest) => {}
                popped => return popped.ok(),
            }
        }
    }

    fn close(&self) -> bool {
        self.rings[self.current.load(Ordering::SeqCst)].close()
    }

    fn is_closed(&self) -> bool {
        self.rings.last().expect("there is one").is_closed()
    }

    fn len(&self) -> usize {
        self.rings.iter().map(AtomicRing::len).sum()
    }

    fn capacity(&self) -> Option<usize> {
        None
    }

    fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}

/// Enough for the first freezes; after the last of them, pushes and closes go on at a ring that is
/// closed.
const RINGS: usize = 1 << 13;

#[test]
fn atomic_rings_that_are_closed_go_on_inline() {
    let report = freeze_threads(&Succession::new(RINGS), |i| i, FOR_EVER, false);
    println!("AtomicRing closed, inline: {report:?}");
    assert_eq!(report.stalls, 0);
}

#[test]
fn atomic_rings_that_are_closed_go_on_by_exchange() {
    let report = freeze_threads(&Succession::new(RINGS), |i| [i; 3], FOR_EVER, false);
    println!("AtomicRing closed, exchange: {report:?}");
    assert_eq!(report.stalls, 0);
}

/// What counts as a stall where one is looked for. A machine that is slower than this only finds it
/// too early.
const A_WHILE: Duration = Duration::from_millis(100);

#[test]
fn mutex_ring_stalls() {
    let report = freeze_threads(&MutexRing::new(CAPACITY), |i| [i; 3], A_WHILE, true);
    println!("MutexRing: {report:?}");
}

#[test]
fn array_queue_stalls() {
    let report = freeze_threads(&Peer::new(CAPACITY), |i| [i; 3], A_WHILE, true);
    println!("ArrayQueue: {report:?}");
}
