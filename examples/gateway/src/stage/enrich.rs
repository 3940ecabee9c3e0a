//! Adds to JSON objects what is known about the value of one of their members.

use std::collections::HashMap;
use std::path::PathBuf;

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use crate::json;

/// A table from a file: a JSON object with an object for each value.
pub(crate) struct Enrich {
    by: String,
    file: PathBuf,
    known: HashMap<String, serde_json::Map<String, serde_json::Value>>,
}

impl Enrich {
    pub(crate) fn load(by: String, file: PathBuf) -> Result<Self, crate::Error> {
        let mut enrich = Self { by, file, known: HashMap::new() };
        enrich.reload()?;
        Ok(enrich)
    }

    /// Reads the file again; if it is wrong, all stays as it was.
    pub(crate) fn reload(&mut self) -> Result<(), crate::Error> {
        let read = || Ok::<_, crate::Error>(serde_json::from_slice(&std::fs::read(&self.file)?)?);
        self.known = read().map_err(|error| format!("{}: {error}", self.file.display()))?;
        Ok(())
    }

    /// The object with what is known; `None` if nothing is, or if it is no object. Its own members
    /// stay as they are.
    pub(crate) fn enriched(&self, body: &[u8]) -> Option<Bytes> {
        let known = self.known.get(&json::member(body, &self.by)?)?;
        let added: Vec<(&String, Box<RawValue>)> = known
            .iter()
            .filter_map(|(name, value)| Some((name, to_raw_value(value).ok()?)))
            .collect();
        let mut members = json::members(body)?;
        for (name, value) in &added {
            members.entry(name.as_str().into()).or_insert(value);
        }
        serde_json::to_vec(&members).ok().map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_added_and_nothing_is_replaced() {
        let known = serde_json::from_str(r#"{"7": {"place": "roof", "c": 0}}"#).unwrap();
        let enrich = Enrich { by: "sensor".into(), file: PathBuf::new(), known };
        let enriched = |body: &str| {
            enrich.enriched(body.as_bytes()).map(|body| String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(
            enriched(r#"{"sensor":7,"c":1.50}"#).unwrap(),
            r#"{"c":1.50,"place":"roof","sensor":7}"#
        );
        assert_eq!(enriched(r#"{"sensor":8}"#), None);
        assert_eq!(enriched("[7]"), None);
    }
}
