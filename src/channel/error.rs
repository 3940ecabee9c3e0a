//! What can go wrong at the ends of a channel.

use std::error::Error;
use std::fmt;

use crate::error::{TryPopError, TryPushError, gives_back};

/// The channel is closed; gives the value back that was to be sent.
///
/// ```
/// use ringway::AtomicRing;
/// use ringway::channel::SendError;
///
/// let (tx, rx) = ringway::channel(AtomicRing::new(1));
/// drop(rx);
/// assert_eq!(tx.send("a"), Err(SendError("a")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(
    /// The value that was not sent.
    pub T,
);

impl<T> SendError<T> {
    /// The value that was not sent.
    #[must_use = "this is the value that was not sent"]
    pub fn into_inner(self) -> T {
        self.0
    }
}

gives_back!(SendError { Self(_) => "SendError", "the channel is closed"; });

/// Why [`try_send`](crate::Sender::try_send) did not send: the error of the queue's own
/// [`try_push`](crate::Queue::try_push).
pub type TrySendError<T> = TryPushError<T>;

/// Why [`send_timeout`](crate::Sender::send_timeout) and
/// [`send_deadline`](crate::Sender::send_deadline) did not send; gives the value back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// There was no room in time.
    Timeout(T),
    /// The channel is closed.
    Closed(T),
}

impl<T> SendTimeoutError<T> {
    /// The value that was not sent.
    #[must_use = "this is the value that was not sent"]
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(value) | Self::Closed(value) => value,
        }
    }

    /// Whether there was no room in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout(_))
    }

    /// Whether the channel is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

gives_back!(SendTimeoutError {
    Self::Timeout(_) => "Timeout", "there was no room in time";
    Self::Closed(_) => "Closed", "the channel is closed";
});

impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(SendError(value): SendError<T>) -> Self {
        Self::Closed(value)
    }
}

impl<T> From<SendError<T>> for SendTimeoutError<T> {
    fn from(SendError(value): SendError<T>) -> Self {
        Self::Closed(value)
    }
}

/// The channel is closed and nothing is inside: nothing ever will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the channel is closed and empty")
    }
}

impl Error for RecvError {}

/// Why [`try_recv`](crate::Receiver::try_recv) has nothing: the error of the queue's own
/// [`try_pop`](crate::Queue::try_pop).
pub type TryRecvError = TryPopError;

impl From<RecvError> for TryRecvError {
    fn from(RecvError: RecvError) -> Self {
        Self::Closed
    }
}

/// Why [`recv_timeout`](crate::Receiver::recv_timeout) and
/// [`recv_deadline`](crate::Receiver::recv_deadline) have nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// Nothing came in time.
    Timeout,
    /// The channel is closed and nothing is inside: nothing ever will be.
    Closed,
}

impl RecvTimeoutError {
    /// Returns `true` if nothing came in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Returns `true` if the channel is closed and nothing is inside.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "nothing came in time",
            Self::Closed => "the channel is closed and empty",
        })
    }
}

impl Error for RecvTimeoutError {}

impl From<RecvError> for RecvTimeoutError {
    fn from(RecvError: RecvError) -> Self {
        Self::Closed
    }
}
