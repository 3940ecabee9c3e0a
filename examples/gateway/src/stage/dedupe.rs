//! Leaves out what came before in the same time bucket, by when messages were received.

use std::time::Duration;

use super::buckets::Buckets;
use crate::message::Message;

pub(crate) struct Dedupe(Buckets);

impl Dedupe {
    pub(crate) fn new(width: Duration) -> Self {
        Self(Buckets::new(width))
    }

    pub(crate) fn is_duplicate(&mut self, message: &Message) -> bool {
        !self.0.insert(&message.body, message.received)
    }

    /// That it was not delivered: when its sender tries again, that is no duplicate.
    pub(crate) fn forget(&mut self, message: &Message) {
        self.0.remove(&message.body);
    }
}
