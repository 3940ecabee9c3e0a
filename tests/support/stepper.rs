//! Threads that stop after a given number of machine instructions.
//!
//! The trap flag of the processor raises a signal after every instruction, whose handler keeps the
//! thread until it is allowed more. So a test decides between which two instructions a thread
//! stops, and what others do meanwhile; what runs is the real code, assembly included. A stop
//! empties the store buffer, so accesses are never seen in another order than they were made in:
//! that part is the models'.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::panic;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::signal;
use super::trap_flag::{TRAP_FLAG, set_trap_flag};

/// A thread that makes calls while it is allowed to.
pub struct Stepped<'scope, R> {
    control: Arc<Control>,
    thread: Option<ScopedJoinHandle<'scope, R>>,
}

/// How far a thread may go: to the end of so many calls, and then so many instructions into the
/// next one.
///
/// A call in which it was stopped counts as one when it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub calls: u64,
    pub instructions: u64,
}

impl Allowance {
    pub const TO_THE_END: Self = Self { calls: u64::MAX, instructions: 0 };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Now {
    /// It has used its allowance.
    Stopped,
    /// There are no calls left.
    Ended,
    /// It has done neither for as long as one was ready to wait.
    Stalled,
}

struct Control {
    /// One of the three below, and what both sides wait on.
    state: AtomicU32,
    calls: AtomicU64,
    instructions: AtomicU64,
    /// Whatever is allowed: to the end, and never stop again.
    free: AtomicBool,
}

const STOPPED: u32 = 0;
const RUNNING: u32 = 1;
const ENDED: u32 = 2;

thread_local! {
    /// Without a destructor and not made at run time, so a signal handler may read it.
    static CONTROL: Cell<*const Control> = const { Cell::new(ptr::null()) };
}

/// What the body of a stepped thread makes its calls through.
pub struct Calls<'a>(&'a Control);

impl Calls<'_> {
    /// Stops until this call is allowed, and may be stopped in it.
    ///
    /// The call must not take a lock, the allocator's above all: whoever is stopped would keep it.
    #[inline(always)]
    pub fn make<R>(&self, call: impl FnOnce() -> R) -> R {
        if self.0.begin_call() {
            return call();
        }
        set_trap_flag(true);
        let result = call();
        set_trap_flag(false);
        result
    }
}

impl<'scope, R: Send + 'scope> Stepped<'scope, R> {
    /// A thread that is stopped before its first call.
    pub fn spawn<'env>(
        scope: &'scope Scope<'scope, 'env>,
        body: impl FnOnce(Calls) -> R + Send + 'scope,
    ) -> Self {
        install_the_handler();
        let control = Arc::new(Control {
            state: AtomicU32::new(RUNNING),
            calls: AtomicU64::new(0),
            instructions: AtomicU64::new(0),
            free: AtomicBool::new(false),
        });
        let thread = scope.spawn({
            let control = Arc::clone(&control);
            move || {
                CONTROL.set(&*control);
                // However it ends, by a panic as well.
                let _ended = Ended(&control);
                body(Calls(&control))
            }
        });
        // Or its first stop might be taken for a later one.
        while control.state.load(Ordering::Acquire) == RUNNING {
            wait_while(&control.state, RUNNING);
        }
        Self { control, thread: Some(thread) }
    }

    /// Lets the thread go on, and waits until it stops again.
    pub fn go_on(&self, allowance: Allowance, patience: Duration) -> Now {
        self.control.allow(allowance);
        let begin = Instant::now();
        loop {
            match self.control.state.load(Ordering::Acquire) {
                ENDED => return Now::Ended,
                STOPPED => return Now::Stopped,
                state if begin.elapsed() < patience => wait_while(&self.control.state, state),
                _ => return Now::Stalled,
            }
        }
    }

    pub fn join(mut self) -> R {
        self.control.set_free();
        let thread = self.thread.take().expect("is joined once");
        thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    }
}

/// A test that fails must end, and its scope waits for the threads, of which one may be running.
impl<R> Drop for Stepped<'_, R> {
    fn drop(&mut self) {
        self.control.set_free();
    }
}

impl Control {
    /// By the others, while the thread is stopped.
    fn allow(&self, Allowance { calls, instructions }: Allowance) {
        self.calls.store(calls, Ordering::Relaxed);
        self.instructions.store(instructions, Ordering::Relaxed);
        if self
            .state
            .compare_exchange(STOPPED, RUNNING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            wake(&self.state);
        }
    }

    fn set_free(&self) {
        self.free.store(true, Ordering::Release);
        wake(&self.state);
    }

    fn stop(&self) {
        self.state.store(STOPPED, Ordering::Release);
        wake(&self.state);
        while self.state.load(Ordering::Acquire) == STOPPED && !self.free.load(Ordering::Acquire) {
            wait_while(&self.state, STOPPED);
        }
    }

    /// Whether the call may be made in one go; otherwise it must be stepped.
    fn begin_call(&self) -> bool {
        loop {
            if self.take_a_call() {
                return true;
            }
            if self.instructions.load(Ordering::Relaxed) > 0 {
                return false;
            }
            self.stop();
        }
    }

    fn take_a_call(&self) -> bool {
        if self.free.load(Ordering::Acquire) {
            return true;
        }
        let calls = self.calls.load(Ordering::Relaxed);
        self.calls.store(calls.saturating_sub(1), Ordering::Relaxed);
        calls > 0
    }

    /// Whether the rest of the call may be made in one go.
    fn after_an_instruction(&self) -> bool {
        let left = self.instructions.load(Ordering::Relaxed).saturating_sub(1);
        self.instructions.store(left, Ordering::Relaxed);
        while self.instructions.load(Ordering::Relaxed) == 0 {
            self.stop();
            if self.take_a_call() {
                return true;
            }
        }
        false
    }
}

struct Ended<'a>(&'a Control);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        set_trap_flag(false);
        self.0.state.store(ENDED, Ordering::Release);
        wake(&self.0.state);
    }
}

/// Runs after every instruction of a thread whose trap flag is set. The kernel clears the flag for
/// it.
extern "C" fn trap(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: only threads set their trap flag that have set this, and it lives as long as they do.
    let control = unsafe { &*CONTROL.get() };
    signal::keeping_errno(|| {
        if control.after_an_instruction() {
            // SAFETY: the kernel passes the context that it will go back to.
            let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
            context.uc_mcontext.gregs[libc::REG_EFL as usize] &= !TRAP_FLAG;
        }
    });
}

fn install_the_handler() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| signal::handle(libc::SIGTRAP, trap));
}

/// Returns when the word may have changed, or after a moment. A signal handler may call it, unlike
/// all that is in `std`.
fn wait_while(word: &AtomicU32, value: u32) {
    let a_moment = libc::timespec { tv_sec: 0, tv_nsec: 50_000_000 };
    futex(word, libc::FUTEX_WAIT, value, &a_moment);
}

fn wake(word: &AtomicU32) {
    futex(word, libc::FUTEX_WAKE, i32::MAX as u32, ptr::null());
}

fn futex(word: &AtomicU32, operation: libc::c_int, value: u32, timeout: *const libc::timespec) {
    // SAFETY: the word is valid, and the timeout is valid or null.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation | libc::FUTEX_PRIVATE_FLAG,
            value,
            timeout,
        )
    };
}
