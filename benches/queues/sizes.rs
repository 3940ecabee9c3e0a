//! `sizes`: messages from 18 bytes to 79 KB through a queue at half full.
//!
//! `sizes-moved`: a message goes round and round, by ownership: what the queue costs.
//! `sizes-copied`: a message is made by a copy, moved and dropped: what a gateway pays. They are
//! two groups, because criterion draws a plot across sizes only of equal throughputs.

use std::hint::black_box;

use criterion::{AxisScale, BenchmarkId, Criterion, PlotConfiguration, Throughput};

use crate::contenders::{Queue, for_each_queue};
use crate::{CAPACITY, Group, one_thread};

/// The messages that the crate's first gateway had to carry.
pub(crate) const SIZES: [usize; 4] = [18, 4266, 6786, 79_435];

pub(crate) const GROUPS: [&str; 2] = ["sizes-moved", "sizes-copied"];

/// In an allocation of its own. Each loop has a type of its own; see `Element`.
#[derive(Clone)]
struct Message<const LOOP: u8>(
    #[expect(dead_code, reason = "it is only moved and copied")] Box<[u8]>,
);

const MOVED: u8 = 0;
const COPIED: u8 = 1;

pub(crate) fn bench(criterion: &mut Criterion) {
    for name in GROUPS {
        let mut group = criterion.benchmark_group(name);
        group.plot_config(PlotConfiguration::default().summary_scale(AxisScale::Logarithmic));
        for size in SIZES {
            if name == GROUPS[0] {
                group.throughput(Throughput::Elements(1));
                for_each_queue!(Message<MOVED>, moved, &mut group, size);
            } else {
                group.throughput(Throughput::Bytes(size as u64));
                for_each_queue!(Message<COPIED>, copied, &mut group, size);
            }
        }
        group.finish();
    }
}

/// A message of so many bytes.
impl<const LOOP: u8> From<usize> for Message<LOOP> {
    fn from(size: usize) -> Self {
        Self((0..size).map(|i| i as u8).collect())
    }
}

fn moved<Q: Queue<M>, M: Clone + From<usize>>(group: &mut Group<'_>, size: usize) {
    one_thread::bench(group, BenchmarkId::new(Q::NAME, size), CAPACITY / 2, || {
        let (mut queue, template) = (Q::with_capacity(CAPACITY), M::from(size));
        move |moves| {
            let message =
                if moves { queue.pop().expect("half of it is full") } else { template.clone() };
            assert!(queue.push(message).is_none());
        }
    });
}

fn copied<Q: Queue<M>, M: Clone + From<usize>>(group: &mut Group<'_>, size: usize) {
    one_thread::bench(group, BenchmarkId::new(Q::NAME, size), CAPACITY / 2, || {
        let (mut queue, template) = (Q::with_capacity(CAPACITY), M::from(size));
        move |pops| {
            assert!(queue.push(black_box(&template).clone()).is_none());
            if pops { queue.pop() } else { None }
        }
    });
}
