//! What can go wrong at the ends of a pipe.

use std::error::Error;
use std::fmt;

use crate::error::gives_back;

/// The pipe is closed.
///
/// Where something was to be sent, it gives the value back.
///
/// ```
/// use ringway::{AtomicRing, Closed};
///
/// let (tx, rx) = ringway::pipe(AtomicRing::new(1));
/// drop(rx);
/// assert_eq!(tx.send("a"), Err(Closed("a")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Closed<T = ()>(
    /// The value that was not sent.
    pub T,
);

impl<T> Closed<T> {
    /// The value that was not sent.
    #[must_use = "this is the value that was not sent"]
    pub fn into_inner(self) -> T {
        self.0
    }
}

gives_back!(Closed { Self(_) => "Closed", "the pipe is closed"; });

/// Why [`try_send`](crate::Sender::try_send) did not send; it gives the value back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<T> {
    /// There is no room.
    Full(T),
    /// The pipe is closed.
    Closed(T),
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    #[must_use = "this is the value that was not sent"]
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }
}

gives_back!(TrySendError {
    Self::Full(_) => "Full", "the queue is full";
    Self::Closed(_) => "Closed", "the pipe is closed";
});

/// Why [`send_timeout`](crate::Sender::send_timeout) and [`send_deadline`](crate::Sender::send_deadline) did not send; it gives the
/// value back.
#[cfg(feature = "std")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// There was no room in time.
    Timeout(T),
    /// The pipe is closed.
    Closed(T),
}

#[cfg(feature = "std")]
impl<T> SendTimeoutError<T> {
    /// The value that was not sent.
    #[must_use = "this is the value that was not sent"]
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(value) | Self::Closed(value) => value,
        }
    }
}

#[cfg(feature = "std")]
gives_back!(SendTimeoutError {
    Self::Timeout(_) => "Timeout", "there was no room in time";
    Self::Closed(_) => "Closed", "the pipe is closed";
});

/// Why [`try_recv`](crate::Receiver::try_recv) has nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// Nothing is inside now.
    Empty,
    /// The pipe is closed, and nothing is inside: nothing ever will be.
    Closed,
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the pipe is empty",
            Self::Closed => "the pipe is closed and empty",
        })
    }
}

impl Error for TryRecvError {}

/// Why [`recv_timeout`](crate::Receiver::recv_timeout) and [`recv_deadline`](crate::Receiver::recv_deadline) have nothing.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// Nothing came in time.
    Timeout,
    /// The pipe is closed, and nothing is inside: nothing ever will be.
    Closed,
}

#[cfg(feature = "std")]
impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "nothing came in time",
            Self::Closed => "the pipe is closed and empty",
        })
    }
}

#[cfg(feature = "std")]
impl Error for RecvTimeoutError {}

impl<T> From<Closed<T>> for TrySendError<T> {
    fn from(Closed(value): Closed<T>) -> Self {
        Self::Closed(value)
    }
}

#[cfg(feature = "std")]
impl<T> From<Closed<T>> for SendTimeoutError<T> {
    fn from(Closed(value): Closed<T>) -> Self {
        Self::Closed(value)
    }
}

impl From<Closed> for TryRecvError {
    fn from(Closed(()): Closed) -> Self {
        Self::Closed
    }
}

#[cfg(feature = "std")]
impl From<Closed> for RecvTimeoutError {
    fn from(Closed(()): Closed) -> Self {
        Self::Closed
    }
}
