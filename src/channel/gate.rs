//! Whether a pipe is closed, and who is still on the way in.

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicBool, AtomicUsize, Ordering};

/// How many places there are at which senders are counted, each on a line of its own, so that they do not share one. More senders
/// than these share, which costs them time only.
const STRIPES: usize = if cfg!(loom) { 2 } else { 8 };

/// In every stripe: set, for good, once the gate is closed.
const CLOSED: usize = 1;
/// In every stripe: what one visitor counts.
const VISITOR: usize = 2;

/// Lets senders in until it is closed, and knows when the last of them has left.
///
/// Why the queue alone is not enough: a sender that saw an open pipe may be suspended before its push, and push after the
/// receivers have been told that nothing will come any more. So senders are counted while they push, and the end is the end only when
/// none is inside.
///
/// All that must be agreed on is agreed on by read-modify-writes of the same word, of which one is always first, so no fence is needed
/// and nothing is asked of the queue's own orderings: of a sender's leaving and a receiver's [`pass`](Self::pass) over the same
/// stripe, either the former is first, and the receiver sees what was pushed, or the latter, and the sender sees
/// what the receiver did before, which is to say that it will sleep. It is the idea of a reader-writer lock with striped
/// counters of readers ("big-reader lock"), in which nobody waits for the lock.
pub(super) struct Gate {
    stripes: [CachePadded<AtomicUsize>; STRIPES],
    closed: CachePadded<AtomicBool>,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            stripes: [(); STRIPES].map(|()| CachePadded::new(AtomicUsize::new(0))),
            closed: CachePadded::new(AtomicBool::new(false)),
        }
    }

    /// The stripe of the `n`-th sender.
    pub(super) fn stripe(&self, n: usize) -> &AtomicUsize {
        &self.stripes[n % STRIPES]
    }

    /// Lets a sender in, unless the gate is closed. *Progress*: wait-free.
    #[inline]
    pub(super) fn enter<'a>(&self, stripe: &'a AtomicUsize) -> Entry<'a> {
        // First, so that who was refused, or knows of one who was, is refused at every stripe; and those who try again and again
        // do not put off the end.
        if self.is_closed() {
            return Entry::Refused;
        }
        // Relaxed: what is decided here is which was first, this or the closing of the stripe; what must be seen is seen by who leaves.
        let before = stripe.fetch_add(VISITOR, Ordering::Relaxed);
        let inside = Inside(stripe);
        if before & CLOSED == 0 { Entry::Inside(inside) } else { Entry::TooLate(inside) }
    }

    /// From now on nobody is let in; those who are inside may finish. *Progress*: wait-free.
    pub(super) fn close(&self) {
        // Release pairs with the Acquire of `is_closed`. Before the stripes, so that who finds one closed knows that all are.
        self.closed.store(true, Ordering::Release);
        self.close_stripes();
    }

    /// Returns whether nobody was inside any more.
    fn close_stripes(&self) -> bool {
        // All of them, though one may be enough to know. Acquire pairs with the Release of `leave`, Release with the Acquire
        // of `leave` and `pass`.
        let visited = |stripe: &&CachePadded<AtomicUsize>| stripe.fetch_or(CLOSED, Ordering::AcqRel) >= VISITOR;
        self.stripes.iter().filter(visited).count() == 0
    }

    /// Whether it is closed; some may still be inside.
    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        // Acquire pairs with the Release of `close`: who knows of the closing sees what was done before.
        self.closed.load(Ordering::Acquire)
    }

    /// Whether nobody is let in, and nobody is inside: what is not in the queue now will never be.
    pub(super) fn is_over(&self) -> bool {
        // The stripes too, as whoever closes the gate may have been suspended before it came to them.
        self.is_closed() && self.close_stripes()
    }

    /// For receivers that are about to sleep: see [there](Self). Whoever leaves, or closes, after this knows what the current thread
    /// did before; what was pushed, or closed, before this is visible after it.
    pub(super) fn pass(&self) {
        for stripe in &self.stripes {
            // Adds nothing. Acquire and Release pair with those of `leave` and `close_stripes`.
            stripe.fetch_add(0, Ordering::AcqRel);
        }
    }
}

/// What became of a sender that wanted to get in.
pub(super) enum Entry<'a> {
    Inside(Inside<'a>),
    /// The gate is closed, but the sender was counted, so that others may take it for one who is inside.
    TooLate(Inside<'a>),
    Refused,
}

/// A sender that is counted, until it [leaves](Self::leave).
#[must_use]
pub(super) struct Inside<'a>(&'a AtomicUsize);

impl Inside<'_> {
    /// Returns whether the gate was closed meanwhile.
    #[inline]
    pub(super) fn leave(&self) -> bool {
        // Release pairs with the Acquire of `pass` and `close_stripes`: what was pushed is visible to who sees that nobody is inside.
        // Acquire pairs with their Release.
        self.0.fetch_sub(VISITOR, Ordering::AcqRel) & CLOSED != 0
    }
}
