//! The body of a request: decompressed, within its limits, and read to its end though it is not
//! wanted.

use std::time::Duration;

use async_compression::tokio::bufread::GzipDecoder;
use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt};
use tokio::time::timeout;
use tokio_util::io::{ReaderStream, StreamReader};

use super::super::Life;
use crate::account::Refusal;
use crate::budget::Hold;

/// How long what comes after an error is read yet. If it were not, the other side's system could
/// throw the answer away and report a reset.
const GENTLY: Duration = Duration::from_secs(5);
/// How much of it.
const GENTLY_BYTES: usize = 64 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TooSlow,
    Broken,
    Encoding,
    /// There is no room beside what others have not sent to its end yet.
    Overload,
}

impl BodyError {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::TooLarge => Refusal::TooLarge,
            Self::TooSlow => Refusal::TooSlow,
            Self::Broken | Self::Encoding => Refusal::Malformed,
            Self::Overload => Refusal::Overload,
        }
    }

    pub(super) fn answer(self, limit: usize) -> Response {
        match self {
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("message over the limit of {limit} bytes\n"),
            )
                .into_response(),
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "the message takes too long\n").into_response()
            }
            Self::Broken => (StatusCode::BAD_REQUEST, "the body is broken\n").into_response(),
            Self::Overload => {
                let later = [(header::RETRY_AFTER, "1")];
                (StatusCode::SERVICE_UNAVAILABLE, later, "too much is unfinished\n").into_response()
            }
            Self::Encoding => {
                let accepted = [(header::ACCEPT_ENCODING, "gzip")];
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, accepted, "only gzip is decompressed\n")
                    .into_response()
            }
        }
    }
}

/// The whole body, if it is within `limit` when it is decompressed, and there in `time`. What of it
/// is there is in `hold`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    time: Duration,
    hold: &mut Hold,
    life: &Life,
) -> Result<Bytes, BodyError> {
    let encoding =
        headers.get(header::CONTENT_ENCODING).map_or(&b"identity"[..], |value| value.as_bytes());
    let known = http_body::Body::size_hint(&body).lower();
    let mut body = body.into_data_stream();
    let ended = if encoding.eq_ignore_ascii_case(b"identity") {
        if known > limit as u64 {
            Ok(Err(BodyError::TooLarge))
        } else {
            timeout(time, collect(&mut body, limit, hold)).await
        }
    } else if encoding.eq_ignore_ascii_case(b"gzip") {
        let compressed = StreamReader::new(TryStreamExt::map_err(&mut body, std::io::Error::other));
        let mut decoder = GzipDecoder::new(compressed);
        decoder.multiple_members(true);
        timeout(time, collect(&mut ReaderStream::new(decoder), limit, hold)).await
    } else {
        Ok(Err(BodyError::Encoding))
    };
    let error = match ended {
        Ok(Ok(body)) => return Ok(body),
        Ok(Err(error)) => error,
        Err(_) => BodyError::TooSlow,
    };
    hold.try_reach(0);
    // A client that asks before it sends has not sent anything.
    if matches!(error, BodyError::TooLarge | BodyError::Encoding | BodyError::Overload)
        && !headers.contains_key(header::EXPECT)
    {
        // As it comes: what is decompressed may be a thousand times as much.
        drain(body, life);
    }
    Err(error)
}

/// Reads what is not wanted for a while, beside the answer.
pub(in crate::input) fn read_gently(body: Body, life: &Life) {
    drain(body.into_data_stream(), life);
}

fn drain(mut body: BodyDataStream, life: &Life) {
    life.spawn(async move {
        let drain = async {
            let mut drained = 0;
            while let (true, Some(Ok(data))) = (drained < GENTLY_BYTES, body.next().await) {
                drained += data.len();
            }
        };
        let _ = timeout(GENTLY, drain).await;
    });
}

async fn collect<E>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    limit: usize,
    hold: &mut Hold,
) -> Result<Bytes, BodyError> {
    let (mut first, mut more) = (Bytes::new(), BytesMut::new());
    while let Some(data) = body.next().await {
        let data = data.map_err(|_| BodyError::Broken)?;
        let inside = first.len() + more.len() + data.len();
        if inside > limit {
            return Err(BodyError::TooLarge);
        }
        if !hold.try_reach(inside) {
            return Err(BodyError::Overload);
        }
        if first.is_empty() && more.is_empty() {
            // Most have one piece, which is not copied.
            first = data;
        } else {
            more.extend_from_slice(&std::mem::take(&mut first));
            more.extend_from_slice(&data);
        }
    }
    Ok(if more.is_empty() { first } else { more.freeze() })
}
