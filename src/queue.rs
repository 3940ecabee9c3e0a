use std::sync::Arc;

use crate::Full;

/// A concurrent first-in, first-out queue that never waits.
///
/// No operation waits for space or for elements: a consumer polls, or waits by means of its own.
///
/// Every operation takes `&self` and may be called from any number of threads. What a full queue does with one
/// more element is its [`overflow`](Queue::overflow) policy; no policy waits for space, and none drops an
/// element silently: whatever is not in the queue after a [`push`](Queue::push) comes back in [`Pushed`].
///
/// The trait is object safe, and `&Q`, `Box<Q>` and `Arc<Q>` are queues when `Q` is one.
///
/// ```
/// use ringway::{AtomicRing, Kind, Pushed, Queue};
///
/// fn newest_three(queue: &dyn Queue<u32>) -> Vec<u32> {
///     for i in 0..10 {
///         if let Pushed::Evicted(old) = queue.push(i) {
///             println!("{old} had to go");
///         }
///     }
///     let mut out = Vec::new();
///     queue.pop_into(&mut out, 3);
///     out
/// }
///
/// assert_eq!(newest_three(&AtomicRing::new(3)), [7, 8, 9]);
/// assert_eq!(newest_three(&*Kind::MutexRing.build(3)?), [7, 8, 9]);
/// # Ok::<(), ringway::CapacityError>(())
/// ```
pub trait Queue<T>: Send + Sync {
    /// Adds an element at the back, by the queue's own [`overflow`](Queue::overflow) policy.
    ///
    /// Never waits for space.
    fn push(&self, value: T) -> Pushed<T>;

    /// Adds an element at the back if there is room; never evicts, whatever the policy.
    ///
    /// # Errors
    ///
    /// [`Full`] gives the value back when the queue holds [`capacity`](Queue::capacity) elements.
    fn try_push(&self, value: T) -> Result<(), Full<T>>;

    /// Takes the oldest element; `None` when the queue was empty at that moment.
    #[must_use = "a popped element is in no queue any more"]
    fn pop(&self) -> Option<T>;

    /// Takes up to `max` elements, appends them to `out`, oldest first, and returns how many.
    ///
    /// One call takes no more than the queue's capacity (an unbounded queue: than its length at the start), so it
    /// ends even while others push without pause. The elements are taken one by one or together, as the queue
    /// can; others may pop between them.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        pop_each(out, max.min(self.capacity().unwrap_or_else(|| self.len())), || self.pop())
    }

    /// How many elements are inside: exact when nobody else is operating, a snapshot otherwise.
    fn len(&self) -> usize;

    /// How many elements fit; `None`: as many as there is memory for.
    fn capacity(&self) -> Option<usize>;

    /// What [`push`](Queue::push) does with one element too many.
    fn overflow(&self) -> Overflow;

    /// Whether nothing is inside.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one more element would be one too many; never true of an unbounded queue.
    fn is_full(&self) -> bool {
        self.capacity().is_some_and(|capacity| self.len() >= capacity)
    }
}

/// Appends to `out` what `pop` returns, up to `max` times; returns how many.
pub(crate) fn pop_each<T>(out: &mut Vec<T>, max: usize, mut pop: impl FnMut() -> Option<T>) -> usize {
    for taken in 0..max {
        // Before the pop: an element in hand would be lost if `out` could not grow.
        out.reserve(1);
        match pop() {
            Some(value) => out.push(value),
            None => return taken,
        }
    }
    max
}

/// Calls [`pop_into`](Queue::pop_into), and `tell` with how many elements were appended, though it may have panicked.
pub(crate) fn pop_into_and_tell<T>(
    queue: &impl Queue<T>,
    out: &mut Vec<T>,
    max: usize,
    tell: impl FnMut(usize),
) -> usize {
    struct Tell<'a, T, F: FnMut(usize)> {
        out: &'a mut Vec<T>,
        before: usize,
        tell: F,
    }

    impl<T, F: FnMut(usize)> Drop for Tell<'_, T, F> {
        fn drop(&mut self) {
            let taken = self.out.len() - self.before;
            if taken > 0 {
                (self.tell)(taken);
            }
        }
    }

    let before = out.len();
    let telling = Tell { out, before, tell };
    queue.pop_into(telling.out, max)
}

/// What became of a pushed element, and of the one that made room for it.
///
/// ```
/// use ringway::{ChannelQueue, MutexRing, Pushed, Queue};
///
/// let ring = MutexRing::new(1);
/// assert_eq!(ring.push('a'), Pushed::Stored);
/// assert_eq!(ring.push('b'), Pushed::Evicted('a'));
///
/// let channel = ChannelQueue::new(1);
/// assert_eq!(channel.push('a'), Pushed::Stored);
/// assert_eq!(channel.push('b'), Pushed::Rejected('b'));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an evicted or rejected element is in no queue any more"]
pub enum Pushed<T> {
    /// The element is in the queue, and nothing had to go.
    Stored,
    /// The element is in the queue; this one, the oldest, had to make room.
    Evicted(T),
    /// The element is not in the queue: here it is.
    Rejected(T),
}

impl<T> Pushed<T> {
    /// Whether the pushed element is in the queue: `Stored` or `Evicted`.
    #[inline]
    #[must_use]
    pub fn is_stored(&self) -> bool {
        !matches!(self, Self::Rejected(_))
    }

    /// The element that is in no queue now, whichever it was.
    ///
    /// ```
    /// use ringway::Pushed;
    ///
    /// assert_eq!(Pushed::Stored::<u8>.displaced(), None);
    /// assert_eq!(Pushed::Evicted(1).displaced(), Some(1));
    /// assert_eq!(Pushed::Rejected(2).displaced(), Some(2));
    /// ```
    #[inline]
    #[must_use = "this is the element that is in no queue any more"]
    pub fn displaced(self) -> Option<T> {
        match self {
            Self::Stored => None,
            Self::Evicted(value) | Self::Rejected(value) => Some(value),
        }
    }
}

/// What a full queue does with one more element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// It is never full: it takes memory until there is none left.
    Grow,
    /// It keeps what it has and gives the new element back.
    RejectNewest,
    /// It takes the new element and gives the oldest back.
    EvictOldest,
}

/// A pointer to a queue is a queue.
macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T, Q: Queue<T> + ?Sized> Queue<T> for $pointer {
            #[inline]
            fn push(&self, value: T) -> Pushed<T> {
                (**self).push(value)
            }
            #[inline]
            fn try_push(&self, value: T) -> Result<(), Full<T>> {
                (**self).try_push(value)
            }
            #[inline]
            fn pop(&self) -> Option<T> {
                (**self).pop()
            }
            #[inline]
            fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
                (**self).pop_into(out, max)
            }
            #[inline]
            fn len(&self) -> usize {
                (**self).len()
            }
            #[inline]
            fn capacity(&self) -> Option<usize> {
                (**self).capacity()
            }
            #[inline]
            fn overflow(&self) -> Overflow {
                (**self).overflow()
            }
            #[inline]
            fn is_empty(&self) -> bool {
                (**self).is_empty()
            }
            #[inline]
            fn is_full(&self) -> bool {
                (**self).is_full()
            }
        }
    )*};
}
forward!(&Q, Box<Q>, Arc<Q>);
