//! All queues there are.

use ringway::{AtomicRing, Kind, Metered, Queue};

use super::ends::Ends;

/// An empty queue of every kind, a metered one, and the two ends of `spsc` as one, each with its
/// name.
pub fn all<T: Send + 'static>(
    capacity: usize,
) -> impl Iterator<Item = (String, Box<dyn Queue<T>>)> {
    let kinds = Kind::ALL.iter().map(move |kind| (kind.to_string(), kind.build(capacity).unwrap()));
    let metered = Metered::new(AtomicRing::new(capacity));
    kinds.chain([
        ("metered".into(), Box::new(metered) as _),
        ("spsc".into(), Box::new(Ends::new(capacity)) as _),
    ])
}
