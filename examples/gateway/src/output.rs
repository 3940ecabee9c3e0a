//! Outputs: each takes batches of messages to one kind of place.

mod file;
mod http;
mod nats;
mod null;
mod record;
mod stdout;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;

use crate::config::Config;
use crate::message::Message;

/// Where messages go to.
#[async_trait]
pub(crate) trait Output: Send + Sync {
    /// Delivers `batch`, and notes in `fates` what became of each message as soon as it is known: the future may be dropped at any point.
    ///
    /// When it fails, what is undelivered by then is sent again, so a message may arrive twice.
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), crate::Error>;

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

    pub(crate) fn set(&mut self, i: usize, fate: Fate) {
        self.0[i] = fate;
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

/// Which output is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Null(Duration),
    Stdout,
    File(PathBuf),
    Http(String),
    Nats(String),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match (scheme, rest) {
            ("null", "") => Ok(Self::Null(Duration::ZERO)),
            ("null", delay) => humantime::parse_duration(delay).map(Self::Null).map_err(|error| error.to_string()),
            ("stdout", "") => Ok(Self::Stdout),
            ("file", path) if !path.is_empty() => Ok(Self::File(path.into())),
            ("http" | "https", _) => Ok(Self::Http(text.into())),
            ("nats" | "tls", _) => Ok(Self::Nats(text.into())),
            _ => Err("it must be null, null:DELAY, stdout, file:PATH, http(s)://… or nats://…".into()),
        }
    }
}

pub(crate) async fn open(config: &Config) -> Result<Box<dyn Output>, crate::Error> {
    Ok(match &config.output {
        Target::Null(delay) => Box::new(null::Null(*delay)),
        Target::Stdout => Box::new(stdout::Stdout::default()),
        Target::File(path) => Box::new(file::File::open(path, config).await?),
        Target::Http(url) => Box::new(http::Http::new(url, config)?),
        Target::Nats(url) => Box::new(nats::Nats::new(url, config)?),
    })
}
