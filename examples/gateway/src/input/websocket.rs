//! WebSocket: each message, text or binary, is one; nothing is answered. Over the limit, the connection is closed with code 1009.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::accept_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::write_response;
use tokio_tungstenite::tungstenite::http::{Response, StatusCode};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tracing::debug;

use super::connections::{Connections, Stream, close_gently};
use super::{Input, Life};
use crate::account::Refusal;
use crate::intake::Intake;
use crate::message::detach;

pub(super) struct WebSocket(pub(super) Connections);

/// How many messages are taken together, if they are there.
const AT_ONCE: usize = 256;
/// The default of 128 KiB is kept for each connection, and much of that unused.
const READ_BUFFER: usize = 16 * 1024;

#[async_trait]
impl Input for WebSocket {
    fn address(&self) -> io::Result<SocketAddr> {
        self.0.address()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        self.0.serve(intake, life, connection).await;
    }
}

async fn connection(mut stream: Stream, intake: Intake, life: Life) {
    let max = Some(intake.max_message());
    let config = WebSocketConfig::default().max_message_size(max).max_frame_size(max).read_buffer_size(READ_BUFFER);
    let accepted = life.stop.run_until_cancelled(accept_async_with_config(&mut stream, Some(config))).await;
    let socket = match accepted {
        Some(Ok(socket)) => socket,
        Some(Err(error)) => {
            debug!(%error, "no WebSocket connection");
            intake.refuse(Refusal::Malformed);
            return match error {
                Error::Io(_) => {}
                error => turn_away(&mut stream, &error).await,
            };
        }
        None => return,
    };
    let mut chunks = socket.ready_chunks(AT_ONCE);
    let mut bodies = Vec::new();
    let (code, reason) = loop {
        let Some(chunk) = life.stop.run_until_cancelled(chunks.next()).await else {
            break (CloseCode::Away, "shutting down".to_string());
        };
        // The other side has closed, and was answered.
        let Some(chunk) = chunk else { return };
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
        intake.take(bodies.drain(..));
        match failed {
            None => {}
            Some(Error::Capacity(_)) => {
                intake.refuse(Refusal::TooLarge);
                break (CloseCode::Size, intake.over_the_limit());
            }
            Some(Error::Utf8(error)) => {
                intake.refuse(Refusal::Malformed);
                break (CloseCode::Invalid, error);
            }
            Some(Error::Protocol(error)) => {
                intake.refuse(Refusal::Malformed);
                break (CloseCode::Protocol, error.to_string());
            }
            Some(error) => return debug!(%error, "connection ended"),
        }
    };
    let mut socket = chunks.into_inner();
    if socket.close(Some(CloseFrame { code, reason: reason.into() })).await.is_ok() {
        // Until the other side has closed, too.
        let _ = timeout(Duration::from_secs(1), async { while let Some(Ok(_)) = socket.next().await {} }).await;
        close_gently(socket.get_mut()).await;
    }
}

/// Answers who speaks HTTP, but asks for no WebSocket.
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
