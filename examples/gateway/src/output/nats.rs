//! NATS JetStream: a message is delivered when the broker has acknowledged that it is stored.
//!
//! Each has an id, under which the broker stores it once, though it may be sent again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::connection::State;
use async_nats::jetstream::{self, message::PublishMessage, stream};
use async_nats::{Client, ConnectOptions};
use async_trait::async_trait;
use tracing::warn;

use super::{Fate, Fates, Output};
use crate::config::Config;
use crate::message::Message;

pub(super) struct Nats {
    client: Client,
    broker: jetstream::Context,
    subject: String,
    /// To be made, when the broker is there.
    stream: Option<String>,
    /// Distinguishes the ids of this process.
    process: u128,
}

/// The library tries again and again by itself, with pauses as these.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// More than the header with the id takes, which the broker counts to the message.
const AROUND: usize = 128;

impl Nats {
    pub(super) async fn connect(url: &str, config: &Config) -> Result<Self, crate::Error> {
        let pause = |attempts: usize| LONGEST_PAUSE.min(Duration::from_millis(50 << attempts.min(5)));
        let options = ConnectOptions::new().name("ringway-gateway").retry_on_initial_connect();
        let client = options.reconnect_delay_callback(pause).connect(url).await?;
        let broker = jetstream::new(client.clone());
        let process = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() << 32 | u128::from(std::process::id());
        Ok(Self { client, broker, subject: config.nats_subject.clone(), stream: config.nats_stream.clone(), process })
    }
}

#[async_trait]
impl Output for Nats {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), crate::Error> {
        // The client would keep the messages until the broker is back, and send what has expired by then.
        if self.client.connection_state() != State::Connected {
            return Err("not connected".into());
        }
        if let Some(name) = &self.stream {
            let wanted = stream::Config {
                name: name.clone(),
                subjects: vec![self.subject.clone()],
                ..stream::Config::default()
            };
            self.broker.get_or_create_stream(wanted).await?;
            self.stream = None;
        }
        let mut acknowledged = Vec::with_capacity(batch.len());
        let most = self.client.server_info().max_payload.saturating_sub(AROUND);
        for (i, message) in batch.iter().enumerate() {
            if message.body.len() > most {
                warn!(bytes = message.body.len(), most, "the broker does not take messages as large as this");
                fates.set(i, Fate::Refused);
                continue;
            }
            let id = format!("{:x}-{}", self.process, message.id);
            let publish = PublishMessage::build().payload(message.body.clone()).message_id(id);
            acknowledged.push((i, self.broker.send_publish(self.subject.clone(), publish).await?));
        }
        let mut failed = None;
        for (i, acknowledged) in acknowledged {
            match acknowledged.await {
                Ok(_) => fates.set(i, Fate::Delivered),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn close(&mut self) -> Result<(), crate::Error> {
        Ok(self.client.flush().await?)
    }
}
