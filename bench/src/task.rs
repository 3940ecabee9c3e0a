//! A scene, how it is measured, and what came of it.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::contender::Kind;
use crate::results::{Group, Scene};

/// A scene, and what is done in it.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) scene: Scene,
    pub(crate) what: What,
    pub(crate) element: Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Push on a full queue.
    Overwrite,
    /// Push and pop, in turns.
    Pair(Inside),
    PopOnEmpty,
    /// Producers and consumers flat out.
    Threads,
    /// A message, of so many bytes, goes round and round.
    Moved(usize),
    /// A message is made by a copy for each push, and dropped after its pop.
    Copied(usize),
    /// Producers push by the clock.
    Latency,
    /// An element for one that sleeps.
    Wake(Sleeper, Place),
    /// An element goes to another thread and comes back.
    PingPong,
    /// Producers send as fast as they may, through a channel that evicts or waits.
    Flow(Kind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleeper {
    Thread,
    /// Of a runtime with threads.
    Task,
    /// Of a runtime within the thread.
    TaskOfThread,
}

/// Where it sleeps, seen from who wakes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On another core, which has to be woken too.
    Apart,
    /// On the same one, which is in use by who wakes it.
    Beside,
}

/// How many elements are in the queue before a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    None,
    Half,
    AllButOne,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Words1,
    Words3,
    Words32,
    Boxed(usize),
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words1 => f.write_str("8B"),
            Self::Words3 => f.write_str("24B"),
            Self::Words32 => f.write_str("256B"),
            Self::Boxed(bytes) => write!(f, "{bytes}B boxed"),
        }
    }
}

impl Inside {
    pub(crate) fn of(self, capacity: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Half => capacity / 2,
            Self::AllButOne => capacity - 1,
            Self::All => capacity,
        }
    }
}

impl Task {
    pub(crate) fn single(what: What, element: Size, capacity: usize) -> Self {
        let doing = match what {
            What::Pair(Inside::None) => "pair-empty",
            What::Pair(Inside::Half) => "pair-half",
            What::Pair(_) => "pair-full",
            What::PopOnEmpty => "pop-empty",
            _ => "overwrite",
        };
        let name = format!("single/{doing}/{element}/cap{capacity}");
        Self::new(Group::Single, name, what, element, capacity, (1, 1))
    }

    pub(crate) fn moved(bytes: usize) -> Self {
        let name = format!("messages/moved/{bytes}B");
        Self::new(Group::Messages, name, What::Moved(bytes), Size::Boxed(bytes), 1024, (1, 1))
    }

    pub(crate) fn copied(bytes: usize) -> Self {
        let name = format!("messages/copied/{bytes}B");
        Self::new(Group::Messages, name, What::Copied(bytes), Size::Boxed(bytes), 1024, (1, 1))
    }

    /// `work`: nanoseconds for an element, of a producer and of a consumer.
    pub(crate) fn threads(threads: (usize, usize), element: Size, capacity: usize, work: (u64, u64)) -> Self {
        let ((p, c), (produce, consume)) = (threads, work);
        let name = format!("threads/{p}p{c}c/{element}/cap{capacity}/produce{produce}/consume{consume}");
        let mut task = Self::new(Group::Threads, name, What::Threads, element, capacity, threads);
        (task.scene.produce_ns, task.scene.consume_ns) = work;
        task
    }

    pub(crate) fn latency(threads: (usize, usize), element: Size, consume_ns: u64, rate: u64) -> Self {
        let (p, c) = threads;
        let name = format!("latency/{p}p{c}c/{element}/consume{consume_ns}/rate{rate}");
        let mut task = Self::new(Group::Latency, name, What::Latency, element, 1024, threads);
        task.scene.consume_ns = consume_ns;
        task.scene.rate = Some(rate as f64);
        task
    }

    pub(crate) fn wake(sleeper: Sleeper, place: Place) -> Self {
        let who = match sleeper {
            Sleeper::Thread => "thread",
            Sleeper::Task => "task",
            Sleeper::TaskOfThread => "task-of-thread",
        };
        let place_name = match place {
            Place::Apart => "apart",
            Place::Beside => "beside",
        };
        let name = format!("pipes/wake/{who}/{place_name}");
        Self::new(Group::Pipes, name, What::Wake(sleeper, place), Size::Words1, 1024, (1, 1))
    }

    pub(crate) fn ping_pong() -> Self {
        Self::new(Group::Pipes, "pipes/ping-pong/8B".into(), What::PingPong, Size::Words1, 1024, (1, 1))
    }

    /// `full`: what is done about one element too many.
    pub(crate) fn flow(full: Kind, producers: usize) -> Self {
        let doing = if full == Kind::Evicts { "evicting" } else { "lossless" };
        let name = format!("pipes/{doing}/{producers}p1c/8B/cap1024");
        Self::new(Group::Pipes, name, What::Flow(full), Size::Words1, 1024, (producers, 1))
    }

    fn new(
        group: Group,
        name: String,
        what: What,
        element: Size,
        capacity: usize,
        (producers, consumers): (usize, usize),
    ) -> Self {
        let (produce_ns, consume_ns, rate) = (0, 0, None);
        let scene = Scene {
            group,
            name,
            element: element.to_string(),
            capacity,
            producers,
            consumers,
            produce_ns,
            consume_ns,
            rate,
        };
        Self { scene, what, element }
    }
}

/// How much is done in a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// The timed part of one thread: long against the clock, short against the machine's moods.
    pub(crate) single: Duration,
    /// Several time slices of the operating system for each thread.
    pub(crate) window: Duration,
    /// Some ten thousand pushes, so that one in ten thousand is seen.
    pub(crate) latency: Duration,
}

impl Effort {
    pub(crate) const SHORT: Self = Self::milliseconds(1.5, 30.0, 100.0);
    pub(crate) const FULL: Self = Self::milliseconds(2.0, 40.0, 200.0);
    /// So that everything has run.
    pub(crate) const TEST: Self = Self::milliseconds(0.01, 0.2, 0.5);

    const fn milliseconds(single: f64, window: f64, latency: f64) -> Self {
        Self {
            single: Duration::from_nanos((single * 1e6) as u64),
            window: Duration::from_nanos((window * 1e6) as u64),
            latency: Duration::from_nanos((latency * 1e6) as u64),
        }
    }
}

/// What one turn of one contender shows.
#[derive(Default)]
pub(crate) struct Sample {
    pub(crate) metrics: Vec<(String, f64)>,
    pub(crate) histograms: Vec<(&'static str, Histogram<u64>)>,
}

impl Sample {
    pub(crate) fn of<const N: usize>(metrics: [(&str, f64); N]) -> Self {
        let metrics = metrics.map(|(metric, value)| (metric.to_string(), value)).into();
        Self { metrics, histograms: Vec::new() }
    }
}
