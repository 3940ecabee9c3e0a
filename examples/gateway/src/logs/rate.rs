//! How many lines of one kind there may be in a second: an output that is down must not fill a disk
//! with what is said of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, info};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Lets no event pass of which there were enough in this second; with the next that passes it is
/// said how many were left out. Those of one kind are those that one place in the program makes.
pub(super) struct Rate {
    most: usize,
    seconds: Mutex<HashMap<Identifier, Second>>,
}

struct Second {
    begin: Instant,
    events: usize,
}

impl Rate {
    pub(super) fn of(most: usize) -> Self {
        Self { most, seconds: Mutex::default() }
    }

    /// Whether one more may pass, and how many of the second before may not have.
    fn one_more(&self, kind: Identifier, now: Instant) -> (bool, usize) {
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        let second = seconds.entry(kind).or_insert(Second { begin: now, events: 0 });
        let mut left_out = 0;
        if now.duration_since(second.begin) >= Duration::from_secs(1) {
            left_out = second.events.saturating_sub(self.most);
            *second = Second { begin: now, events: 0 };
        }
        second.events += 1;
        (second.events <= self.most, left_out)
    }
}

impl<S: Subscriber> Layer<S> for Rate {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let (may_pass, left_out) = self.one_more(event.metadata().callsite(), Instant::now());
        if left_out > 0 {
            let mut like = Message(String::new());
            event.record(&mut like);
            info!(lines = left_out, like = like.0, "left out");
        }
        may_pass
    }
}

/// What an event says, without its fields.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        fn kind() -> Identifier {
            let mut kind = None;
            tracing::subscriber::with_default(tracing_subscriber::registry(), || {
                kind = tracing::info_span!("a").metadata().map(|metadata| metadata.callsite());
            });
            kind.unwrap()
        }
        let (rate, kind, begin) = (Rate::of(2), kind(), Instant::now());
        let passed: Vec<_> = (0..5).map(|_| rate.one_more(kind.clone(), begin).0).collect();
        assert_eq!(passed, [true, true, false, false, false]);
        let later = begin + Duration::from_secs(1);
        assert_eq!(rate.one_more(kind.clone(), later), (true, 3));
        assert_eq!(rate.one_more(kind, later), (true, 0));
    }
}
