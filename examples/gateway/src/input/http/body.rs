//! The body of a request: decompressed, within its limits, and read to its end though it is not
//! wanted.

use std::time::Duration;

use async_compression::tokio::bufread::GzipDecoder;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use http_body_util::BodyExt;
use tokio::time::timeout;
use tokio_util::io::{ReaderStream, StreamReader};

use super::super::Life;
use crate::account::Refusal;

/// How long what comes after an error is read yet. If it were not, the other side's system could
/// throw the answer away and report a reset.
const GENTLY: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge,
    TooSlow,
    Broken,
    Encoding,
}

impl BodyError {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::TooLarge => Refusal::TooLarge,
            Self::TooSlow => Refusal::TooSlow,
            Self::Broken | Self::Encoding => Refusal::Malformed,
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
            Self::Encoding => {
                let accepted = [(header::ACCEPT_ENCODING, "gzip")];
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, accepted, "only gzip is decompressed\n")
                    .into_response()
            }
        }
    }
}

/// The whole body, if it is within `limit` when it is decompressed, and there in `time`.
pub(super) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
    time: Duration,
    life: &Life,
) -> Result<Bytes, BodyError> {
    let encoding =
        headers.get(header::CONTENT_ENCODING).map_or(&b"identity"[..], |value| value.as_bytes());
    let ended = if encoding.eq_ignore_ascii_case(b"identity") {
        timeout(time, collect(&mut body, limit)).await
    } else if encoding.eq_ignore_ascii_case(b"gzip") {
        let compressed = StreamReader::new(TryStreamExt::map_err(
            body.into_data_stream(),
            std::io::Error::other,
        ));
        let mut decoder = GzipDecoder::new(compressed);
        decoder.multiple_members(true);
        body = Body::from_stream(ReaderStream::new(decoder));
        timeout(time, collect(&mut body, limit)).await
    } else {
        Ok(Err(BodyError::Encoding))
    };
    let error = match ended {
        Ok(Ok(body)) => return Ok(body),
        Ok(Err(error)) => error,
        Err(_) => BodyError::TooSlow,
    };
    // A client that asks before it sends has not sent anything.
    if matches!(error, BodyError::TooLarge | BodyError::Encoding)
        && !headers.contains_key(header::EXPECT)
    {
        read_gently(body, life);
    }
    Err(error)
}

/// Reads what is not wanted for a while, beside the answer.
pub(in crate::input) fn read_gently(mut body: Body, life: &Life) {
    life.spawn(async move {
        let _ = timeout(GENTLY, async { while let Some(Ok(_)) = body.frame().await {} }).await;
    });
}

async fn collect(body: &mut Body, limit: usize) -> Result<Bytes, BodyError> {
    if http_body::Body::size_hint(body).lower() > limit as u64 {
        return Err(BodyError::TooLarge);
    }
    let (mut first, mut more) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        if first.len() + more.len() + data.len() > limit {
            return Err(BodyError::TooLarge);
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
