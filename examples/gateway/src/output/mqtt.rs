//! MQTT 5, at least once: a message is delivered when the broker has acknowledged it.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use percent_encoding::percent_decode_str;
use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubAckReason, PublishProperties};
use rumqttc::v5::{AsyncClient, ClientError, ConnectionError, Event, EventLoop, MqttOptions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tracing::warn;
use url::Url;

use super::{Failure, Fate, Fates, Output};
use crate::message::Message;
use crate::origin::{REQUEST_ID, TRACE_PARENT};

pub(super) struct Mqtt {
    options: MqttOptions,
    topic: String,
    /// `None` before the first attempt, and after one that failed or was cut off.
    connection: Option<Connection>,
}

const PORT: u16 = 1883;
/// How often the broker hears of a client that has nothing to say.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many messages wait in the client; there is no use in more than the broker takes at once.
const IN_CLIENT: usize = 64;
/// What a packet has besides the message and the topic: headers of the request and lengths.
const AROUND: usize = 512;

impl Mqtt {
    pub(super) fn new(url: &Url) -> Result<Self, crate::Error> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from);
        let began = UNIX_EPOCH.elapsed().unwrap_or_else(|error| error.duration());
        // A broker closes the older of two connections of the same name.
        let name = format!("ringway-gateway-{:x}-{:x}", began.as_nanos(), std::process::id());
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let mut options = MqttOptions::new(name, host, url.port().unwrap_or(PORT));
        options.set_keep_alive(KEEP_ALIVE).set_clean_start(true);
        if let Some(password) = url.password() {
            options.set_credentials(decoded(url.username())?, decoded(password)?);
        }
        let topic = decoded(url.path().trim_start_matches('/'))?;
        Ok(Self { options, topic, connection: None })
    }
}

/// A client and its task. What it has not sent when this is dropped is never sent.
struct Connection {
    client: AsyncClient,
    events: UnboundedReceiver<Result<Event, ConnectionError>>,
    /// The largest message.
    most: usize,
    _task: JoinSet<()>,
}

impl Connection {
    async fn open(options: &MqttOptions, topic: &str) -> Result<Self, Failure> {
        let (client, requests) = AsyncClient::new(options.clone(), IN_CLIENT);
        let (sender, mut events) = unbounded_channel();
        let mut task = JoinSet::new();
        task.spawn(run(requests, sender));
        let Some(first) = events.recv().await else { return Err(lost()) };
        let Event::Incoming(Packet::ConnAck(answer)) = first? else { return Err(lost()) };
        let most = answer.properties.and_then(|properties| properties.max_packet_size);
        let most = most.map_or(usize::MAX, |most| most as usize);
        let most = most.saturating_sub(AROUND + topic.len());
        Ok(Self { client, events, most, _task: task })
    }

    /// Whether the broker has gone away since.
    fn is_lost(&mut self) -> bool {
        std::iter::from_fn(|| self.events.try_recv().ok()).any(|event| event.is_err())
    }

    async fn event(&mut self) -> Result<Event, Failure> {
        Ok(self.events.recv().await.ok_or_else(lost)??)
    }
}

fn lost() -> Failure {
    Failure::because("the connection is lost")
}

/// Runs the client until its connection ends, and passes on what is of interest.
async fn run(mut client: EventLoop, events: UnboundedSender<Result<Event, ConnectionError>>) {
    loop {
        let event = client.poll().await;
        let is_over = event.is_err();
        let is_of_interest = matches!(
            &event,
            Err(_)
                | Ok(Event::Outgoing(Outgoing::Publish(_))
                    | Event::Incoming(Packet::ConnAck(_) | Packet::PubAck(_)))
        );
        if is_of_interest && events.send(event).is_err() || is_over {
            return;
        }
    }
}

#[async_trait]
impl Output for Mqtt {
    async fn send(&mut self, batch: &[Message], fates: &mut Fates) -> Result<(), Failure> {
        // Put back only when all is acknowledged.
        let kept = self.connection.take();
        let mut connection = match kept.and_then(|mut it| (!it.is_lost()).then_some(it)) {
            Some(connection) => connection,
            None => Connection::open(&self.options, &self.topic).await?,
        };
        // Those that the client has, in order; and those that are on their way, by number.
        let (mut in_client, mut sent) = (VecDeque::new(), HashMap::new());
        let mut left = (0..batch.len()).peekable();
        let mut failed = None;
        loop {
            while let Some(&i) = left.peek() {
                if batch[i].body.len() > connection.most {
                    let (bytes, most) = (batch[i].body.len(), connection.most);
                    warn!(bytes, most, "the broker does not take messages as large as this");
                    fates.set(i..i + 1, Fate::Refused);
                } else {
                    match publish(&connection.client, &self.topic, &batch[i]) {
                        Ok(()) => in_client.push_back(i),
                        // It is full for now.
                        Err(_) => break,
                    }
                }
                left.next();
            }
            if left.peek().is_none() && in_client.is_empty() && sent.is_empty() {
                break;
            }
            match connection.event().await? {
                Event::Outgoing(Outgoing::Publish(number)) => {
                    sent.extend(in_client.pop_front().map(|i| (number, i)));
                }
                Event::Incoming(Packet::PubAck(answer)) => {
                    let Some(i) = sent.remove(&answer.pkid) else { continue };
                    match answer.reason {
                        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {
                            fates.set(i..i + 1, Fate::Delivered);
                        }
                        PubAckReason::PayloadFormatInvalid | PubAckReason::TopicNameInvalid => {
                            warn!(reason = ?answer.reason, "the broker refuses a message");
                            fates.set(i..i + 1, Fate::Refused);
                        }
                        why => failed = Some(format!("the broker does not take it: {why:?}")),
                    }
                }
                _ => {}
            }
        }
        match failed {
            Some(why) => Err(Failure::because(why)),
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

#[expect(clippy::result_large_err, reason = "the library's type")]
fn publish(client: &AsyncClient, topic: &str, message: &Message) -> Result<(), ClientError> {
    let mut properties = PublishProperties::default();
    if let Some(origin) = &message.origin {
        let parent = origin.traceparent.iter().map(|parent| (TRACE_PARENT, parent));
        let of_request = std::iter::once((REQUEST_ID, &origin.request_id)).chain(parent);
        properties.user_properties =
            of_request.map(|(name, value)| (name.to_string(), value.clone())).collect();
    }
    let body = message.body.clone();
    client.try_publish_with_properties(topic, QoS::AtLeastOnce, false, body, properties)
}
