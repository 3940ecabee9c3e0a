//! What a sender keeps as a `Sink`.

use std::sync::{Mutex, PoisonError};

use super::shared::Room;
use super::wait::wait_list::Waiter;

/// The item of a sink that there was no room for yet, and how the task waits for room.
///
/// In a box, so that an element may have a sender of its own type, and a sender does not grow with
/// its elements. The mutex is never locked. It lets a sender be shared, as only a `&mut` reaches
/// what is inside.
pub(super) struct SinkState<T, Q>(Mutex<Option<Box<Pending<T, Q>>>>);

/// There while an item is.
pub(super) struct Pending<T, Q> {
    pub(super) item: Option<T>,
    pub(super) waiter: Option<Waiter<Room<Q>>>,
}

impl<T, Q> SinkState<T, Q> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub(super) fn get_mut(&mut self) -> &mut Option<Box<Pending<T, Q>>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
