//! Delivers to nowhere; with a delay, as slowly as one likes.

use std::time::Duration;

use async_trait::async_trait;

use super::{Failure, Fate, Fates, Output};
use crate::message::Message;

/// How long it takes for a batch.
pub(super) struct Null(pub(super) Duration);

#[async_trait]
impl Output for Null {
    async fn send(&mut self, _batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        if !self.0.is_zero() {
            tokio::time::sleep(self.0).await;
        }
        fates.set_all(Fate::Delivered);
        Ok(())
    }
}
