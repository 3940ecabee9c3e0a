//! What all queues have in common.

pub(crate) mod iter;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::error::{TryPopError, TryPushError};

/// A concurrent first-in, first-out queue that never waits and can be closed.
///
/// No operation waits for space or for elements. A consumer polls, waits by means of its own, or
/// takes a [`channel`](crate::channel()).
///
/// Every operation takes `&self` and may be called from any number of threads. What a full queue
/// does with one more element is its [`overflow`](Queue::overflow) policy. No policy waits for
/// space, and none drops an element silently: whatever is not in the queue after a
/// [`push`](Queue::push) comes back in [`Pushed`].
///
/// The trait is object safe. A `dyn Queue<T>` is not `RefUnwindSafe`, as a queue of another crate
/// need not be: where [`catch_unwind`](std::panic::catch_unwind) asks for it, write the type as
/// `dyn Queue<T> + RefUnwindSafe`, which every queue of this crate becomes, or wrap the reference
/// in [`AssertUnwindSafe`](core::panic::AssertUnwindSafe).
///
///  `&Q`, `Box<Q>` and `Arc<Q>` are queues when `Q` is one. The queues of
/// this crate have all methods as inherent ones too, so the trait need not be imported to use them.
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
///     queue.try_iter().collect()
/// }
///
/// assert_eq!(newest_three(&AtomicRing::new(3)), [7, 8, 9]);
/// assert_eq!(newest_three(&*Kind::MutexRing.build(3)?), [7, 8, 9]);
/// # Ok::<(), ringway::CapacityError>(())
/// ```
///
/// # Contract
///
/// Implementations promise, and [channels](mod@crate::channel) rely on:
///
/// * *Order*: all operations of the queue and all `SeqCst` accesses of its users take effect in one
///   order, which every thread agrees on and which keeps the order of each thread. So "push, then
///   look whether somebody sleeps" and "announce sleep, then pop" cannot miss each other. A mutex
///   around the queue is enough: two critical sections of one mutex are ordered, and the order of
///   `SeqCst` accesses is consistent with happens-before.
/// * *Closing*: once [`close`](Queue::close) has returned, nothing goes in any more. So when
///   [`pop`](Queue::pop) returns `None` after [`is_closed`](Queue::is_closed) has returned `true`,
///   nothing is inside and nothing will be.
/// * *User code*: no operation runs `Drop`, `Clone` or other code of `T` on an element that is
///   inside.
pub trait Queue<T>: Send + Sync {
    /// Adds an element at the back, by the queue's own [`overflow`](Queue::overflow) policy.
    ///
    /// Never waits for space.
    fn push(&self, value: T) -> Pushed<T>;

    /// Adds an element at the back if there is room; never evicts, whatever the policy.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives the value back when the queue is closed, or else when it holds
    /// [`capacity`](Queue::capacity) elements.
    fn try_push(&self, value: T) -> Result<(), TryPushError<T>>;

    /// Takes the oldest element, or returns `None` if the queue was empty at that moment.
    ///
    /// `None` does not tell whether more may come. Do not ask [`is_closed`](Queue::is_closed) after
    /// it: an element may have come in between, and would stay behind. Use
    /// [`try_pop`](Queue::try_pop) to find the end.
    #[must_use = "a popped element is in no queue any more"]
    fn pop(&self) -> Option<T>;

    /// Takes the oldest element, and tells a queue that is empty for now from one that is empty and
    /// closed, in one step.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Closed`] if the queue is empty and closed, so that no element will ever come;
    /// [`TryPopError::Empty`] if it is empty and open.
    ///
    /// ```
    /// use ringway::{MutexRing, TryPopError};
    ///
    /// let queue = MutexRing::new(8);
    /// std::thread::scope(|s| {
    ///     s.spawn(|| {
    ///         (0..5).for_each(|i| drop(queue.push(i)));
    ///         queue.close();
    ///     });
    ///     loop {
    ///         match queue.try_pop() {
    ///             Ok(i) => println!("{i}"),
    ///             Err(TryPopError::Empty) => std::thread::yield_now(),
    ///             Err(TryPopError::Closed) => break,
    ///         }
    ///     }
    /// });
    /// ```
    fn try_pop(&self) -> Result<T, TryPopError> {
        match self.pop() {
            Some(value) => Ok(value),
            // Once more: an element may have come between the pop and the closing.
            None if self.is_closed() => self.pop().ok_or(TryPopError::Closed),
            None => Err(TryPopError::Empty),
        }
    }

