//! The queues of other crates, as contenders.

mod channels;
mod queues;
mod tokio;

use bench_support::entrant::Entrant;

pub(crate) fn entrants() -> Vec<Entrant> {
    [queues::entrants(), channels::entrants(), tokio::entrants()].concat()
}
