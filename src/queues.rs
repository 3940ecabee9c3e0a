//! The queues that stand on a lock or on another crate, and what stands on any queue. The lock-free
//! ones are in `ring`.

pub(crate) mod channel_queue;
pub(crate) mod kind;
#[cfg(target_has_atomic = "64")]
pub(crate) mod metered;
pub(crate) mod mutex_ring;
pub(crate) mod mutex_vec;
