//! The queue of a channel whose type does not name one.

#[cfg(target_has_atomic = "64")]
pub(super) type DefaultQueue<T> = crate::ring::atomic::AtomicRing<T>;
#[cfg(not(target_has_atomic = "64"))]
pub(super) type DefaultQueue<T> = crate::queues::mutex_ring::MutexRing<T>;
