//! What was seen in a bucket of time.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use crate::moment::Moment;

/// How many keys are remembered at most, which is 32 MiB or so. A bucket with more begins again.
const MOST: usize = 1 << 20;

/// Time is cut into buckets of equal length. So the same in two buckets is seen for the first time
/// twice, however short the time between them.
///
/// Keys are remembered by a hash of 128 bits with secrets that nobody knows: two that differ are
/// not taken for the same.
pub(super) struct Buckets {
    width: Duration,
    begin: Moment,
    bucket: u128,
    seen: HashSet<u128>,
    secrets: [RandomState; 2],
}

impl Buckets {
    pub(super) fn new(width: Duration) -> Self {
        let secrets = [RandomState::new(), RandomState::new()];
        Self {
            width: width.max(Duration::from_nanos(1)),
            begin: Moment::now(),
            bucket: 0,
            seen: HashSet::new(),
            secrets,
        }
    }

    /// Whether the key is new in the bucket of that time; from now on it is not.
    pub(super) fn insert(&mut self, key: impl Hash, at: Moment) -> bool {
        let bucket = at.since(self.begin).as_nanos() / self.width.as_nanos();
        // Inputs race for the queue, so one may be a little older than the last: it is looked for
        // in the newer bucket.
        if bucket > self.bucket || self.seen.len() == MOST {
            self.bucket = bucket.max(self.bucket);
            self.seen.clear();
        }
        self.seen.insert(self.hash(key))
    }

    /// As if it had not been seen.
    pub(super) fn remove(&mut self, key: impl Hash) {
        let hash = self.hash(key);
        self.seen.remove(&hash);
    }

    fn hash(&self, key: impl Hash) -> u128 {
        let [high, low] = self.secrets.each_ref().map(|secret| u128::from(secret.hash_one(&key)));
        high << 64 | low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once_in_each_bucket() {
        let mut buckets = Buckets::new(Duration::from_secs(10));
        let begin = buckets.begin;
        let mut is_new =
            |seconds, key: &str| buckets.insert(key, begin.after(Duration::from_secs(seconds)));
        assert!(is_new(0, "a"));
        assert!(is_new(1, "b"));
        assert!(!is_new(9, "a"));
        assert!(is_new(10, "a"), "another bucket");
        assert!(!is_new(9, "a"), "a straggler is looked for in the newer bucket");
        assert!(!is_new(19, "a"));
        buckets.remove("a");
        assert!(buckets.insert("a", begin.after(Duration::from_secs(19))));
    }
}
