//! What every thread has for itself: a small number, and memory by that number.

pub(crate) mod segments;
pub(crate) mod thread_index;
