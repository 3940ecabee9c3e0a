//! All queues there are.

use ringway::{Kind, Queue};

use super::spsc::Ends;

/// An empty queue of every kind, and the two ends of `spsc` as one, each with its name.
pub fn all<T: Send + 'static>(capacity: usize) -> impl Iterator<Item = (String, Box<dyn Queue<T>>)> {
    let kinds = Kind::ALL.iter().map(move |kind| (kind.to_string(), kind.build(capacity).unwrap()));
    kinds.chain([("spsc".into(), Box::new(Ends::new(capacity)) as _)])
}
