//! Signals whose handlers hold a thread up.
#![allow(unsafe_code)]

use std::mem;
use std::ptr;

pub type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

/// Installs a handler, which must do nothing that a signal handler may not do.
pub fn handle(signal: libc::c_int, handler: Handler) {
    // SAFETY: all zeros is a valid `sigaction`: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { mem::zeroed() };
    action.sa_sigaction = handler as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART | libc::SA_SIGINFO;
    // SAFETY: `action` is valid, and its handler is one by the caller's word.
    let result = unsafe { libc::sigaction(signal, &action, ptr::null_mut()) };
    assert_eq!(result, 0);
}

/// What was interrupted must not see the handler's `errno`.
pub fn keeping_errno(handle: impl FnOnce()) {
    // SAFETY: always succeeds.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: it points to this thread's own.
    let kept = unsafe { *errno };
    handle();
    // SAFETY: as above.
    unsafe { *errno = kept };
}

/// Sleeps for so long, or for the least that there is, as a handler may.
pub fn sleep(nanoseconds: libc::c_long) {
    let time = libc::timespec { tv_sec: 0, tv_nsec: nanoseconds };
    // SAFETY: `time` is valid, and the second argument may be null.
    unsafe { libc::nanosleep(&time, ptr::null_mut()) };
}
