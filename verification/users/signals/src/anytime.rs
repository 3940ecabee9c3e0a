//! Two threads use a queue flat out, and at random moments their signal handlers do, too, one
//! handler within the other: every element comes out once.

use std::cell::Cell;
use std::os::unix::thread::JoinHandleExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;

use ringway::Queue;

use crate::support::element::Element;
use crate::support::signal;

const ELEMENTS: u32 = 1 << 25;
/// Each of them and two handlers within each other operate at once, and `Metered` counts twice: so
/// few have room from the start, and no handler calls the allocator.
const THREADS: usize = 2;
/// So many interruptions of operations end it. Few would show little.
const ENOUGH: u32 = 2_000;

static NEXT: AtomicU32 = AtomicU32::new(0);
/// A bit for each element.
static CAME_OUT: [AtomicU64; ELEMENTS as usize / 64] =
    [const { AtomicU64::new(0) }; ELEMENTS as usize / 64];
static IN_OPERATIONS: AtomicU32 = AtomicU32::new(0);
static OPERATE: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

thread_local! {
    /// Without a destructor and not made at run time, so a signal handler may use it.
    static IS_OPERATING: Cell<bool> = const { Cell::new(false) };
}

pub fn queue<T: Element, Q: Queue<T> + Send + Sync + 'static>(queue: Q) {
    let queue: &'static Q = Box::leak(Box::new(queue));
    let is_first = OPERATE.set(Box::new(|| push_and_pop(queue))).is_ok();
    assert!(is_first, "one queue in a process");
    for signal in [libc::SIGUSR1, libc::SIGUSR2] {
        signal::handle(signal, interrupt);
    }
    let threads = [(); THREADS].map(|()| {
        thread::spawn(|| {
            while NEXT.load(Ordering::Relaxed) < ELEMENTS
                && IN_OPERATIONS.load(Ordering::Relaxed) < ENOUGH
            {
                operate();
            }
        })
    });
    while threads.iter().any(|thread| !thread.is_finished()) {
        for signal in [libc::SIGUSR1, libc::SIGUSR2] {
            for thread in &threads {
                // SAFETY: the thread has not been joined, so there is one of this name.
                unsafe { libc::pthread_kill(thread.as_pthread_t(), signal) };
            }
        }
    }
    for thread in threads {
        thread.join().expect("a thread that panics aborts");
    }
    while let Some(element) = queue.pop() {
        came_out(element);
    }
    let pushed = NEXT.load(Ordering::Relaxed).min(ELEMENTS);
    let came_out: u32 = CAME_OUT.iter().map(|word| word.load(Ordering::Relaxed).count_ones()).sum();
    assert_eq!(came_out, pushed, "an element was lost");
    let in_operations = IN_OPERATIONS.load(Ordering::Relaxed);
    println!("interrupted {in_operations} times at random");
    assert!(in_operations > ENOUGH / 20, "interrupted {in_operations} times only");
}

fn operate() {
    let operate = OPERATE.get().expect("set before the threads start");
    let was_operating = IS_OPERATING.replace(true);
    operate();
    IS_OPERATING.set(was_operating);
}

extern "C" fn interrupt(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    if IS_OPERATING.get() {
        IN_OPERATIONS.fetch_add(1, Ordering::Relaxed);
    }
    operate();
}

fn push_and_pop<T: Element>(queue: &impl Queue<T>) {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    if number < ELEMENTS {
        // Not after each push, so that some evict.
        let popped = if number & 3 == 0 { None } else { queue.pop() };
        [queue.push(T::of(number)).displaced(), popped].into_iter().flatten().for_each(came_out);
    }
}

fn came_out(element: impl Element) {
    let number = element.number();
    let bit = 1 << (number % 64);
    let before = CAME_OUT[number as usize / 64].fetch_or(bit, Ordering::Relaxed);
    assert!(before & bit == 0, "{number} came out twice");
}
