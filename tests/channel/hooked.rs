//! A queue in the middle of whose operations a test can do something.

use std::sync::{Arc, Mutex};

use ringway::{MutexRing, Overflow, Pushed, Queue, TryPushError};

type Hook = Mutex<Option<Box<dyn FnOnce() + Send>>>;

/// What is done once, at the next such operation.
#[derive(Default)]
pub(crate) struct Hooks {
    before_push: Hook,
    after_push: Hook,
    found_nothing: Hook,
}

impl Hooks {
    pub(crate) fn before_push(&self, action: impl FnOnce() + Send + 'static) {
        *self.before_push.lock().unwrap() = Some(Box::new(action));
    }

    pub(crate) fn after_push(&self, action: impl FnOnce() + Send + 'static) {
        *self.after_push.lock().unwrap() = Some(Box::new(action));
    }

    /// After a pop that found nothing, and before it says so.
    pub(crate) fn found_nothing(&self, action: impl FnOnce() + Send + 'static) {
        *self.found_nothing.lock().unwrap() = Some(Box::new(action));
    }
}

fn run(hook: &Hook) {
    // Not under the lock: the action may use the queue, or panic.
    let action = hook.lock().unwrap().take();
    if let Some(action) = action {
        action();
    }
}

pub(crate) struct Hooked {
    queue: MutexRing<u32>,
    hooks: Arc<Hooks>,
}

impl Hooked {
    pub(crate) fn new(capacity: usize) -> (Self, Arc<Hooks>) {
        let hooks = Arc::new(Hooks::default());
        (Self { queue: MutexRing::new(capacity), hooks: Arc::clone(&hooks) }, hooks)
    }

    fn pushing<R>(&self, push: impl FnOnce(&MutexRing<u32>) -> R) -> R {
        run(&self.hooks.before_push);
        let pushed = push(&self.queue);
        run(&self.hooks.after_push);
        pushed
    }
}

impl Queue<u32> for Hooked {
    fn push(&self, value: u32) -> Pushed<u32> {
        self.pushing(|queue| queue.push(value))
    }
    fn try_push(&self, value: u32) -> Result<(), TryPushError<u32>> {
        self.pushing(|queue| queue.try_push(value))
    }
    fn pop(&self) -> Option<u32> {
        let popped = self.queue.pop();
        if popped.is_none() {
            run(&self.hooks.found_nothing);
        }
        popped
    }
    fn close(&self) -> bool {
        self.queue.close()
    }
    fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
    fn len(&self) -> usize {
        self.queue.len()
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.queue.capacity())
    }
    fn overflow(&self) -> Overflow {
        Overflow::EvictOldest
    }
}
