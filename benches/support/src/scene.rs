//! A scene, how much is done in it, and what came of it.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cores;

/// What is done. The name is unique, and says all of it.
#[derive(Clone, Debug)]
pub struct Scene {
    pub name: String,
    pub what: What,
    pub size: Size,
    pub capacity: usize,
    pub producers: usize,
    pub consumers: usize,
    /// The work of a producer for each element, and of a consumer.
    pub produce_ns: u64,
    pub consume_ns: u64,
    /// Pushes a second, of all producers together, in a scene that goes by the clock.
    pub rate: u64,
    /// Of a message.
    pub bytes: usize,
    /// Whether each thread is kept on one core. If not, the operating system has the choice.
    pub pinned: bool,
    /// Whether every core has something else to do, too.
    pub busy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Push on a full queue.
    Overwrite,
    /// Push and pop, in turns.
    Pair(Inside),
    PopOnEmpty,
    /// The length of a queue at half full.
    Len,
    /// What takes a queue from half full to empty: pops, one by one or in batches.
    Drain {
        in_batches: bool,
    },
    /// A message goes round and round at half full, or each is made by a copy, and dropped.
    Messages {
        copied: bool,
    },
    /// Producers push flat out, and consumers take.
    Threads,
    /// The same, 64 at a time.
    Batches,
    /// A producer pushes flat out, and a thread asks for the length all the time.
    Polled,
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
pub enum Inside {
    None,
    Half,
    AllButOne,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sleeper {
    Thread,
    /// Of a runtime with threads.
    Task,
    /// Of a runtime within the thread.
    TaskOfThread,
}

/// Where it sleeps, seen from the thread that wakes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On another core, which has to be woken too.
    Apart,
    /// On the same core, which is in use.
    Beside,
}

/// Of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
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
    pub fn of(self, capacity: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Half => capacity / 2,
            Self::AllButOne => capacity - 1,
        }
    }
}

impl Scene {
    pub fn single(what: What, size: Size, capacity: usize) -> Self {
        let doing = match what {
            What::Pair(Inside::None) => "pair-empty",
            What::Pair(Inside::Half) => "pair-half",
            What::Pair(Inside::AllButOne) => "pair-full",
            What::PopOnEmpty => "pop-empty",
            What::Len => "len",
            What::Drain { in_batches: false } => "pops",
            What::Drain { in_batches: true } => "pop-into-64",
            _ => "overwrite",
        };
        Self {
            capacity,
            ..Self::new(format!("single/{doing}/{size}/cap{capacity}"), what, size, (1, 1))
        }
    }

    /// `work`: nanoseconds for an element, of a producer and of a consumer.
    pub fn threads(threads: (usize, usize), size: Size, capacity: usize, work: (u64, u64)) -> Self {
        let ((p, c), (produce_ns, consume_ns)) = (threads, work);
        let name = format!(
            "threads/{p}p{c}c/{size}/cap{capacity}/produce{produce_ns}/consume{consume_ns}"
        );
        Self { capacity, produce_ns, consume_ns, ..Self::new(name, What::Threads, size, threads) }
    }

    pub fn batches(size: Size) -> Self {
        Self::new(format!("batches/1p1c/{size}/cap1024"), What::Batches, size, (1, 1))
    }

    pub fn polled(size: Size) -> Self {
        Self::new(format!("polled/1p/{size}/cap1024"), What::Polled, size, (1, 1))
    }

    pub fn messages(copied: bool, bytes: usize) -> Self {
        let doing = if copied { "copied" } else { "moved" };
        let name = format!("messages/{doing}/{bytes}B/cap64");
        Self {
            bytes,
            capacity: 64,
            ..Self::new(name, What::Messages { copied }, Size::Words1, (1, 1))
        }
    }

    pub fn lossless(threads: (usize, usize), room: usize) -> Self {
        let (p, c) = threads;
        let name = format!("lossless/{p}p{c}c/8B/cap{room}");
        Self { capacity: room, ..Self::new(name, What::Lossless, Size::Words1, threads) }
    }

    /// Whether operations of one thread are counted, and not those of threads in a window of time.
    pub fn is_single(&self) -> bool {
        use What::*;
        matches!(self.what, Overwrite | Pair(_) | PopOnEmpty | Len | Drain { .. } | Messages { .. })
    }

    /// Keeps the current thread, the `number`th of the scene, on its core.
    pub(crate) fn pin(&self, number: usize) {
        if self.pinned {
            cores::pin(number);
        }
    }

    pub fn not_pinned(self) -> Self {
        Self { name: format!("{}/not-pinned", self.name), pinned: false, ..self }
    }

    pub fn busy(self) -> Self {
        Self { name: format!("{}/busy", self.name), busy: true, ..self }
    }

    pub fn latency(threads: (usize, usize), size: Size, consume_ns: u64, rate: u64) -> Self {
        let (p, c) = threads;
        let name = format!("latency/{p}p{c}c/{size}/consume{consume_ns}/rate{rate}");
        Self { consume_ns, rate, ..Self::new(name, What::Latency, size, threads) }
    }

    pub fn wake(sleeper: Sleeper, place: Place) -> Self {
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

    pub fn ping_pong() -> Self {
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
            bytes: 0,
            pinned: true,
            busy: false,
        }
    }
}

/// How much is done in a turn.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The timed part of one thread: long against the clock, short against the machine's moods.
    pub single: Duration,
    /// How many operations that is, if it is known.
    pub operations: Option<u64>,
    /// Several time slices of the operating system for each thread.
    pub window: Duration,
    /// Some ten thousand pushes, so that one in ten thousand is seen.
    pub latency: Duration,
}

impl Effort {
    pub const SHORT: Self = Self::microseconds(1500, 30_000, 100_000);
    pub const FULL: Self = Self::microseconds(2000, 30_000, 100_000);
    /// So that everything has run.
    pub const TEST: Self = Self::microseconds(10, 200, 500);

    const fn microseconds(single: u64, window: u64, latency: u64) -> Self {
        Self {
            single: Duration::from_micros(single),
            operations: None,
            window: Duration::from_micros(window),
            latency: Duration::from_micros(latency),
        }
    }
}

/// What one turn of one contender shows.
#[derive(Default)]
pub struct Sample {
    pub metrics: Vec<(String, f64)>,
    pub histograms: Vec<(&'static str, Histogram<u64>)>,
}

impl Sample {
    pub(crate) fn of<const N: usize>(metrics: [(&str, f64); N]) -> Self {
        let metrics = metrics.map(|(metric, value)| (metric.to_string(), value)).into();
        Self { metrics, histograms: Vec::new() }
    }

    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|(metric, _)| metric == name).map(|&(_, value)| value)
    }
}
