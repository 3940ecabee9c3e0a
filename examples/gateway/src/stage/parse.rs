//! Whether a message is JSON.

use bytes::Bytes;
use serde::de::IgnoredAny;

/// The same JSON value on one line, so that it can be a line of a file; `None` if it is none.
pub(crate) fn parse_json(body: &Bytes) -> Option<Bytes> {
    // First, because a value that is ignored is not looked at so closely.
    let text = str::from_utf8(body).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let breaks = |byte: &u8| matches!(byte, b'\n' | b'\r');
    if !body.iter().any(breaks) {
        return Some(body.clone());
    }
    // In JSON they can only stand between tokens, where a space means the same.
    Some(body.iter().map(|byte| if breaks(byte) { b' ' } else { *byte }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_comes_out_on_one_line_and_the_rest_does_not() {
        let parsed = |text: &'static str| parse_json(&Bytes::from(text));
        assert_eq!(parsed(r#"{"a": "\n"}"#).unwrap(), r#"{"a": "\n"}"#);
        assert_eq!(parsed("[1,\r\n 2]").unwrap(), "[1,   2]");
        for wrong in ["", "{", "1 2", "\"line\nbreak\"", "\u{feff}1"] {
            assert_eq!(parsed(wrong), None, "{wrong:?}");
        }
        assert_eq!(parse_json(&Bytes::from_static(b"\"\xff\"")), None);
    }
}
