//! How bounded queues are compared where criterion cannot: in rounds, beside each other, by what
//! they deliver and how late.
//!
//! Start at `scene` and `rounds`, then read what happens in a turn: `single`, `threads`, `latency`,
//! and `wake` and `ping_pong` for channels, at whose ends one waits.

mod channel;
mod channels;
mod check;
mod command;
mod contender;
mod cores;
mod crew;
mod element;
mod entrant;
mod floors;
mod latency;
mod machine;
mod ping_pong;
mod queues;
mod results;
mod rounds;
mod scene;
mod scenes;
mod single;
mod summary;
mod table;
mod threads;
mod wake;
mod work;

pub use channel::{AsyncChannel, Channel};
pub use command::main;
pub use contender::{Consumer, Contender, Direct, Family, Kind, OnlyEnd, Producer, Shared};
pub use element::Element;
pub use entrant::Entrant;

/// The crate's own queues and channels, the peers that everybody compares with, and the floors.
pub fn entrants() -> Vec<Entrant> {
    [queues::entrants(), channels::entrants(), floors::entrants()].concat()
}

#[cfg(test)]
#[test]
fn all_that_is_timed_is_a_queue() {
    for entrant in entrants() {
        (entrant.check)();
    }
}
