//! A message as a line of JSON:
//! `{"received":"2025-01-31T12:00:00.000000Z","input":"udp","message":…}`. Of a message that came
//! by a request, `request_id`, `traceparent` and `peer` are there, too.
//!
//! `message` is the JSON value if messages are parsed as JSON, else text; what is not UTF-8 is in
//! `base64` instead.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::config::Parse;
use crate::message::Message;
use crate::moment::Moment;

#[derive(Serialize)]
struct Record<'a> {
    received: String,
    input: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<SocketAddr>,
    /// Why it was rejected, and by which output.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(flatten)]
    body: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Body<'a> {
    #[serde(rename = "message")]
    Json(&'a RawValue),
    #[serde(rename = "message")]
    Text(&'a str),
    Base64(String),
}

/// Appends the lines of a batch.
pub(super) fn write(batch: &[Message], parse: Parse, out: &mut Vec<u8>) -> serde_json::Result<()> {
    lines(batch.iter(), parse, None, out)
}

/// Appends lines of what `output` does not get, as text: it may be malformed.
#[cfg(feature = "file")]
pub(super) fn write_rejected(
    messages: &[&Message],
    reason: &str,
    output: &str,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    lines(messages.iter().copied(), Parse::Raw, Some((reason, output)), out)
}

fn lines<'a>(
    messages: impl Iterator<Item = &'a Message>,
    parse: Parse,
    rejected: Option<(&str, &str)>,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let (now, today) = (Moment::now(), SystemTime::now());
    for message in messages {
        // A clock that is wrong may be before what can be written down.
        let age = now.since(message.received);
        let received = today.checked_sub(age).unwrap_or(today).max(UNIX_EPOCH);
        let origin = message.origin.as_deref();
        let body = match (std::str::from_utf8(&message.body), parse) {
            (Ok(text), Parse::Json) => Body::Json(serde_json::from_str(text)?),
            (Ok(text), Parse::Raw) => Body::Text(text),
            (Err(_), _) => Body::Base64(BASE64_STANDARD.encode(&message.body)),
        };
        let received = humantime::format_rfc3339_micros(received).to_string();
        let record = Record {
            received,
            input: message.source.name(),
            request_id: origin.map(|origin| &*origin.request_id),
            traceparent: origin.and_then(|origin| origin.traceparent.as_deref()),
            peer: origin.map(|origin| origin.peer),
            rejected: rejected.map(|(reason, _)| reason),
            output: rejected.map(|(_, output)| output),
            body,
        };
        serde_json::to_writer(&mut *out, &record)?;
        out.push(b'\n');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Source;

    fn line(body: &'static [u8], parse: Parse) -> String {
        let message = Message {
            body: body.into(),
            received: Moment::now(),
            id: 1,
            source: Source::Udp,
            origin: None,
        };
        let mut out = Vec::new();
        write(&[message], parse, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (_, rest) = text.split_once("Z\",").unwrap();
        rest.to_string()
    }

    #[test]
    fn a_body_is_json_or_text_or_base64() {
        assert_eq!(
            line(br#"{"a":1.50}"#, Parse::Json),
            "\"input\":\"udp\",\"message\":{\"a\":1.50}}\n"
        );
        assert_eq!(
            line(b"two\nlines", Parse::Raw),
            "\"input\":\"udp\",\"message\":\"two\\nlines\"}\n"
        );
        assert_eq!(line(b"\xff", Parse::Raw), "\"input\":\"udp\",\"base64\":\"/w==\"}\n");
    }
}
