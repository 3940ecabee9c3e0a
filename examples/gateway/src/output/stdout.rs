//! Standard output: each message as it is, and a newline. When nobody reads it any more, the
//! gateway ends.

use async_trait::async_trait;
use tokio::io::{AsyncWriteExt, stdout};

use super::{Failure, Fate, Fates, Output};
use crate::message::Message;

#[derive(Default)]
pub(super) struct Stdout {
    buffer: Vec<u8>,
}

#[async_trait]
impl Output for Stdout {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        self.buffer.clear();
        for message in batch {
            self.buffer.extend_from_slice(&message.body);
            self.buffer.push(b'\n');
        }
        let mut out = stdout();
        // There is no other standard output to be had.
        out.write_all(&self.buffer).await.map_err(Failure::fatal)?;
        out.flush().await.map_err(Failure::fatal)?;
        fates.set_all(Fate::Delivered);
        Ok(())
    }
}
