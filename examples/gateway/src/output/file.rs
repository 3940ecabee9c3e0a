//! A file of JSON lines. When it is large enough it becomes `PATH.1`, that one `PATH.2`, and so on; the oldest goes.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::{Fate, Fates, Output, record};
use crate::config::{Config, Parse};
use crate::message::Message;

pub(super) struct File {
    path: PathBuf,
    file: fs::File,
    size: u64,
    rotate_size: u64,
    keep: u32,
    parse: Parse,
    buffer: Vec<u8>,
}

impl File {
    pub(super) async fn open(path: &Path, config: &Config) -> Result<Self, crate::Error> {
        let (file, size) = append_to(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
        let Config { rotate_size, rotate_keep: keep, parse, .. } = *config;
        Ok(Self { path: path.into(), file, size, rotate_size, keep, parse, buffer: Vec::new() })
    }

    async fn rotate(&mut self) -> io::Result<()> {
        let numbered =
            |n| if n == 0 { self.path.clone() } else { PathBuf::from(format!("{}.{n}", self.path.display())) };
        self.file.sync_all().await?;
        for n in (0..self.keep).rev() {
            match fs::rename(numbered(n), numbered(n + 1)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.keep == 0 {
            fs::remove_file(&self.path).await?;
        }
        (self.file, self.size) = append_to(&self.path).await?;
        Ok(())
    }

    async fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer).await?;
        self.file.flush().await
    }
}

async fn append_to(path: &Path) -> io::Result<(fs::File, u64)> {
    let file = fs::OpenOptions::new().append(true).create(true).open(path).await?;
    let size = file.metadata().await?.len();
    Ok((file, size))
}

#[async_trait]
impl Output for File {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), crate::Error> {
        self.buffer.clear();
        record::write(batch, self.parse, &mut self.buffer)?;
        if self.size > 0 && self.size + self.buffer.len() as u64 > self.rotate_size {
            self.rotate().await?;
        }
        if let Err(error) = self.write().await {
            // A part of it may be there, which would make a torn line.
            self.file.set_len(self.size).await?;
            return Err(error.into());
        }
        self.size += self.buffer.len() as u64;
        fates.set_all(Fate::Delivered);
        Ok(())
    }

    async fn close(&mut self) -> Result<(), crate::Error> {
        Ok(self.file.sync_all().await?)
    }
}
