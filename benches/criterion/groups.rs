//! Which groups there are. Names are short, because criterion cuts them to the margins of its
//! plots.

use bench_support::entrant::Entrant;
use bench_support::scene::{Inside, Place, Scene, Size, Sleeper, What};
use bench_support::scenes::{CAPACITY, many};

pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) scene: Scene,
}

/// Those of messages, and whether they are copied.
pub(crate) const MESSAGES: [(&str, bool); 2] = [("moved", false), ("copied", true)];

pub(crate) use bench_support::scenes::MESSAGES as SIZES;

/// The first of them are what the README's claims rest on.
pub(crate) const CLAIMS: usize = 6;

pub(crate) fn groups() -> Vec<Group> {
    let single = |what, size| Scene::single(what, size, CAPACITY);
    let threads = |crew| Scene::threads(crew, Size::Words1, CAPACITY, (0, 0));
    let half = What::Pair(Inside::Half);
    let many = many();
    let groups = [
        // A push on a full queue, with elements of 8 and of 24 bytes.
        ("over8", single(What::Overwrite, Size::Words1)),
        ("over24", single(What::Overwrite, Size::Words3)),
        // A push and a pop at half full.
        ("pair8", single(half, Size::Words1)),
        ("pair24", single(half, Size::Words3)),
        // Producers and consumers flat out: the time for each delivered element.
        ("1p1c", threads((1, 1))),
        (&format!("{many}p{many}c"), threads((many, many))),
        // The length at half full; a pop; a pop by a batch of 64.
        ("len", single(What::Len, Size::Words1)),
        ("pop", single(What::Drain { in_batches: false }, Size::Words1)),
        ("pop64", single(What::Drain { in_batches: true }, Size::Words1)),
        // Senders that wait for room, for each element.
        ("send1", Scene::lossless((1, 1), CAPACITY)),
        (&format!("send{many}"), Scene::lossless((many, 1), CAPACITY)),
        // From just before an element is sent until a thread or a task that slept has it.
        ("wake", Scene::wake(Sleeper::Thread, Place::Apart)),
        ("waketask", Scene::wake(Sleeper::Task, Place::Apart)),
    ];
    groups.map(|(name, scene)| Group { name: name.into(), scene }).into()
}

/// A channel is there once for threads and once for tasks, and never in the same scene.
pub(crate) fn names(entrants: &[Entrant]) -> Vec<&'static str> {
    let mut names: Vec<_> = entrants.iter().map(|entrant| entrant.name).collect();
    names.dedup();
    names
}

/// A contender's name, within ten letters.
pub(crate) fn short(name: &str) -> &str {
    match name {
        "ChannelQueue" => "ChannelQ",
        "ConcurrentQueue" => "ConcurrQ",
        "metered AtomicRing" => "Metered",
        "Arc of AtomicRing" => "Arc",
        "dyn AtomicRing" => "dyn Queue",
        "crossbeam-channel" => "crossbeam",
        "channel, recv_batch" => "recv_batch",
        "floor, 8-byte exchange" => "floor 8B",
        "floor, 16-byte exchange" => "floor 16B",
        "floor, cell exchange" => "floor cell",
        name => name,
    }
}
