//! A file of JSON lines. When it is large enough it becomes `PATH.1`, that one `PATH.2`, and so on;
//! the oldest goes.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::{Failure, Fate, Fates, Output, record};
use crate::config::{Parse, Pipeline};
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
    pub(super) fn open(path: &Path, pipeline: &Pipeline) -> Result<Self, crate::Error> {
        let (file, size) = append_to(path)?;
        let Pipeline { rotate_size, rotate_keep: keep, parse, .. } = *pipeline;
        Ok(Self {
            path: path.into(),
            file,
            size,
            rotate_size: rotate_size as u64,
            keep,
            parse,
            buffer: Vec::new(),
        })
    }

    async fn rotate(&mut self) -> io::Result<()> {
        let numbered = |n| {
            if n == 0 {
                self.path.clone()
            } else {
                PathBuf::from(format!("{}.{n}", self.path.display()))
            }
        };
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
        (self.file, self.size) = append_to(&self.path)?;
        Ok(())
    }

    async fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer).await?;
        self.file.flush().await
    }
}

fn append_to(path: &Path) -> io::Result<(fs::File, u64)> {
    let open = || {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
        let size = file.metadata()?.len();
        Ok((file.into(), size))
    };
    open().map_err(|error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    })
}

#[async_trait]
impl Output for File {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
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

    /// Something else may have moved it away.
    fn reload(&mut self) -> Result<(), crate::Error> {
        (self.file, self.size) = append_to(&self.path)?;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), crate::Error> {
        Ok(self.file.sync_all().await?)
    }
}
