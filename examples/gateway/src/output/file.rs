//! A file of JSON lines, and what does not get into any other output.

mod log;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;
use tracing::warn;

use super::apart::Apart;
use super::{Failure, Fate, Fates, Output, record};
use crate::config::{FileOptions, Parse};
use crate::message::Message;
use log::Log;

pub(super) struct File {
    log: Apart<Log>,
    parse: Parse,
}

impl File {
    pub(super) fn open(
        path: &Path,
        options: &FileOptions,
        parse: Parse,
    ) -> Result<Self, crate::Error> {
        Ok(Self { log: Apart::new("file", Log::open(path, options)?)?, parse })
    }
}

#[async_trait]
impl Output for File {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        let mut lines = Vec::new();
        record::write(batch, self.parse, &mut lines)?;
        self.log.call(move |log| log.write(lines)).await?;
        fates.set_all(Fate::Delivered);
        Ok(())
    }

    /// Something else may have moved it away.
    async fn reload(&mut self) -> Result<(), crate::Error> {
        Ok(self.log.call(Log::reopen).await?)
    }

    async fn close(&mut self) -> Result<(), crate::Error> {
        Ok(self.log.call(|log| log.sync()).await?)
    }
}

/// Where messages are kept that are malformed, or that an output will not have. Workers share it.
#[derive(Clone)]
pub(crate) struct Rejects(Arc<Apart<Log>>);

/// How long it may take to keep some. They are rejected in any case.
const KEEPING: Duration = Duration::from_secs(1);

impl Rejects {
    pub(crate) fn open(path: &Path, options: &FileOptions) -> Result<Self, crate::Error> {
        Ok(Self(Arc::new(Apart::new("rejects", Log::open(path, options)?)?)))
    }

    pub(crate) async fn keep(&self, messages: &[&Message], reason: &str, output: &str) {
        let mut lines = Vec::new();
        let written = record::write_rejected(messages, reason, output, &mut lines);
        let kept = async {
            written?;
            self.0.call(move |log| log.write(lines)).await
        };
        match timeout(KEEPING, kept).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, output, "cannot keep what is rejected"),
            Err(_) => warn!(output, "cannot keep in time what is rejected"),
        }
    }
}
