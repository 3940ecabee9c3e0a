use std::error::Error;
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "channel-queue")]
use super::channel_queue::ChannelQueue;
use super::mutex_ring::MutexRing;
use super::mutex_vec::MutexVec;
use crate::error::CapacityError;
use crate::queue::Queue;
#[cfg(target_has_atomic = "64")]
use crate::ring::atomic::AtomicRing;

/// One of the four queues, chosen at run time.
///
/// ```
/// use ringway::Kind;
///
/// let kind: Kind = "atomic-ring".parse()?;
/// let queue = kind.build::<String>(1024)?;
/// assert_eq!(queue.capacity(), Some(1024));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// [`MutexVec`], `mutex-vec`.
    MutexVec,
    /// [`ChannelQueue`], `channel`; with the feature `channel-queue`.
    #[cfg(feature = "channel-queue")]
    Channel,
    /// [`MutexRing`], `mutex-ring`.
    MutexRing,
    /// [`AtomicRing`], `atomic-ring`; where that is.
    #[cfg(target_has_atomic = "64")]
    AtomicRing,
}

impl Kind {
    /// Every kind, from the simplest to the flagship.
    pub const ALL: &'static [Self] = &[
        Self::MutexVec,
        #[cfg(feature = "channel-queue")]
        Self::Channel,
        Self::MutexRing,
        #[cfg(target_has_atomic = "64")]
        Self::AtomicRing,
    ];

    /// Makes a queue of this kind.
    ///
    /// # Errors
    ///
    /// As the `try_new` of each type. [`Kind::MutexVec`] is unbounded and has no use for
    /// `capacity`; all the same it refuses zero, which is more likely a mistake than a wish.
    pub fn build<'a, T: Send + 'a>(
        self,
        capacity: usize,
    ) -> Result<Box<dyn Queue<T> + 'a>, CapacityError> {
        Ok(match self {
            Self::MutexVec if capacity == 0 => return Err(CapacityError::Zero),
            Self::MutexVec => Box::new(MutexVec::new()),
            #[cfg(feature = "channel-queue")]
            Self::Channel => Box::new(ChannelQueue::try_new(capacity)?),
            Self::MutexRing => Box::new(MutexRing::try_new(capacity)?),
            #[cfg(target_has_atomic = "64")]
            Self::AtomicRing => Box::new(AtomicRing::try_new(capacity)?),
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::MutexVec => "mutex-vec",
            #[cfg(feature = "channel-queue")]
            Self::Channel => "channel",
            Self::MutexRing => "mutex-ring",
            #[cfg(target_has_atomic = "64")]
            Self::AtomicRing => "atomic-ring",
        }
    }
}

/// The kebab-case name, as [`FromStr`] reads it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = ParseKindError;

    fn from_str(name: &str) -> Result<Self, ParseKindError> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name).ok_or(ParseKindError)
    }
}

/// A name that is no [`Kind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseKindError;

impl fmt::Display for ParseKindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown kind of queue: expected one of")?;
        for (i, kind) in Kind::ALL.iter().enumerate() {
            write!(f, "{} `{kind}`", if i == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Error for ParseKindError {}
