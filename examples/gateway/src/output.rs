//! Outputs: each takes batches of messages to one kind of place.

mod apart;
mod failure;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "mqtt")]
mod mqtt;
#[cfg(feature = "nats")]
mod nats;
mod null;
#[cfg(any(feature = "file", feature = "http"))]
mod record;
mod stdout;

use std::ops::Range;

use async_trait::async_trait;

use crate::config::{Pipeline, Target};
use crate::message::Message;
pub(crate) use failure::Failure;
#[cfg(feature = "file")]
pub(crate) use file::Rejects;

/// Where messages go to.
#[async_trait]
pub(crate) trait Output: Send + Sync {
    /// Delivers `batch`, and notes in `fates` what became of each message as soon as it is known:
    /// the future may be dropped at any point.
    ///
    /// When it fails, what is undelivered by then is sent again, so a message may arrive twice.
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure>;

    /// Opens or reads again what may have changed under the same name.
    async fn reload(&mut self) -> Result<(), crate::Error> {
        Ok(())
    }

    /// Brings to safety what is delivered.
    async fn close(&mut self) -> Result<(), crate::Error> {
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Undelivered,
    Delivered,
    /// It would be of no use to send it again.
    Refused,
}

/// What became of each message of a batch.
pub(crate) struct Fates(Vec<Fate>);

impl Fates {
    pub(crate) fn undelivered(batch: usize) -> Self {
        Self(vec![Fate::Undelivered; batch])
    }

    pub(crate) fn set(&mut self, messages: Range<usize>, fate: Fate) {
        self.0[messages].fill(fate);
    }

    pub(crate) fn set_all(&mut self, fate: Fate) {
        self.0.fill(fate);
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = Fate> {
        self.0.iter().copied()
    }

    pub(crate) fn count(&self, fate: Fate) -> usize {
        self.each().filter(|&each| each == fate).count()
    }
}

pub(crate) fn open(target: &Target, pipeline: &Pipeline) -> Result<Box<dyn Output>, crate::Error> {
    Ok(match target {
        Target::Null(delay) => Box::new(null::Null(*delay)),
        Target::Stdout => Box::new(stdout::Stdout::new()?),
        #[cfg(feature = "file")]
        Target::File(path) => Box::new(file::File::open(path, &pipeline.file, pipeline.parse)?),
        #[cfg(feature = "http")]
        Target::Http(url) => {
            let ca = pipeline.output_ca.clone();
            Box::new(http::Http::new(url, &pipeline.http, ca, pipeline.parse)?)
        }
        #[cfg(feature = "mqtt")]
        Target::Mqtt(url) => Box::new(mqtt::Mqtt::new(url)?),
        #[cfg(feature = "nats")]
        Target::Nats(servers) => {
            Box::new(nats::Nats::new(servers, &pipeline.nats, pipeline.output_ca.clone())?)
        }
    })
}

/// What can be found out about an output without anything being written or sent.
pub(crate) fn check(target: &Target, pipeline: &Pipeline) -> Result<(), crate::Error> {
    match target {
        #[cfg(feature = "file")]
        Target::File(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            folder.map_or(Ok(()), |folder| match folder.is_dir() {
                true => Ok(()),
                false => Err(format!("{}: there is no such folder", folder.display()).into()),
            })
        }
        other => open(other, pipeline).map(drop),
    }
}
