//! NATS JetStream: a message is delivered when the broker has acknowledged that it is stored.
//!
//! Each has an id, under which the broker stores it once, though it may be sent again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use async_nats::jetstream::{self, message::PublishMessage, stream};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use async_trait::async_trait;
use percent_encoding::percent_decode_str;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Failure, Fate, Fates, Output};
use crate::config::Pipeline;
use crate::message::Message;
use crate::origin::{REQUEST_ID, TRACE_PARENT};
use reqwest::Url;

pub(super) struct Nats {
    url: Url,
    /// `None` before the first attempt, and after one that failed or was cut off.
    connection: Option<Connection>,
    pipeline: Pipeline,
    /// Whether the stream is there, if it is to be made.
    has_stream: bool,
    /// Distinguishes the ids of this process.
    process: u128,
}

/// More than the headers take, which the broker counts to the message.
const AROUND: usize = 512;

impl Nats {
    pub(super) fn new(url: &Url, pipeline: &Pipeline) -> Result<Self, crate::Error> {
        for path in [&pipeline.nats_credentials, &pipeline.output_ca].into_iter().flatten() {
            std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        // A clock that is wrong may be before 1970.
        let began = UNIX_EPOCH.elapsed().unwrap_or_else(|error| error.duration());
        let process = began.as_nanos() << 32 | u128::from(std::process::id());
        Ok(Self {
            url: url.clone(),
            connection: None,
            pipeline: pipeline.clone(),
            has_stream: false,
            process,
        })
    }
}

/// A client and its tasks. What it has not sent when this is dropped is never sent: by itself it
/// would keep messages until the broker is back, and send what has expired by then.
struct Connection {
    client: Client,
    /// That the broker is gone.
    lost: CancellationToken,
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
    async fn open(url: &Url, pipeline: &Pipeline) -> Result<Self, crate::Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("nats")
            .enable_all()
            .build()?;
        let lost = CancellationToken::new();
        let (options, address) =
            (options(url, pipeline).await?, ServerAddr::from_url(without_secrets(url))?);
        let connecting = runtime.spawn(without_reconnecting(options, &lost).connect(address));
        // Before it is known whether there is a client, so that what has been begun ends in any
        // case.
        let tasks = Tasks(Some(runtime));
        let client = connecting.await??;
        Ok(Self { client, lost, _tasks: tasks })
    }
}

/// A client that connects again by itself would send later messages of a batch before those that were
/// lost with the connection.
fn without_reconnecting(options: ConnectOptions, lost: &CancellationToken) -> ConnectOptions {
    let (lost, connected) = (lost.clone(), AtomicBool::new(false));
    let options = options.reconnect_delay_callback(move |_| {
        let again = connected.swap(true, Ordering::Relaxed);
        if again { Duration::from_secs(3600) } else { Duration::ZERO }
    });
    options.event_callback(move |event| {
        if matches!(event, Event::Disconnected | Event::Closed) {
            lost.cancel();
        }
        async {}
    })
}

/// The login at the broker, and the authorities that are trusted.
async fn options(url: &Url, pipeline: &Pipeline) -> Result<ConnectOptions, crate::Error> {
    let mut options = ConnectOptions::new().name("ringway-gateway");
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
    match (decoded(url.username())?, url.password()) {
        (user, Some(password)) => options = options.user_and_password(user, decoded(password)?),
        (token, None) if !token.is_empty() => options = options.token(token),
        _ => {}
    }
    if let Some(path) = &pipeline.nats_credentials {
        let text = tokio::fs::read_to_string(path).await;
        let with = text.and_then(|text| options.credentials(&text));
        options = with.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if let Some(path) = &pipeline.output_ca {
        options = options.add_root_certificates(path.clone());
    }
    Ok(options.require_tls(url.scheme() == "tls"))
}

/// For what libraries may say in their errors and logs.
fn without_secrets(url: &Url) -> Url {
    let mut url = url.clone();
    // It fails only for URLs that can have neither.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url
}

#[async_trait]
impl Output for Nats {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        // Put back only when all is acknowledged.
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&self.url, &self.pipeline).await.map_err(Failure::because)?,
        };
        let broker = jetstream::new(connection.client.clone());
        let subject = &self.pipeline.nats_subject;
        if let Some(name) = self.pipeline.nats_stream.as_ref().filter(|_| !self.has_stream) {
            let wanted = stream::Config {
                name: name.clone(),
                subjects: vec![subject.clone()],
                ..stream::Config::default()
            };
            broker.get_or_create_stream(wanted).await?;
            self.has_stream = true;
        }
        let mut acknowledged = Vec::with_capacity(batch.len());
        let most = connection.client.server_info().max_payload.saturating_sub(AROUND);
        for (i, message) in batch.iter().enumerate() {
            if message.body.len() > most {
                warn!(
                    bytes = message.body.len(),
                    most, "the broker does not take messages as large as this"
                );
                fates.set(i..i + 1, Fate::Refused);
                continue;
            }
            let id = format!("{:x}-{}", self.process, message.id);
            let mut publish = PublishMessage::build().payload(message.body.clone()).message_id(id);
            if let Some(origin) = &message.origin {
                publish = publish.header(REQUEST_ID, &*origin.request_id);
                if let Some(parent) = &origin.traceparent {
                    publish = publish.header(TRACE_PARENT, &**parent);
                }
            }
            acknowledged.push((i, broker.send_publish(subject.clone(), publish).await?));
        }
        let mut failed = None;
        for (i, acknowledged) in acknowledged {
            match connection.lost.run_until_cancelled(acknowledged.into_future()).await {
                Some(Ok(_)) => fates.set(i..i + 1, Fate::Delivered),
                Some(Err(error)) => failed = Some(error.into()),
                None => failed = Some(Failure::because("the connection is lost")),
            }
        }
        match failed {
            Some(failure) => Err(failure),
            None => {
                self.connection = Some(connection);
                Ok(())
            }
        }
    }

    /// Credentials and certificates are read with the next connection.
    fn reload(&mut self) -> Result<(), crate::Error> {
        self.connection = None;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), crate::Error> {
        // All that was sent is acknowledged.
        self.connection = None;
        Ok(())
    }
}
