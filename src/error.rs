//! What can go wrong, and how the value comes back.

use core::alloc::Layout;
use core::error::Error;
use core::fmt;

/// Why a [`try_push`](crate::Queue::try_push) did not push; it gives the value back.
///
/// ```
/// use ringway::{MutexRing, TryPushError};
///
/// let queue = MutexRing::new(1);
/// assert_eq!(queue.try_push("a"), Ok(()));
/// assert_eq!(queue.try_push("b"), Err(TryPushError::Full("b")));
/// queue.close();
/// assert_eq!(queue.try_push("c"), Err(TryPushError::Closed("c")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TryPushError<T> {
    /// There is no room.
    Full(T),
    /// The queue is closed: nothing goes in any more.
    Closed(T),
}

impl<T> TryPushError<T> {
    /// The value that was not pushed.
    #[must_use = "this is the value that was not pushed"]
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }

    /// Applies `f` to the value that was not pushed.
    ///
    /// ```
    /// use ringway::TryPushError;
    ///
    /// assert_eq!(TryPushError::Full("frame").map(str::len), TryPushError::Full(5));
    /// ```
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> TryPushError<U> {
        match self {
            Self::Full(value) => TryPushError::Full(f(value)),
            Self::Closed(value) => TryPushError::Closed(f(value)),
        }
    }

    /// Whether there was no room; another try may succeed.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }

    /// Whether the queue is closed; no other try will succeed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

/// What all errors share that give a value back.
macro_rules! gives_back {
    ($error:ident { $($variant:pat => $name:literal, $text:literal;)* }) => {
        // By hand, so that the value need not be `Debug` (and is never printed by accident).
        impl<T> core::fmt::Debug for $error<T> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self { $($variant => concat!($name, "(..)"),)* })
            }
        }

        impl<T> core::fmt::Display for $error<T> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self { $($variant => $text,)* })
            }
        }

        impl<T> core::error::Error for $error<T> {}
    };
}

#[cfg(feature = "channel")]
pub(crate) use gives_back;

gives_back!(TryPushError {
    Self::Full(_) => "Full", "the queue is full";
    Self::Closed(_) => "Closed", "the queue is closed";
});

/// The error of a [`try_pop`](crate::Queue::try_pop): why it took no element.
///
/// ```
/// use ringway::{AtomicRing, TryPopError};
///
/// let queue = AtomicRing::new(1);
/// assert_eq!(queue.try_pop(), Err::<u8, _>(TryPopError::Empty));
/// queue.close();
/// assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TryPopError {
    /// The queue is empty, but open: an element may come.
    Empty,
    /// The queue is empty and closed: no element will ever come.
    Closed,
}

impl TryPopError {
    /// The error of a queue that was empty, and closed or not.
    #[cfg(any(feature = "std", feature = "channel-queue"))]
    #[inline]
    pub(crate) fn of(is_closed: bool) -> Self {
        if is_closed { Self::Closed } else { Self::Empty }
    }

    /// Returns `true` if the queue was empty but open.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::Empty
    }

    /// Returns `true` if the queue was empty and closed.
    #[must_use]
    pub fn is_closed(self) -> bool {
        self == Self::Closed
    }
}

impl fmt::Display for TryPopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the queue is empty",
            Self::Closed => "the queue is empty and closed",
        })
    }
}

impl Error for TryPopError {}

/// Why a queue of the wanted capacity cannot be made.
///
/// ```
/// use ringway::{AtomicRing, CapacityError};
///
/// assert_eq!(AtomicRing::<u8>::try_new(0).unwrap_err(), CapacityError::Zero);
/// assert_eq!(AtomicRing::<u8>::try_new(usize::MAX).unwrap_err(), CapacityError::TooLarge);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapacityError {
    /// A queue for no elements can neither store nor evict.
    Zero,
    /// So many elements cannot be addressed.
    TooLarge,
    /// The allocator refused the memory.
    OutOfMemory,
}

impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zero => "the capacity of a queue must be at least 1",
            Self::TooLarge => "the capacity is too large to address",
            Self::OutOfMemory => "there is not enough memory for the capacity",
        })
    }
}

impl Error for CapacityError {}

impl CapacityError {
    /// The checks that all bounded queues share: `E` is what they allocate for each element.
    pub(crate) fn check<E>(capacity: usize) -> Result<(), Self> {
        match (capacity, Layout::array::<E>(capacity)) {
            (0, _) => Err(Self::Zero),
            (_, Err(_)) => Err(Self::TooLarge),
            (_, Ok(_)) => Ok(()),
        }
    }

    /// What every `new` makes of its `try_new`.
    #[track_caller]
    pub(crate) fn unwrap<Q>(made: Result<Q, Self>, capacity: usize) -> Q {
        match made {
            Ok(queue) => queue,
            Err(error) => panic!("cannot make a queue of capacity {capacity}: {error}"),
        }
    }
}
