//! What is compared, and how: contenders, elements, scenes and floors, for criterion's benchmarks
//! (`criterion/`) and for the comparison in rounds (`compare/`).
//!
//! Start at `scene` and `entrant`, then read what happens in a turn: `single` and `messages`,
//! `threads`, `latency`, and `wake` and `ping_pong` for channels, at whose ends one waits.

pub mod channel;
pub mod check;
pub mod contender;
mod contenders;
pub mod cores;
mod crew;
pub mod element;
pub mod entrant;
mod floors;
pub mod latency;
mod messages;
mod ping_pong;
pub mod scene;
pub mod scenes;
mod single;
pub mod table;
mod threads;
mod wake;
mod work;

use entrant::Entrant;

/// The crate's own queues and channels, the peers that everybody compares with, and the floors.
pub fn entrants() -> Vec<Entrant> {
    use contenders::{channels, floors, queues};

    [queues::entrants(), channels::entrants(), floors::entrants()].concat()
}
