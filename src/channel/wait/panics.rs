//! Goes on when code of others panics, and panics with the first of these in the end.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::thread;

/// The first panic that was caught.
#[derive(Default)]
pub(in crate::channel) struct Panics(Option<Box<dyn Any + Send>>);

impl Panics {
    pub(in crate::channel) fn catch(&mut self, call: impl FnOnce()) {
        if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(call)) {
            self.0.get_or_insert(panic);
        }
    }

    /// Goes on with the panic, if there was one. A thread that panics already has reported both,
    /// and would abort.
    pub(in crate::channel) fn resume(self) {
        if let Some(panic) = self.0.filter(|_| !thread::panicking()) {
            panic::resume_unwind(panic);
        }
    }
}
