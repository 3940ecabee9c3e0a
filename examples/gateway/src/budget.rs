//! How many bytes inputs hold, all together, of messages that are not whole yet. Those that are
//! whole are in a queue, which has its own limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

/// Each input has a clone.
#[derive(Clone)]
pub(crate) struct Budget(Arc<Shared>);

struct Shared {
    held: AtomicUsize,
    most: usize,
    /// Somebody holds less than before.
    room: Notify,
}

/// What one connection or request holds. The first bytes are not counted, so that small messages
/// get in though the budget is spent; what bounds those is how many connections there may be.
pub(crate) struct Hold {
    budget: Budget,
    counted: usize,
}

/// How many bytes of each are not counted.
pub(crate) const FREE: usize = 8 * 1024;
/// How long it is waited for room.
const PATIENCE: Duration = Duration::from_secs(1);

impl Budget {
    pub(crate) fn of(most: usize) -> Self {
        Self(Arc::new(Shared { held: AtomicUsize::new(0), most, room: Notify::new() }))
    }

    pub(crate) fn hold(&self) -> Hold {
        Hold { budget: self.clone(), counted: 0 }
    }

    pub(crate) fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Whether so little is left that nobody should take more than needed.
    pub(crate) fn is_scarce(&self) -> bool {
        self.held() > self.0.most / 4 * 3
    }

    /// A single counter, with which nothing else is published.
    fn add(&self, bytes: usize) -> bool {
        let more = |held: usize| held.checked_add(bytes).filter(|held| *held <= self.0.most);
        self.0.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

impl Hold {
    /// Holds so many bytes from now on, instead of those before. Returns false if they are too
    /// many, and then nothing has changed.
    pub(crate) fn try_reach(&mut self, bytes: usize) -> bool {
        let wanted = bytes.saturating_sub(FREE);
        if wanted > self.counted && !self.budget.add(wanted - self.counted) {
            return false;
        }
        if wanted < self.counted {
            self.budget.0.held.fetch_sub(self.counted - wanted, Ordering::Relaxed);
            self.budget.0.room.notify_waiters();
        }
        self.counted = wanted;
        true
    }

    /// The same, and waits a little for room.
    pub(crate) async fn reach(&mut self, bytes: usize) -> bool {
        if self.try_reach(bytes) {
            return true;
        }
        let budget = self.budget.clone();
        let room = async {
            loop {
                // Before the look, so that room made after it is not missed.
                let room = budget.0.room.notified();
                if self.try_reach(bytes) {
                    return;
                }
                room.await;
            }
        };
        timeout(PATIENCE, room).await.is_ok()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.try_reach(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_held_is_bounded_and_given_back() {
        let budget = Budget::of(100);
        let (mut one, mut other) = (budget.hold(), budget.hold());
        assert!(one.try_reach(FREE) && budget.held() == 0);
        assert!(one.try_reach(FREE + 60) && other.try_reach(FREE + 40));
        assert!(!other.try_reach(FREE + 41) && budget.held() == 100);
        assert!(!other.reach(FREE + 41).await);
        assert!(one.try_reach(FREE + 50) && other.try_reach(FREE + 50));
        let waiting = tokio::spawn(async move { other.reach(FREE + 100).await });
        tokio::task::yield_now().await;
        drop(one);
        assert!(waiting.await.unwrap());
        assert_eq!(budget.held(), 0);
    }
}
