//! Elements that count how often each of them is dropped.

use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How often each of the elements `0..n` was dropped.
pub struct Ledger {
    drops: Vec<AtomicUsize>,
    /// The one whose `Drop` panics; `usize::MAX`: none.
    bomb: AtomicUsize,
}

impl Ledger {
    pub fn new(n: usize) -> Arc<Self> {
        Arc::new(Self {
            drops: (0..n).map(|_| AtomicUsize::new(0)).collect(),
            bomb: AtomicUsize::new(usize::MAX),
        })
    }

    /// Makes the `Drop` of element `id` panic.
    pub fn arm(&self, id: usize) {
        self.bomb.store(id, Ordering::Relaxed);
    }

    pub fn drops(&self, id: usize) -> usize {
        self.drops[id].load(Ordering::Relaxed)
    }

    /// The elements that were not dropped exactly once, and how often they were.
    pub fn wrong(&self) -> Vec<(usize, usize)> {
        (0..self.drops.len())
            .map(|id| (id, self.drops(id)))
            .filter(|&(_, drops)| drops != 1)
            .collect()
    }

    #[track_caller]
    pub fn assert_each_dropped_once(&self) {
        assert_eq!(self.wrong(), [], "(element, drops)");
    }
}

/// Sixteen bytes: too large to be stored inline.
pub struct Counted {
    id: usize,
    ledger: Arc<Ledger>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.ledger.drops[self.id].fetch_add(1, Ordering::Relaxed);
        if self.ledger.bomb.load(Ordering::Relaxed) == self.id {
            // A panic in all but the message on the terminal.
            panic::resume_unwind(Box::new("an element whose drop panics"));
        }
    }
}

/// An element that counts its drops, of either size.
pub trait Counting: Send + 'static {
    fn new(ledger: &Arc<Ledger>, id: usize) -> Self;
    fn id(&self) -> usize;
}

impl Counting for Counted {
    fn new(ledger: &Arc<Ledger>, id: usize) -> Self {
        assert!(id < ledger.drops.len());
        Self { id, ledger: Arc::clone(ledger) }
    }

    fn id(&self) -> usize {
        self.id
    }
}

/// Eight bytes: stored inline.
impl Counting for Box<Counted> {
    fn new(ledger: &Arc<Ledger>, id: usize) -> Self {
        Self::new(Counted::new(ledger, id))
    }

    fn id(&self) -> usize {
        self.id
    }
}