    /// Takes up to `max` elements, appends them to `out`, oldest first, and returns how many.
    ///
    /// One call takes no more than the queue's capacity (an unbounded queue: than its length at the
    /// start), so it ends even while others push without pause. The elements are taken one by one
    /// or together, as the queue can; others may pop between them.
    ///
    /// # Panics
    ///
    /// When `out` cannot grow; no element is lost then.
    fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
        pop_each(out, max.min(self.capacity().unwrap_or_else(|| self.len())), || self.pop())
    }

    /// Closes the queue: from now on nothing goes in. What is inside still comes out.
    ///
    /// Returns whether this call closed it: `false` when it was closed already. It stays closed.
    fn close(&self) -> bool;

    /// Returns `true` if the queue is closed. Elements may still be inside.
    ///
    /// A consumer that looks for the end uses [`try_pop`](Queue::try_pop): asked after a
    /// [`pop`](Queue::pop) that found nothing, this would hide what came in between.
    fn is_closed(&self) -> bool;

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
    ///
    /// A closed queue is full when all of its capacity is taken, as an open one is.
    fn is_full(&self) -> bool {
        self.capacity().is_some_and(|capacity| self.len() >= capacity)
    }

    /// Whether this is a pointer to a queue that others may hold too, such as an [`Arc`].
    ///
    /// A [`channel`](crate::channel()) whose last receiver is gone drops what is inside, unless the
    /// queue is shared: then the elements are the other owners'.
    fn is_shared(&self) -> bool {
        false
    }
}

impl<T> fmt::Debug for dyn Queue<T> + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("overflow", &self.overflow())
            .field("capacity", &self.capacity())
            .field("len", &self.len())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

