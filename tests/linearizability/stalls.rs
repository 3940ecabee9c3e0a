//! Interrupts a thread a few times, at whatever instruction it is, for long enough that others make
//! hundreds of calls.
//!
//! Left to itself, the scheduler lets a thread run for milliseconds, in which it makes all its
//! calls: on few processors hardly a call would overlap with another.
#![allow(unsafe_code)]

#[cfg(all(target_os = "linux", not(miri)))]
mod timer {
    use std::mem;
    use std::ptr;
    use std::sync::Once;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use crate::support::signal;

    /// Interrupts the current thread a few times, until it is dropped.
    pub(crate) struct Stalls(Box<Timer>);

    struct Timer {
        id: libc::timer_t,
        /// Once only, and set again after each stall: a stall takes longer than the time until the
        /// next.
        setting: libc::itimerspec,
        left: AtomicU32,
    }

    /// As many for each thread, or where processors are scarce the tests would take minutes.
    const STALLS: u32 = 8;

    impl Timer {
        fn set(&self) -> bool {
            let left = self.left.load(Ordering::Relaxed);
            if left == 0 {
                return true;
            }
            self.left.store(left - 1, Ordering::Relaxed);
            // SAFETY: the timer was created, `setting` is valid, and the last argument may be null.
            unsafe { libc::timer_settime(self.id, 0, &self.setting, ptr::null_mut()) == 0 }
        }
    }

    /// Only what a signal handler may use.
    extern "C" fn stall(
        _signal: libc::c_int,
        info: *mut libc::siginfo_t,
        _context: *mut libc::c_void,
    ) {
        signal::keeping_errno(|| {
            // The least that there is: some fifty microseconds.
            signal::sleep(1);
            // SAFETY: a handler is called with valid information.
            let info = unsafe { &*info };
            // SAFETY: the signal comes from a timer, so there is a value.
            let value = unsafe { info.si_value() };
            // SAFETY: it points to this thread's timer, which is there until no signal can come
            // from it.
            unsafe { &*value.sival_ptr.cast::<Timer>() }.set();
        });
    }

    impl Stalls {
        pub(crate) fn begin(every: Duration) -> Self {
            static INSTALLED: Once = Once::new();
            INSTALLED.call_once(|| signal::handle(libc::SIGUSR2, stall));

            let once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            let every = libc::timespec { tv_sec: 0, tv_nsec: every.subsec_nanos() as libc::c_long };
            let setting = libc::itimerspec { it_interval: once, it_value: every };
            let mut timer =
                Box::new(Timer { id: ptr::null_mut(), setting, left: AtomicU32::new(STALLS) });
            // SAFETY: all zeros is a valid `sigevent`.
            let mut event: libc::sigevent = unsafe { mem::zeroed() };
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_signo = libc::SIGUSR2;
            event.sigev_value = libc::sigval { sival_ptr: ptr::from_mut(&mut *timer).cast() };
            // SAFETY: always succeeds.
            event.sigev_notify_thread_id = unsafe { libc::gettid() };
            let clock = libc::CLOCK_MONOTONIC;
            // SAFETY: both pointers are valid.
            let made = unsafe { libc::timer_create(clock, &mut event, &mut timer.id) };
            assert_eq!(made, 0);
            assert!(timer.set());
            Self(timer)
        }
    }

    impl Drop for Stalls {
        fn drop(&mut self) {
            // SAFETY: it was created, and is deleted once. A signal that is pending arrives before
            // this returns.
            unsafe { libc::timer_delete(self.0.id) };
        }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod timer {
    use std::time::Duration;

    /// There is no way to do it here.
    pub(crate) struct Stalls;

    impl Stalls {
        pub(crate) fn begin(_every: Duration) -> Self {
            Self
        }
    }

    impl Drop for Stalls {
        fn drop(&mut self) {}
    }
}

pub(crate) use timer::Stalls;
