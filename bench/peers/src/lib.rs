//! The queues of other crates, as contenders.

mod channels;
mod queues;
mod tokio;

use ringway_bench::Entrant;

/// All that are compared: those of `ringway_bench`, then the peers.
pub fn entrants() -> Vec<Entrant> {
    let mut all = ringway_bench::entrants();
    all.extend(queues::entrants());
    all.extend(channels::entrants());
    all.extend(tokio::entrants());
    all
}
