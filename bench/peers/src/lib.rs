//! The queues of other crates, as contenders.
//!
//! No async runtime runs: of channels that can also wait, these are the calls that never do.

mod channel;
mod evicting;
mod rejecting;

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
    all
}
