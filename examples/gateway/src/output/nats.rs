//! NATS JetStream: a message is delivered when the broker has acknowledged that it is stored.
//!
//! Each has an id, under which the broker stores it once, though it may be sent again.

use std::time::{SystemTime, UNIX_EPOCH};

use async_nats::jetstream::{self, message::PublishMessage, stream};
use async_nats::{Client, ConnectOptions};
use async_trait::async_trait;
use tokio::runtime::{Builder, Runtime};
use tracing::warn;

use super::{Fate, Fates, Output};
use crate::config::Config;
use crate::message::Message;

pub(super) struct Nats {
    url: String,
    /// `None` before the first attempt, and after one that failed or was cut off.
    connection: Option<Connection>,
    subject: String,
    /// To be made, when the broker is there.
    stream: Option<String>,
    /// Distinguishes the ids of this process.
    process: u128,
}

/// More than the header with the id takes, which the broker counts to the message.
const AROUND: usize = 128;

impl Nats {
    pub(super) fn new(url: &str, config: &Config) -> Result<Self, crate::Error> {
        let process = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() << 32 | u128::from(std::process::id());
        Ok(Self {
            url: url.into(),
            connection: None,
            subject: config.nats_subject.clone(),
            stream: config.nats_stream.clone(),
            process,
        })
    }
}

/// A client and its tasks. What it has not sent when this is dropped is never sent: by itself it would keep messages until the broker
/// is back, and send what has expired by then.
struct Connection {
    client: Client,
    _tasks: Tasks,
}

struct Tasks(Option<Runtime>);

impl Drop for Tasks {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A runtime that is merely dropped would wait for its threads, which a task must not.
            runtime.shutdown_background();
        }
    }
}

impl Connection {
    async fn open(url: &str) -> Result<Self, crate::Error> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("nats").enable_all().build()?;
        let connecting = ConnectOptions::new().name("ringway-gateway").connect(url.to_owned());
        let connecting = runtime.spawn(connecting);
        // Before it is known whether there is a client, so that what has been begun ends in any case.
        let tasks = Tasks(Some(runtime));
        let client = connecting.await??;
        Ok(Self { client, _tasks: tasks })
    }
}

#[async_trait]
impl Output for Nats {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), crate::Error> {
        // Put back only when all is acknowledged.
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&self.url).await?,
        };
        let broker = jetstream::new(connection.client.clone());
        if let Some(name) = &self.stream {
            let wanted = stream::Config {
                name: name.clone(),
                subjects: vec![self.subject.clone()],
                ..stream::Config::default()
            };
            broker.get_or_create_stream(wanted).await?;
            self.stream = None;
        }
        let mut acknowledged = Vec::with_capacity(batch.len());
        let most = connection.client.server_info().max_payload.saturating_sub(AROUND);
        for (i, message) in batch.iter().enumerate() {
            if message.body.len() > most {
                warn!(bytes = message.body.len(), most, "the broker does not take messages as large as this");
                fates.set(i, Fate::Refused);
                continue;
            }
            let id = format!("{:x}-{}", self.process, message.id);
            let publish = PublishMessage::build().payload(message.body.clone()).message_id(id);
            acknowledged.push((i, broker.send_publish(self.subject.clone(), publish).await?));
        }
        let mut failed = None;
        for (i, acknowledged) in acknowledged {
            match acknowledged.await {
                Ok(_) => fates.set(i, Fate::Delivered),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => {
                self.connection = Some(connection);
                Ok(())
            }
        }
    }

    async fn close(&mut self) -> Result<(), crate::Error> {
        // All that was sent is acknowledged.
        self.connection = None;
        Ok(())
    }
}
