//! Leaves out what came before in the same time bucket.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::message::Message;

/// How many messages are remembered at most, which is 32 MiB or so. A bucket with more begins again.
const MOST: usize = 1 << 20;

/// Time is cut into buckets of equal length, by when messages were received; a message is a duplicate when the same bytes
/// were received before in its bucket. So the same in two buckets is none, however short the time between them.
///
/// Messages are remembered by a hash of 128 bits under keys that nobody knows: two that differ are not taken for the same.
pub(crate) struct Dedupe {
    width: Duration,
    begin: Instant,
    bucket: u128,
    seen: HashSet<u128>,
    keys: [RandomState; 2],
}

impl Dedupe {
    pub(crate) fn new(width: Duration) -> Self {
        let keys = [RandomState::new(), RandomState::new()];
        Self { width: width.max(Duration::from_nanos(1)), begin: Instant::now(), bucket: 0, seen: HashSet::new(), keys }
    }

    pub(crate) fn is_duplicate(&mut self, message: &Message) -> bool {
        let bucket = message.received.saturating_duration_since(self.begin).as_nanos() / self.width.as_nanos();
        // Inputs race for the queue, so one may be a little older than the last: it is looked for in the newer bucket.
        if bucket > self.bucket || self.seen.len() == MOST {
            self.bucket = bucket.max(self.bucket);
            self.seen.clear();
        }
        let [high, low] = self.keys.each_ref().map(|key| u128::from(key.hash_one(&message.body)));
        !self.seen.insert(high << 64 | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Source;

    #[test]
    fn the_same_bytes_are_a_duplicate_only_within_their_bucket() {
        let mut dedupe = Dedupe::new(Duration::from_secs(10));
        let begin = dedupe.begin;
        let mut is_duplicate = |seconds, body: &'static str| {
            let received = begin + Duration::from_secs(seconds);
            dedupe.is_duplicate(&Message { body: body.into(), received, id: 0, source: Source::Udp })
        };
        assert!(!is_duplicate(0, "a"));
        assert!(!is_duplicate(1, "b"));
        assert!(is_duplicate(9, "a"));
        assert!(!is_duplicate(10, "a"), "another bucket");
        assert!(is_duplicate(9, "a"), "a straggler is looked for in the newer bucket");
        assert!(is_duplicate(19, "a"));
    }
}
