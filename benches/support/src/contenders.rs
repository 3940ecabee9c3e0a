//! The contenders that every comparison has.

pub(crate) mod channels;
pub(crate) mod floors;
pub(crate) mod queues;
