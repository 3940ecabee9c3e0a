//! Members of messages that are JSON objects, without a look at the rest.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The members of an object, in the order of their names; their values are as they were written.
pub(crate) type Members<'a> = BTreeMap<std::borrow::Cow<'a, str>, &'a RawValue>;

/// `None` if it is no JSON object.
pub(crate) fn members(body: &[u8]) -> Option<Members<'_>> {
    serde_json::from_slice(body).ok()
}

/// What a member says: the text of a string, and anything else as it was written.
pub(crate) fn member(body: &[u8], name: &str) -> Option<String> {
    let value = members(body)?.remove(name)?;
    Some(String::deserialize(value).unwrap_or_else(|_| value.get().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_text_or_as_it_was_written() {
        let body = br#"{"a": "x\ny", "b": 1.50, "c": {"d": 1}}"#;
        assert_eq!(
            ["a", "b", "c"].map(|name| member(body, name).unwrap()),
            ["x\ny", "1.50", r#"{"d": 1}"#]
        );
        assert_eq!(member(body, "d"), None);
        assert_eq!(member(b"[1]", "a"), None);
    }
}
