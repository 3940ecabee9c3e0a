//! A test that would hang fails instead.

use std::panic;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Runs `body`, and panics when it has not ended after so long, which is far longer than it takes
/// on the slowest machine: no verdict depends on how fast anything is, only on whether it ends.
#[track_caller]
pub fn within<R: Send + 'static>(limit: Duration, body: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, ended) = mpsc::channel();
    let body = thread::spawn(move || {
        let result = body();
        // Nobody listens any more when it took too long.
        let _ = done.send(());
        result
    });
    if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
        panic!("not at its end after {limit:?}: somebody was not woken, or goes on for ever");
    }
    // A body that panicked is disconnected, and has said why.
    body.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
}
