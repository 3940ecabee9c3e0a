//! Standard output: each message as it is, and a newline. When nobody can read it any more, the
//! gateway ends.

use std::io::{self, Write};

use async_trait::async_trait;

use super::apart::Apart;
use super::{Failure, Fate, Fates, Output};
use crate::message::Message;

/// On a thread of its own: somebody may merely not read it.
pub(super) struct Stdout(Apart<io::Stdout>);

impl Stdout {
    pub(super) fn new() -> io::Result<Self> {
        Apart::new("stdout", io::stdout()).map(Self)
    }
}

#[async_trait]
impl Output for Stdout {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        let mut lines = Vec::new();
        for message in batch {
            lines.extend_from_slice(&message.body);
            lines.push(b'\n');
        }
        let write = move |out: &mut io::Stdout| {
            out.write_all(&lines)?;
            out.flush()
        };
        // There is no other standard output to be had.
        self.0.call(write).await.map_err(Failure::fatal)?;
        fates.set_all(Fate::Delivered);
        Ok(())
    }
}
