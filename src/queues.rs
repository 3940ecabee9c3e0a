//! The queues that stand on a lock or on another crate, and what stands on any queue. The lock-free
//! ones are in `ring`.

#[cfg(feature = "channel-queue")]
pub(crate) mod channel_queue;
#[cfg(feature = "std")]
pub(crate) mod kind;
#[cfg(target_has_atomic = "64")]
pub(crate) mod metered;
#[cfg(feature = "std")]
pub(crate) mod mutex_ring;
#[cfg(feature = "std")]
pub(crate) mod mutex_vec;
