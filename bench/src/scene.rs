//! A scene, how much is done in it, and what came of it.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

/// What is done. The name is unique, and says all of it.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) what: What,
    pub(crate) size: Size,
    pub(crate) capacity: usize,
    pub(crate) producers: usize,
    pub(crate) consumers: usize,
    /// The work of a producer for each element, and of a consumer.
    pub(crate) produce_ns: u64,
    pub(crate) consume_ns: u64,
    /// Pushes a second, of all producers together, in a scene that goes by the clock.
    pub(crate) rate: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Push on a full queue.
    Overwrite,
    /// Push and pop, in turns.
    Pair(Inside),
    PopOnEmpty,
    /// Producers push flat out, and consumers take.
    Threads,
    /// The same through channels whose senders wait for room.
    Lossless,
    /// Producers push by the clock.
    Latency,
    /// An element for one that sleeps.
    Wake(Sleeper, Place),
    /// An element goes to another thread and comes back.
    PingPong,
}

/// How many elements are in the queue before a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    None,
    Half,
    AllButOne,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sleeper {
    Thread,
    /// Of a runtime with threads.
    Task,
    /// Of a runtime within the thread.
    TaskOfThread,
}

/// Where it sleeps, seen from the thread that wakes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On another core, which has to be woken too.
    Apart,
    /// On the same core, which is in use.
    Beside,
}

/// Of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Words1,
    Words3,
    Words32,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Words1 => "8B",
            Self::Words3 => "24B",
            Self::Words32 => "256B",
        })
    }
}

impl Inside {
    pub(crate) fn of(self, capacity: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Half => capacity / 2,
            Self::AllButOne => capacity - 1,
        }
    }
}

impl Scene {
    pub(crate) fn single(what: What, size: Size, capacity: usize) -> Self {
        let doing = match what {
            What::Pair(Inside::None) => "pair-empty",
            What::Pair(Inside::Half) => "pair-half",
            What::Pair(Inside::AllButOne) => "pair-full",
            What::PopOnEmpty => "pop-empty",
            _ => "overwrite",
        };
        Self {
            capacity,
            ..Self::new(format!("single/{doing}/{size}/cap{capacity}"), what, size, (1, 1))
        }
    }

    /// `work`: nanoseconds for an element, of a producer and of a consumer.
    pub(crate) fn threads(
        threads: (usize, usize),
        size: Size,
        capacity: usize,
        work: (u64, u64),
    ) -> Self {
        let ((p, c), (produce_ns, consume_ns)) = (threads, work);
        let name = format!(
            "threads/{p}p{c}c/{size}/cap{capacity}/produce{produce_ns}/consume{consume_ns}"
        );
        Self { capacity, produce_ns, consume_ns, ..Self::new(name, What::Threads, size, threads) }
    }

    pub(crate) fn lossless(threads: (usize, usize)) -> Self {
        let (p, c) = threads;
        Self::new(format!("lossless/{p}p{c}c/8B/cap1024"), What::Lossless, Size::Words1, threads)
    }

    pub(crate) fn latency(threads: (usize, usize), size: Size, consume_ns: u64, rate: u64) -> Self {
        let (p, c) = threads;
        let name = format!("latency/{p}p{c}c/{size}/consume{consume_ns}/rate{rate}");
        Self { consume_ns, rate, ..Self::new(name, What::Latency, size, threads) }
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
        Self::new(
            format!("wake/{who}/{place_name}"),
            What::Wake(sleeper, place),
            Size::Words1,
            (1, 1),
        )
    }

    pub(crate) fn ping_pong() -> Self {
        Self::new("ping-pong/8B".into(), What::PingPong, Size::Words1, (1, 1))
    }

    fn new(name: String, what: What, size: Size, (producers, consumers): (usize, usize)) -> Self {
        Self {
            name,
            what,
            size,
            capacity: 1024,
            producers,
            consumers,
            produce_ns: 0,
            consume_ns: 0,
            rate: 0,
        }
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
    pub(crate) const SHORT: Self = Self::microseconds(1500, 30_000, 100_000);
    pub(crate) const FULL: Self = Self::microseconds(2000, 40_000, 200_000);
    /// So that everything has run.
    pub(crate) const TEST: Self = Self::microseconds(10, 200, 500);

    const fn microseconds(single: u64, window: u64, latency: u64) -> Self {
        Self {
            single: Duration::from_micros(single),
            window: Duration::from_micros(window),
            latency: Duration::from_micros(latency),
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
