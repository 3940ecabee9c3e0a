//! Streaming TCP: any number of messages, framed by newlines or by lengths; nothing is answered but
//! errors.
//!
//! `tcp+lines`: a message ends with a newline, which is not part of it; the last one may end with
//! the stream instead. A message over the limit is skipped, and the connection lives on.
//!
//! `tcp+frames`: before a message, its length in four bytes, the most significant first. After a
//! length over the limit nothing can be relied on, so the connection is closed.
//!
//! An error is a line of text in the first case, and a frame of text in the second.

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_util::codec::{AnyDelimiterCodec, AnyDelimiterCodecError, Decoder, LengthDelimitedCodec};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::connections::{Connections, Stream, close_gently};
use super::{Input, Life};
use crate::account::Refusal;
use crate::intake::Intake;
use crate::message::detach;

pub(super) struct Tcp {
    connections: Connections,
    framing: Framing,
}

#[derive(Clone, Copy)]
enum Framing {
    Lines,
    Frames,
}

impl Tcp {
    pub(super) fn lines(connections: Connections) -> Self {
        Self { connections, framing: Framing::Lines }
    }

    pub(super) fn frames(connections: Connections) -> Self {
        Self { connections, framing: Framing::Frames }
    }
}

#[async_trait]
impl Input for Tcp {
    fn address(&self) -> io::Result<SocketAddr> {
        self.connections.address()
    }

    async fn run(self: Box<Self>, intake: Intake, life: Life) {
        let Self { connections, framing } = *self;
        let handle = move |mut stream: Stream, intake: Intake, life: Life| async move {
            let max = intake.limits().message;
            let ended = match framing {
                Framing::Lines => {
                    let codec =
                        AnyDelimiterCodec::new_with_max_length(b"\n".to_vec(), Vec::new(), max);
                    read(&mut stream, codec, &intake, &life.stop).await
                }
                Framing::Frames => {
                    let codec = LengthDelimitedCodec::builder().max_frame_length(max).new_codec();
                    read(&mut stream, codec, &intake, &life.stop).await
                }
            };
            if let Err(error) = ended {
                debug!(%error, peer = %intake.peer(), "connection ended");
            }
        };
        connections.serve(intake, life, handle).await;
    }
}

/// How much is read at once; it grows while reads fill it.
const FIRST_READ: usize = 4 * 1024;
const LARGEST_READ: usize = 64 * 1024;

/// A connection, until its end or until it is told to stop: what has been decoded by then goes into
/// the queue.
async fn read<C: Framed>(
    stream: &mut Stream,
    mut codec: C,
    intake: &Intake,
    stop: &CancellationToken,
) -> io::Result<()> {
    let (mut buffer, mut size) = (BytesMut::new(), FIRST_READ);
    // All of a read go in together: one look at the clock, and one visit to the counters.
    let mut bodies = Vec::new();
    let topic = intake.topic("");
    let mut hold = intake.budget().hold();
    // Since when a message is there that is not whole.
    let mut since = None;
    loop {
        if intake.budget().is_scarce() {
            size = FIRST_READ;
        }
        if !hold.reach(buffer.len() + size).await {
            intake.refuse(Refusal::Overload, None);
            drop(buffer);
            stream.write_all(&C::say("too much is unfinished")).await?;
            close_gently(stream).await;
            return Ok(());
        }
        buffer.reserve(size);
        let mut space = (&mut buffer).limit(size);
        let reading = stop.run_until_cancelled(stream.read_buf(&mut space));
        let read = match since {
            None => Ok(reading.await),
            Some(since) => timeout_at(since + intake.limits().time, reading).await,
        };
        let read = match read {
            Ok(Some(read)) => read?,
            Ok(None) => return Ok(()),
            Err(_) => {
                intake.refuse(Refusal::TooSlow, None);
                stream.write_all(&C::say("the message takes too long")).await?;
                close_gently(stream).await;
                return Ok(());
            }
        };
        size = match read {
            all if all == size => (2 * size).min(LARGEST_READ),
            few if few < size / 4 => FIRST_READ,
            _ => size,
        };
        let (mut errors, mut lost) = (Vec::new(), false);
        while !lost {
            let decoded =
                if read == 0 { codec.decode_eof(&mut buffer) } else { codec.decode(&mut buffer) };
            match decoded {
                Ok(Some(frame)) => {
                    since = None;
                    bodies.push(detach(frame.into()));
                }
                Ok(None) => break,
                Err(error) => {
                    let why = C::refusal(&error);
                    intake.refuse(why, None);
                    errors.extend(match why {
                        Refusal::TooLarge => C::say(&intake.over_the_limit()),
                        _ => C::say("not a whole message"),
                    });
                    lost = C::IS_LOST_AFTER_ERROR;
                }
            }
        }
        intake.take(topic, &mut bodies, None).await;
        since = if buffer.is_empty() { None } else { since.or_else(|| Some(Instant::now())) };
        if buffer.is_empty() && size == FIRST_READ {
            // A connection that has become silent keeps no more than one that always was.
            buffer = BytesMut::new();
        }
        if !errors.is_empty() {
            stream.write_all(&errors).await?;
            stream.flush().await?;
        }
        if read == 0 || lost {
            close_gently(stream).await;
            return Ok(());
        }
    }
}

/// What the two framings differ in.
trait Framed: Decoder<Item: Into<Bytes>> {
    const IS_LOST_AFTER_ERROR: bool;
    fn refusal(error: &Self::Error) -> Refusal;
    fn say(text: &str) -> Vec<u8>;
}

impl Framed for AnyDelimiterCodec {
    const IS_LOST_AFTER_ERROR: bool = false;

    fn refusal(error: &AnyDelimiterCodecError) -> Refusal {
        match error {
            AnyDelimiterCodecError::MaxChunkLengthExceeded => Refusal::TooLarge,
            AnyDelimiterCodecError::Io(_) => Refusal::Malformed,
        }
    }

    fn say(text: &str) -> Vec<u8> {
        format!("error: {text}\n").into_bytes()
    }
}

impl Framed for LengthDelimitedCodec {
    const IS_LOST_AFTER_ERROR: bool = true;

    fn refusal(error: &io::Error) -> Refusal {
        match error.kind() {
            io::ErrorKind::InvalidData => Refusal::TooLarge,
            _ => Refusal::Malformed,
        }
    }

    fn say(text: &str) -> Vec<u8> {
        let text = format!("error: {text}");
        [&u32::try_from(text.len()).expect("it is short").to_be_bytes(), text.as_bytes()].concat()
    }
}
