//! Of JSON objects with the same key, leaves the first in each time bucket: one reading per sensor
//! and second.

use std::time::Duration;

use super::buckets::Buckets;
use crate::json;
use crate::message::Message;

pub(crate) struct Reduce {
    by: String,
    seen: Buckets,
}

impl Reduce {
    pub(crate) fn new(by: String, every: Duration) -> Self {
        Self { by, seen: Buckets::new(every) }
    }

    /// What has no key stays.
    pub(crate) fn is_one_too_many(&mut self, message: &Message) -> bool {
        json::member(&message.body, &self.by)
            .is_some_and(|key| !self.seen.insert(key, message.received))
    }

    /// That it was not delivered: the next with its key takes its place.
    pub(crate) fn forget(&mut self, message: &Message) {
        if let Some(key) = json::member(&message.body, &self.by) {
            self.seen.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Source;
    use crate::moment::Moment;

    #[test]
    fn one_of_each_key_is_left() {
        let mut reduce = Reduce::new("sensor".into(), Duration::from_secs(3600));
        let mut is_one_too_many = |body: &'static str| {
            let message = Message {
                body: body.into(),
                received: Moment::now(),
                id: 0,
                source: Source::Udp,
                origin: None,
            };
            reduce.is_one_too_many(&message)
        };
        let bodies = [
            r#"{"sensor":1,"c":2}"#,
            r#"{"sensor":1,"c":3}"#,
            r#"{"sensor":2}"#,
            "{}",
            "{}",
            "no object",
        ];
        assert_eq!(bodies.map(&mut is_one_too_many), [false, true, false, false, false, false]);
    }
}
