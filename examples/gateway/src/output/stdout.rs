//! Standard output: each message as it is, and a newline.

use async_trait::async_trait;
use tokio::io::{AsyncWriteExt, stdout};

use super::{Fate, Fates, Output};
use crate::message::Message;

#[derive(Default)]
pub(super) struct Stdout {
    buffer: Vec<u8>,
}

#[async_trait]
impl Output for Stdout {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), crate::Error> {
        self.buffer.clear();
        for message in batch {
            self.buffer.extend_from_slice(&message.body);
            self.buffer.push(b'\n');
        }
        let mut out = stdout();
        out.write_all(&self.buffer).await?;
        out.flush().await?;
        fates.set_all(Fate::Delivered);
        Ok(())
    }
}
