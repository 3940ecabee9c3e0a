//! How each protocol sends.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use bytes::Bytes;
use clap::ValueEnum;
use futures_util::future::try_join_all;
use futures_util::{SinkExt, StreamExt, stream};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::yield_now;
use tokio_tungstenite::tungstenite;

use crate::proto::Message;
use crate::proto::ingest_client::IngestClient;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
pub(super) enum Protocol {
    #[value(name = "http1")]
    Http1,
    #[value(name = "http2")]
    Http2,
    GrpcUnary,
    GrpcStream,
    Udp,
    TcpLines,
    TcpFrames,
    WebSocket,
}

impl Protocol {
    /// That of the endpoint it sends to.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Http1 | Self::Http2 => "http",
            Self::GrpcUnary | Self::GrpcStream => "grpc",
            Self::Udp => "udp",
            Self::TcpLines => "tcp+lines",
            Self::TcpFrames => "tcp+frames",
            Self::WebSocket => "ws",
        }
    }

    /// Whether a connection has many requests under way at once.
    pub(super) fn has_streams(self) -> bool {
        matches!(self, Self::Http2 | Self::GrpcUnary)
    }

    /// Whether each message is.
    pub(super) fn answers(self) -> bool {
        matches!(self, Self::Http1 | Self::Http2 | Self::GrpcUnary)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::GrpcUnary => "gRPC, unary",
            Self::GrpcStream => "gRPC, streaming",
            Self::Udp => "UDP",
            Self::TcpLines => "TCP, lines",
            Self::TcpFrames => "TCP, frames",
            Self::WebSocket => "WebSocket",
        })
    }
}

/// Serial: one connection, one message at a time, each written by itself and, where there are
/// answers, answered before the next. Parallel: several connections, those of HTTP/2 with many
/// requests under way each; those without answers write
/// many messages at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Mode {
    Serial,
    Parallel,
}

impl Mode {
    pub(super) const ALL: [Self; 2] = [Self::Serial, Self::Parallel];
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Serial { "serial" } else { "parallel" })
    }
}

#[derive(Default)]
pub(super) struct Tally {
    pub(super) sent: u64,
    pub(super) refused: u64,
}

/// How much a parallel sender writes at once, in bytes or messages, whichever is less.
const BYTES_AT_ONCE: usize = 64 * 1024;
const MESSAGES_AT_ONCE: usize = 1024;

/// One connection, which sends until then; when it returns, all that arrives has arrived (but for
/// UDP).
pub(super) async fn send(
    protocol: Protocol,
    mode: Mode,
    to: SocketAddr,
    message: Bytes,
    until: Instant,
    at_once: usize,
) -> Result<Tally, crate::Error> {
    let burst = if mode == Mode::Serial {
        1
    } else {
        (BYTES_AT_ONCE / message.len().max(1)).clamp(1, MESSAGES_AT_ONCE)
    };
    match protocol {
        Protocol::Http1 => http1(to, message, until).await,
        Protocol::Http2 => http2(to, message, until, at_once).await,
        Protocol::GrpcUnary => grpc_unary(to, message, until, at_once).await,
        Protocol::GrpcStream => grpc_stream(to, message, until, burst).await,
        Protocol::Udp => udp(to, message, until).await,
        Protocol::TcpLines => {
            tcp(to, [&message[..], b"\n"].concat().repeat(burst), burst, until).await
        }
        Protocol::TcpFrames => {
            let length = u32::try_from(message.len())?.to_be_bytes();
            tcp(to, [&length, &message[..]].concat().repeat(burst), burst, until).await
        }
        Protocol::WebSocket => websocket(to, message, until, burst).await,
    }
}

async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(to).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

async fn http1(to: SocketAddr, message: Bytes, until: Instant) -> Result<Tally, crate::Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(connect(to).await?)).await?;
    tokio::spawn(connection);
    let mut tally = Tally::default();
    while Instant::now() < until {
        let request =
            Request::post("/").header("host", "bench").body(Body::from(message.clone()))?;
        answered(sender.send_request(request).await?).await?;
        tally.sent += 1;
        sender.ready().await?;
    }
    Ok(tally)
}

