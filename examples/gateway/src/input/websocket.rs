//! WebSocket: each message, text or binary, is one; nothing is answered. The path may name a topic.
//! Over the limit, the connection is closed with code 1009.
//!
//! A peer that is silent is pinged; if it does not answer that either, it is told that the
//! connection is closed.

mod heard;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::http::HeaderValue;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{
    ErrorResponse, Request, Response, write_response,
};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tracing::debug;

use super::connections::{Connections, Stream, close_gently};
use super::{Input, Life, together};
use crate::account::Refusal;
use crate::intake::Intake;
use crate::message::detach;
use crate::origin::{Origin, REQUEST_ID};
use crate::topics::Topic;
use heard::{Heard, Listening};

pub(super) struct WebSocket(pub(super) Connections);

/// The default of 128 KiB is kept for each connection, and much of that unused.
const READ_BUFFER: usize = 16 * 1024;

#[async_trait]
impl Input for WebSocket {
    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        let idle = self.0.idle();
        self.0
            .serve(intake, life, move |stream, intake, life| connection(stream, intake, life, idle))
            .await;
    }
}

async fn connection(mut stream: Stream, intake: Intake, life: Life, idle: Duration) {
    // Silence is looked after here, where a peer can be pinged and be told.
    stream.as_mut().set_read_timeout_pinned(None);
    let heard = Heard::new(intake.budget().hold());
    let mut shaken = None;
    let accepted = {
        let max = Some(intake.limits().message);
        let config = WebSocketConfig::default()
            .max_message_size(max)
            .max_frame_size(max)
            .read_buffer_size(READ_BUFFER);
        let watched = Listening::to(&mut stream, Arc::clone(&heard));
        #[expect(clippy::result_large_err, reason = "the library's type")]
        let answer = |request: &Request, response| greet(request, response, &intake, &mut shaken);
        let accepting = timeout(
            intake.limits().time.min(idle),
            accept_hdr_async_with_config(watched, answer, Some(config)),
        );
        life.stop.run_until_cancelled(accepting).await
    };
    let socket = match accepted {
        None => return,
        Some(Ok(Ok(socket))) => socket,
        Some(Ok(Err(error))) => {
            debug!(%error, peer = %intake.peer(), "no WebSocket connection");
            if matches!(error, Error::Http(_)) {
                // It has been answered, and counted.
                return close_gently(&mut stream).await;
            }
            intake.refuse(Refusal::Malformed, None);
            return match error {
                Error::Io(_) => {}
                error => turn_away(&mut stream, &error).await,
            };
        }
        Some(Err(_)) => return intake.refuse(Refusal::TooSlow, None),
    };
    let (topic, origin) = shaken.expect("the handshake is over");
    let mut socket = socket;
    let bytes = |message: &Result<Message, Error>| message.as_ref().map_or(0, Message::len);
    let mut bodies = Vec::new();
    let mut silence = Silence {
        heard: &heard,
        before: 0,
        pinged: false,
        since: None,
        limit: intake.limits().time,
    };
    let (code, reason) = loop {
        let ready = timeout(idle / 2, together::ready(&mut socket, bytes));
        let Some(chunk) = life.stop.run_until_cancelled(ready).await else {
            break (CloseCode::Away, "shutting down".to_string());
        };
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(_) => match silence.goes_on() {
                Next::Wait => continue,
                Next::Ping => match socket.send(Message::Ping(Bytes::new())).await {
                    Ok(()) => continue,
                    Err(error) => return debug!(%error, peer = %intake.peer(), "connection ended"),
                },
                Next::Close => break (CloseCode::Away, "silent for too long".to_string()),
                Next::TooSlow => {
                    intake.refuse(Refusal::TooSlow, Some(&origin));
                    break (CloseCode::Policy, "the message takes too long".to_string());
                }
            },
        };
        // The other side has closed, and was answered.
        if chunk.is_empty() {
            return;
        }
        silence.ends();
        let mut failed = None;
        for message in chunk {
            match message {
                Ok(Message::Text(text)) => bodies.push(detach(Bytes::from(text))),
                Ok(Message::Binary(body)) => bodies.push(detach(body)),
                Ok(_) => {}
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        intake.take(topic, &mut bodies, None).await;
        heard.are_whole();
        let Some(error) = failed else { continue };
        let (why, code, reason) = match error {
            Error::Capacity(_) => (Refusal::TooLarge, CloseCode::Size, intake.over_the_limit()),
            Error::Utf8(error) => (Refusal::Malformed, CloseCode::Invalid, error),
            Error::Protocol(error) => (Refusal::Malformed, CloseCode::Protocol, error.to_string()),
            Error::Io(error) if heard::is_too_much(&error) => {
                (Refusal::Overload, CloseCode::Again, error.to_string())
            }
            error => return debug!(%error, peer = %intake.peer(), "connection ended"),
        };
        intake.refuse(why, Some(&origin));
        break (code, reason);
    };
    let closing = socket.close(Some(CloseFrame { code, reason: reason.into() }));
    if let Ok(Ok(())) = timeout(CLOSING, closing).await {
        // Until the other side has closed, too.
        let _ = timeout(CLOSING, async { while let Some(Ok(_)) = socket.next().await {} }).await;
        close_gently(socket.get_mut()).await;
    }
}

/// How long the other side may take to answer that it is closed.
const CLOSING: Duration = Duration::from_secs(1);

/// Takes the topic and the id from the request, and tells the id.
#[expect(clippy::result_large_err, reason = "the library's type")]
fn greet(
    request: &Request,
    mut response: Response,
    intake: &Intake,
    shaken: &mut Option<(Topic, Origin)>,
) -> Result<Response, ErrorResponse> {
    let origin = Origin::of(request.headers(), intake.peer());
    if !intake.admits(request.headers(), Some(&origin)) {
        let mut refused = ErrorResponse::new(Some("a token is needed\n".into()));
        *refused.status_mut() = StatusCode::UNAUTHORIZED;
        refused.headers_mut().insert("www-authenticate", HeaderValue::from_static("Bearer"));
        return Err(refused);
    }
    if let Ok(id) = HeaderValue::try_from(&origin.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    *shaken = Some((intake.topic(request.uri().path()), origin));
    Ok(response)
}

/// What is to be done about a peer of which no message has come for a while.
struct Silence<'a> {
    heard: &'a Heard,
    /// How many bytes had come when it was looked last.
    before: usize,
    pinged: bool,
    /// Since when there are bytes, but no message.
    since: Option<Instant>,
    limit: Duration,
}

enum Next {
    Wait,
    Ping,
    Close,
    TooSlow,
}

impl Silence<'_> {
    fn goes_on(&mut self) -> Next {
        let heard = self.heard.bytes();
        if heard != std::mem::replace(&mut self.before, heard) {
            self.pinged = false;
            let since = *self.since.get_or_insert_with(Instant::now);
            return if since.elapsed() > self.limit { Next::TooSlow } else { Next::Wait };
        }
        match std::mem::replace(&mut self.pinged, true) {
            false => Next::Ping,
            true => Next::Close,
        }
    }

    fn ends(&mut self) {
        self.before = self.heard.bytes();
        self.pinged = false;
        self.since = None;
    }
}

/// Answers a client that speaks HTTP, but asks for no WebSocket.
async fn turn_away(stream: &mut Stream, why: &Error) {
    let why = format!("{why}\n");
    let answer = Response::builder()
        .status(StatusCode::BAD_REQUEST)
        .header("connection", "close")
        .header("content-type", "text/plain")
        .header("content-length", why.len())
        .body(())
        .expect("it is made of constants and a number");
    let mut bytes = Vec::new();
    if write_response(&mut bytes, &answer).is_ok() {
        bytes.extend(why.as_bytes());
        if stream.write_all(&bytes).await.is_ok() {
            close_gently(stream).await;
        }
    }
}
