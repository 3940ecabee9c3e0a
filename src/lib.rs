//! Bounded queues for real-time data pipelines.

mod atomic_ring;
mod channel_queue;
mod error;
mod into_iter;
mod kind;
mod mutex_ring;
mod mutex_vec;
mod queue;
mod sync;

pub use atomic_ring::{AtomicRing, Storage};
pub use channel_queue::ChannelQueue;
pub use error::{CapacityError, Full, ParseKindError};
pub use into_iter::IntoIter;
pub use kind::Kind;
pub use mutex_ring::MutexRing;
pub use mutex_vec::MutexVec;
pub use queue::{Overflow, Pushed, Queue};
