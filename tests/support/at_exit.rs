//! What a thread does when it ends, and its thread-locals are destroyed.
//!
//! The order in which they are depends on which was used first: whatever a queue keeps for a thread
//! goes after what the thread wanted done before it used the queue, and before what it wanted done
//! afterwards, or the other way round.

use std::cell::RefCell;

#[derive(Default)]
struct AtExit(Vec<Box<dyn FnOnce()>>);

impl Drop for AtExit {
    fn drop(&mut self) {
        self.0.drain(..).for_each(|action| action());
    }
}

thread_local! {
    static WANTED_BEFORE: RefCell<AtExit> = RefCell::default();
    static WANTED_AFTER: RefCell<AtExit> = RefCell::default();
}

/// To be called before the thread uses a queue. The action must not panic: in here that would
/// abort.
pub fn wanted_before(action: impl FnOnce() + 'static) {
    WANTED_BEFORE.with_borrow_mut(|at_exit| at_exit.0.push(Box::new(action)));
}

/// To be called after the thread has used a queue. The action must not panic: in here that would
/// abort.
pub fn wanted_after(action: impl FnOnce() + 'static) {
    WANTED_AFTER.with_borrow_mut(|at_exit| at_exit.0.push(Box::new(action)));
}
