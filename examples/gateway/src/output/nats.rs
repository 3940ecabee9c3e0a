//! NATS JetStream: a message is delivered when the broker has acknowledged that it is stored.
//!
//! Each has an id, under which the broker stores it once, though it may be sent again.

use std::path::PathBuf;
use std::sync::Arc;
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
use crate::config::NatsOptions;
use crate::message::Message;
use crate::origin::{REQUEST_ID, TRACE_PARENT};
use url::Url;

pub(super) struct Nats {
    servers: Vec<Url>,
    /// `None` before the first attempt, and after one that failed or was cut off.
    connection: Option<Connection>,
    options: NatsOptions,
    ca: Option<PathBuf>,
    /// Whether the stream is there, if it is to be made, as far as is known: after a failure it is
    /// asked again.
    has_stream: bool,
    /// Distinguishes the ids of this process.
    process: u128,
}

/// More than the headers take, which the broker counts to the message.
const AROUND: usize = 512;

impl Nats {
    pub(super) fn new(
        servers: &[Url],
        options: &NatsOptions,
        ca: Option<PathBuf>,
    ) -> Result<Self, crate::Error> {
        for path in [&options.nats_credentials, &ca].into_iter().flatten() {
            std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        // A clock that is wrong may be before 1970.
        let began = UNIX_EPOCH.elapsed().unwrap_or_else(|error| error.duration());
        let process = began.as_nanos() << 32 | u128::from(std::process::id());
        Ok(Self {
            servers: servers.to_vec(),
            connection: None,
            options: options.clone(),
            ca,
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
    async fn open(to: &Nats) -> Result<Self, crate::Error> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("nats")
            .enable_all()
            .build()?;
        let lost = CancellationToken::new();
        let servers = to.servers.iter().map(|url| ServerAddr::from_url(without_secrets(url)));
        let servers: Vec<_> = servers.collect::<Result<_, _>>()?;
        let connected = Arc::new(AtomicBool::new(false));
        let options = without_reconnecting(options(to).await?, &lost, &connected);
        let connecting = runtime.spawn(options.connect(servers));
        // Before it is known whether there is a client, so that what has been begun ends in any
        // case.
        let tasks = Tasks(Some(runtime));
        let client = connecting.await??;
        // Nothing has been sent before; from now on, there is no second connection.
        connected.store(true, Ordering::Relaxed);
        Ok(Self { client, lost, _tasks: tasks })
    }
}

/// A client that connects again by itself would send later messages of a batch before those that
/// were lost with the connection.
fn without_reconnecting(
    options: ConnectOptions,
    lost: &CancellationToken,
    connected: &Arc<AtomicBool>,
) -> ConnectOptions {
    let (lost, connected) = (lost.clone(), Arc::clone(connected));
    let options =
        options.reconnect_delay_callback(move |_| match connected.load(Ordering::Relaxed) {
            true => Duration::from_secs(3600),
            false => Duration::ZERO,
        });
    options.event_callback(move |event| {
        if matches!(event, Event::Disconnected | Event::Closed) {
            lost.cancel();
        }
        async {}
    })
}

/// The login at the broker, and the authorities that are trusted.
async fn options(to: &Nats) -> Result<ConnectOptions, crate::Error> {
    let mut options = ConnectOptions::new().name("ringway-gateway");
    // Servers of one cluster have the same logins.
    let with_login =
        to.servers.iter().find(|url| !url.username().is_empty() || url.password().is_some());
    let url = with_login.or(to.servers.first()).ok_or("there is no server")?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
    match (decoded(url.username())?, url.password()) {
        (user, Some(password)) => options = options.user_and_password(user, decoded(password)?),
        (token, None) if !token.is_empty() => options = options.token(token),
        _ => {}
    }
    if let Some(path) = &to.options.nats_credentials {
        let text = tokio::fs::read_to_string(path).await;
        let with = text.and_then(|text| options.credentials(&text));
        options = with.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if let Some(path) = &to.ca {
        options = options.add_root_certificates(path.clone());
    }
    Ok(options.require_tls(to.servers.iter().any(|url| url.scheme() == "tls")))
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
            None => Connection::open(self).await.map_err(Failure::because)?,
        };
        let broker = jetstream::new(connection.client.clone());
        let subject = &self.options.nats_subject;
        let has_stream = std::mem::take(&mut self.has_stream);
        if let Some(name) = self.options.nats_stream.as_ref().filter(|_| !has_stream) {
            let wanted = stream::Config {
                name: name.clone(),
                subjects: vec![subject.clone()],
                ..stream::Config::default()
            };
            broker.get_or_create_stream(wanted).await?;
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
                (self.connection, self.has_stream) = (Some(connection), true);
                Ok(())
            }
        }
    }

    /// Credentials and certificates are read with the next connection.
    async fn reload(&mut self) -> Result<(), crate::Error> {
        self.connection = None;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), crate::Error> {
        // All that was sent is acknowledged.
        self.connection = None;
        Ok(())
    }
}
