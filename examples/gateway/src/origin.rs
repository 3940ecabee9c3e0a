//! By which request a message came: what connects the lines of several systems' logs.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use axum::http::HeaderMap;

/// The header that has a request's id, in the request and in the answer.
pub(crate) const REQUEST_ID: &str = "x-request-id";
/// That of the W3C's Trace Context.
pub(crate) const TRACE_PARENT: &str = "traceparent";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) peer: SocketAddr,
    /// That of `X-Request-Id`; without it, the trace of `traceparent`; without that, one of our
    /// own.
    pub(crate) request_id: String,
    pub(crate) traceparent: Option<String>,
}

/// A longer one is not taken over: it goes into every log.
const LONGEST: usize = 128;

impl Origin {
    pub(crate) fn of(headers: &HeaderMap, peer: SocketAddr) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let is_plain = |id: &&str| {
            !id.is_empty() && id.len() <= LONGEST && id.bytes().all(|b| b.is_ascii_graphic())
        };
        let traceparent = text(TRACE_PARENT).filter(|text| trace_id(text).is_some());
        let request_id = text(REQUEST_ID).filter(is_plain).or(traceparent.and_then(trace_id));
        let request_id = request_id.map_or_else(next_id, str::to_string);
        Self { peer, request_id, traceparent: traceparent.map(str::to_string) }
    }
}

/// `00-<32 digits of the trace>-<16 of the parent>-<2 of flags>`; later versions may have more at
/// the end.
fn trace_id(text: &str) -> Option<&str> {
    let mut parts = text.split('-');
    let mut part = |digits| {
        let part = parts.next()?;
        let is_hex = part.len() == digits
            && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then_some(part)
    };
    let (version, trace, parent, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let is_some = |digits: &str| digits.bytes().any(|digit| digit != b'0');
    let is_whole = text.len() <= LONGEST && (version != "00" || parts.next().is_none());
    (version != "ff" && is_some(trace) && is_some(parent) && is_whole).then_some(trace)
}

/// Unique without a look at a source of randomness: when the process began, which one it is, and a
/// number.
fn next_id() -> String {
    static PROCESS: LazyLock<String> = LazyLock::new(|| {
        let began = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_micros();
        format!("{began:x}-{:x}", std::process::id())
    });
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{}-{:x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    fn id(headers: &[(&'static str, &str)]) -> (String, Option<String>) {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let origin = Origin::of(&headers, SocketAddr::from(([127, 0, 0, 1], 7)));
        (origin.request_id, origin.traceparent)
    }

    #[test]
    fn an_id_is_taken_over_or_made() {
        let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
        assert_eq!(
            id(&[(REQUEST_ID, "abc"), (TRACE_PARENT, &parent)]),
            ("abc".into(), Some(parent.clone()))
        );
        assert_eq!(id(&[(TRACE_PARENT, &parent)]), (TRACE.into(), Some(parent)));
        assert_ne!(id(&[]), id(&[]));
    }

    #[test]
    fn what_is_malformed_is_not_taken_over() {
        for wrong in ["", "two words", &"x".repeat(LONGEST + 1)] {
            assert_ne!(id(&[(REQUEST_ID, wrong)]).0, wrong);
        }
        let zeros = "0".repeat(32);
        for wrong in [
            "00",
            &format!("00-{zeros}-b7ad6b7169203331-01"),
            &format!("ff-{TRACE}-b7ad6b7169203331-01"),
        ] {
            assert_eq!(id(&[(TRACE_PARENT, wrong)]).1, None);
        }
    }
}