async fn http2(
    to: SocketAddr,
    message: Bytes,
    until: Instant,
    at_once: usize,
) -> Result<Tally, crate::Error> {
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(connect(to).await?)).await?;
    tokio::spawn(connection);
    let requests = (0..at_once).map(async |_| {
        let (mut sender, mut tally) = (sender.clone(), Tally::default());
        while Instant::now() < until {
            let request =
                Request::post(format!("http://{to}/")).body(Body::from(message.clone()))?;
            answered(sender.send_request(request).await?).await?;
            tally.sent += 1;
        }
        Ok(tally)
    });
    sum(try_join_all(requests).await)
}

fn sum(tallies: Result<Vec<Tally>, crate::Error>) -> Result<Tally, crate::Error> {
    Ok(Tally { sent: tallies?.iter().map(|tally| tally.sent).sum(), refused: 0 })
}

async fn answered(
    response: axum::http::Response<hyper::body::Incoming>,
) -> Result<(), crate::Error> {
    let status = response.status();
    axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await?;
    if status == StatusCode::ACCEPTED { Ok(()) } else { Err(format!("it answers {status}").into()) }
}

async fn grpc_unary(
    to: SocketAddr,
    body: Bytes,
    until: Instant,
    at_once: usize,
) -> Result<Tally, crate::Error> {
    let client = IngestClient::connect(format!("http://{to}")).await?;
    let requests = (0..at_once).map(async |_| {
        let (mut client, mut tally) = (client.clone(), Tally::default());
        while Instant::now() < until {
            client.send(Message { body: body.clone(), ..Message::default() }).await?;
            tally.sent += 1;
        }
        Ok(tally)
    });
    sum(try_join_all(requests).await)
}

async fn grpc_stream(
    to: SocketAddr,
    body: Bytes,
    until: Instant,
    burst: usize,
) -> Result<Tally, crate::Error> {
    let mut client = IngestClient::connect(format!("http://{to}")).await?;
    let message = Message { body, ..Message::default() };
    let bursts = stream::unfold(message, move |message| async move {
        // What is ready is written together, so a burst ends where this is not.
        yield_now().await;
        (Instant::now() < until).then(|| (stream::iter(vec![message.clone(); burst]), message))
    });
    let accepted = client.stream(bursts.flatten()).await?.into_inner();
    Ok(Tally { sent: accepted.stored + accepted.rejected, refused: 0 })
}

async fn udp(to: SocketAddr, message: Bytes, until: Instant) -> Result<Tally, crate::Error> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    socket.connect(to).await?;
    let mut tally = Tally::default();
    while Instant::now() < until {
        match socket.send(&message).await {
            Ok(_) => tally.sent += 1,
            // Larger than any datagram: no second try has another end.
            Err(error)
                if error.raw_os_error() == Some(rustix::io::Errno::MSGSIZE.raw_os_error()) =>
            {
                tally.refused += 1;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(tally)
}

async fn tcp(
    to: SocketAddr,
    burst: Vec<u8>,
    messages: usize,
    until: Instant,
) -> Result<Tally, crate::Error> {
    let mut socket = connect(to).await?;
    let mut tally = Tally::default();
    while Instant::now() < until {
        socket.write_all(&burst).await?;
        tally.sent += messages as u64;
    }
    socket.shutdown().await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    if answer.is_empty() { Ok(tally) } else { Err(answer.into()) }
}

async fn websocket(
    to: SocketAddr,
    message: Bytes,
    until: Instant,
    burst: usize,
) -> Result<Tally, crate::Error> {
    let (mut socket, _) =
        tokio_tungstenite::client_async(format!("ws://{to}/"), connect(to).await?).await?;
    let mut tally = Tally::default();
    while Instant::now() < until {
        for _ in 0..burst {
            socket.feed(tungstenite::Message::Binary(message.clone())).await?;
        }
        socket.flush().await?;
        tally.sent += burst as u64;
    }
    socket.close(None).await?;
    while let Some(answer) = socket.next().await {
        answer?;
    }
    Ok(tally)
}
