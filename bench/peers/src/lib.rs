//! The queues of other crates, as contenders.
//!
//! As queues, these are the calls of channels that never wait; `waiting` has those that do.

mod channel;
mod evicting;
mod rejecting;
mod waiting;

use ringway_bench::Entrant;

pub use evicting::{AsyncChannel, RingChannel, TokioBroadcast};
pub use rejecting::{Crossfire, Flume, Kanal, Rtrb};

/// All that are compared: those of `ringway_bench`, then the peers.
pub fn queues() -> Vec<Entrant> {
    let mut all = ringway_bench::queues();
    all.extend([
        Entrant::of::<RingChannel>(),
        Entrant::of::<AsyncChannel>(),
        Entrant::of::<TokioBroadcast>(),
        Entrant::of::<Flume>(),
        Entrant::of::<Kanal>(),
        Entrant::of::<Crossfire>(),
        Entrant::of::<Rtrb>(),
    ]);
    all.extend(waiting::channels());
    all
}