/// Appends to `out` what `pop` returns, up to `max` times; returns how many.
pub(crate) fn pop_each<T>(
    out: &mut Vec<T>,
    max: usize,
    mut pop: impl FnMut() -> Option<T>,
) -> usize {
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

/// Makes room in `out` for a batch of at most `max` elements; returns how many fit, at least one.
///
/// A `pop_into` of so many finds room for all, so it cannot panic with some of them taken and not
/// yet counted.
pub(crate) fn make_room<T>(out: &mut Vec<T>, max: usize, len: impl FnOnce() -> usize) -> usize {
    if out.capacity() - out.len() < max {
        out.reserve(len().clamp(1, max));
    }
    max.min(out.capacity() - out.len())
}

/// What became of a pushed element, and of the one that made room for it.
///
/// ```
/// use ringway::{ChannelQueue, MutexRing, Pushed};
///
/// let ring = MutexRing::new(1);
/// assert_eq!(ring.push('a'), Pushed::Stored);
/// assert_eq!(ring.push('b'), Pushed::Evicted('a'));
/// ring.close();
/// assert_eq!(ring.push('c'), Pushed::Closed('c'));
///
/// let channel = ChannelQueue::new(1);
/// assert_eq!(channel.push('a'), Pushed::Stored);
/// assert_eq!(channel.push('b'), Pushed::Rejected('b'));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "an element that is given back is in no queue any more"]
pub enum Pushed<T> {
    /// The element is in the queue, and nothing had to go.
    Stored,
    /// The element is in the queue; this one, the oldest, had to make room.
    Evicted(T),
    /// There was no room, so the element is not in the queue: here it is.
    Rejected(T),
    /// The queue is closed, so the element is not in it: here it is.
    Closed(T),
}

impl<T> Pushed<T> {
    /// Returns `true` if the pushed element is in the queue: for `Stored` and `Evicted`.
    #[inline]
    #[must_use]
    pub fn is_stored(&self) -> bool {
        matches!(self, Self::Stored | Self::Evicted(_))
    }

    /// Returns `true` if an older element had to make room.
    #[inline]
    #[must_use]
    pub fn is_evicted(&self) -> bool {
        matches!(self, Self::Evicted(_))
    }

    /// Returns `true` if there was no room for the pushed element.
    #[inline]
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        matches!(self, Self::Rejected(_))
    }

    /// Returns `true` if the queue is closed, so that nothing goes in any more.
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// Returns the older element that had to make room, and drops a pushed element that is not in
    /// the queue.
    ///
    /// ```
    /// use ringway::Pushed;
    ///
    /// assert_eq!(Pushed::Stored::<u8>.evicted(), None);
    /// assert_eq!(Pushed::Evicted(1).evicted(), Some(1));
    /// assert_eq!(Pushed::Rejected(2).evicted(), None);
    /// ```
    #[inline]
    #[must_use = "this is the element that is in no queue any more"]
    pub fn evicted(self) -> Option<T> {
        match self {
            Self::Evicted(value) => Some(value),
            Self::Stored | Self::Rejected(_) | Self::Closed(_) => None,
        }
    }

    /// Returns the evicted element, if any, when the push has stored its own, for use with `?`.
    ///
    /// # Errors
    ///
    /// [`TryPushError`] gives back the element that is not in the queue.
    ///
    /// ```
    /// use ringway::{MutexRing, Pushed, TryPushError};
    ///
    /// fn log(queue: &MutexRing<String>, line: &str) -> Result<(), TryPushError<String>> {
    ///     if let Some(old) = queue.push(line.to_owned()).into_result()? {
    ///         eprintln!("had to drop {old:?}");
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let queue = MutexRing::new(1);
    /// assert_eq!(log(&queue, "a"), Ok(()));
    /// assert_eq!(log(&queue, "b"), Ok(()));
    /// queue.close();
    /// assert_eq!(log(&queue, "c"), Err(TryPushError::Closed("c".to_owned())));
    /// ```
    #[inline]
    pub fn into_result(self) -> Result<Option<T>, TryPushError<T>> {
        match self {
            Self::Stored => Ok(None),
            Self::Evicted(value) => Ok(Some(value)),
            Self::Rejected(value) => Err(TryPushError::Full(value)),
            Self::Closed(value) => Err(TryPushError::Closed(value)),
        }
    }

    /// Applies `f` to the element that came back, if any.
    ///
    /// ```
    /// use ringway::Pushed;
    ///
    /// assert_eq!(Pushed::Evicted("frame").map(str::len), Pushed::Evicted(5));
    /// ```
    #[inline]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Pushed<U> {
        match self {
            Self::Stored => Pushed::Stored,
            Self::Evicted(value) => Pushed::Evicted(f(value)),
            Self::Rejected(value) => Pushed::Rejected(f(value)),
            Self::Closed(value) => Pushed::Closed(f(value)),
        }
    }

    /// Returns the element that came back, whichever it was: the evicted one or the pushed one.
    ///
    /// ```
    /// use ringway::Pushed;
    ///
    /// assert_eq!(Pushed::Stored::<u8>.displaced(), None);
    /// assert_eq!(Pushed::Evicted(1).displaced(), Some(1));
    /// assert_eq!(Pushed::Rejected(2).displaced(), Some(2));
    /// assert_eq!(Pushed::Closed(3).displaced(), Some(3));
    /// ```
    #[inline]
    #[must_use = "this is the element that is in no queue any more"]
    pub fn displaced(self) -> Option<T> {
        match self {
            Self::Stored => None,
            Self::Evicted(value) | Self::Rejected(value) | Self::Closed(value) => Some(value),
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

/// Implements [`Queue`] for a type by the methods of the same names of `$to`, to which it derefs.
macro_rules! forward_queue {
    (impl [$($generics:tt)*] for $queue:ty => $to:ty { $($own:tt)* }) => {
        impl<$($generics)*> $crate::queue::Queue<T> for $queue {
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn push(&self, value: T) -> $crate::queue::Pushed<T> {
                <$to>::push(self, value)
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn try_push(&self, value: T) -> Result<(), $crate::error::TryPushError<T>> {
                <$to>::try_push(self, value)
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn pop(&self) -> Option<T> {
                <$to>::pop(self)
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn try_pop(&self) -> Result<T, $crate::error::TryPopError> {
                <$to>::try_pop(self)
            }
            #[inline]
            fn pop_into(&self, out: &mut Vec<T>, max: usize) -> usize {
                <$to>::pop_into(self, out, max)
            }
            #[inline]
            fn close(&self) -> bool {
                <$to>::close(self)
            }
            #[inline]
            fn is_closed(&self) -> bool {
                <$to>::is_closed(self)
            }
            #[inline]
            fn len(&self) -> usize {
                <$to>::len(self)
            }
            #[inline]
            fn capacity(&self) -> Option<usize> {
                // Of a queue that always has one, it is a number.
                <$to>::capacity(self).into()
            }
            #[inline]
            fn overflow(&self) -> $crate::queue::Overflow {
                <$to>::overflow(self)
            }
            #[inline]
            fn is_empty(&self) -> bool {
                <$to>::is_empty(self)
            }
            #[inline]
            fn is_full(&self) -> bool {
                <$to>::is_full(self)
            }
            $($own)*
        }
    };
}
pub(crate) use forward_queue;

forward_queue!(impl [T, Q: Queue<T> + ?Sized] for &Q => Q {
    fn is_shared(&self) -> bool {
        true
    }
});
forward_queue!(impl [T, Q: Queue<T> + ?Sized] for Box<Q> => Q {
    fn is_shared(&self) -> bool {
        (**self).is_shared()
    }
});
forward_queue!(impl [T, Q: Queue<T> + ?Sized] for Arc<Q> => Q {
    /// Whether there is another `Arc` or `Weak` to the queue at this moment.
    fn is_shared(&self) -> bool {
        Arc::strong_count(self) + Arc::weak_count(self) > 1 || (**self).is_shared()
    }
});
