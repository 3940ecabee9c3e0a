//! `operations`: what an operation costs one thread, by the size of the elements.

use criterion::{BenchmarkId, Criterion, Throughput};

use crate::contenders::{Contender, Queue, for_each_queue};
use crate::element::{Element, Number, supply};
use crate::{CAPACITY, Group, one_thread};

const INSIDE: [(&str, usize); 3] =
    [("pair-empty", 0), ("pair-half", CAPACITY / 2), ("pair-full", CAPACITY - 1)];
const BATCH: usize = 64;

// The loops, each of which has element types of its own. (Of a floor all is inlined by force.)
const OVERWRITE: u8 = 0;
const PAIR: u8 = 1;
const TRY_PUSH: u8 = 2;
const POP: u8 = 3;
const LEN: u8 = 4;
const POP_INTO: u8 = 5;
const FLOOR: u8 = 6;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("operations");
    group.throughput(Throughput::Elements(1));
    macro_rules! with_elements {
        ($($word:ty, $words:literal;)*) => {$(
            for_each_queue!(Element<$word, $words, OVERWRITE>, overwrite, &mut group);
            for_each_queue!(Element<$word, $words, PAIR>, pair, &mut group);
            for_each_queue!(Element<$word, $words, TRY_PUSH>, try_push_on_full, &mut group);
            for_each_queue!(Element<$word, $words, POP>, pop_on_empty, &mut group);
            for_each_queue!(Element<$word, $words, LEN>, len, &mut group);
        )*};
    }
    with_elements! {
        u32, 1;
        u64, 1;
        u64, 3;
        u64, 32;
    }
    floors(&mut group);
    group.throughput(Throughput::Elements(BATCH as u64));
    for_each_queue!(Element<u64, 1, POP_INTO>, pop_into, &mut group);
    for_each_queue!(Element<u64, 3, POP_INTO>, pop_into, &mut group);
    group.finish();
}

/// Those of the storages that the elements of 8 and of 24 bytes are in.
fn floors(group: &mut Group<'_>) {
    use ringway_floors::{Exchange, OneWord};

    floor::<OneWord, Element<u64, 1, FLOOR>>(group);
    #[cfg(target_arch = "x86_64")]
    floor::<ringway_floors::TwoWords, Element<u64, 1, FLOOR>>(group);
    floor::<Exchange<_>, Element<u64, 3, FLOOR>>(group);
}

/// `operations/<queue>/<operation>-<size>`.
fn id<Q: Contender<T>, T: Number>(operation: &str) -> BenchmarkId {
    BenchmarkId::new(Q::NAME, format!("{operation}-{}", T::NAME))
}

/// A push on a full queue.
fn overwrite<Q: Queue<T>, T: Number>(group: &mut Group<'_>) {
    if Q::EVICTS {
        bare_overwrite::<Q, T>(group);
    }
}

fn bare_overwrite<Q: Contender<T>, T: Number>(group: &mut Group<'_>) {
    one_thread::bench(group, id::<Q, T>("overwrite"), CAPACITY, || {
        let (mut queue, mut next) = (Q::with_capacity(CAPACITY), supply::<T>());
        move |_| queue.push(next()).map(T::sum)
    });
}

/// A push and a pop.
fn pair<Q: Queue<T>, T: Number>(group: &mut Group<'_>) {
    for (name, inside) in INSIDE {
        bare_pair::<Q, T>(group, name, inside);
    }
}

fn bare_pair<Q: Contender<T>, T: Number>(group: &mut Group<'_>, name: &str, inside: usize) {
    one_thread::bench(group, id::<Q, T>(name), inside, || {
        let (mut queue, mut next) = (Q::with_capacity(CAPACITY), supply::<T>());
        move |pops| {
            let displaced = queue.push(next()).map(T::sum);
            let popped = if pops { queue.pop().map(T::sum) } else { None };
            (displaced, popped)
        }
    });
}

fn try_push_on_full<Q: Queue<T>, T: Number>(group: &mut Group<'_>) {
    if Q::IS_BOUNDED {
        one_thread::bench(group, id::<Q, T>("try_push-full"), CAPACITY, || {
            let (mut queue, mut next) = (Q::with_capacity(CAPACITY), supply::<T>());
            move |_| queue.try_push(next()).map_err(T::sum)
        });
    }
}

fn pop_on_empty<Q: Queue<T>, T: Number>(group: &mut Group<'_>) {
    one_thread::bench(group, id::<Q, T>("pop-empty"), 0, || {
        let mut queue = Q::with_capacity(CAPACITY);
        move |_| queue.pop().map(T::sum)
    });
}

fn len<Q: Queue<T>, T: Number>(group: &mut Group<'_>) {
    one_thread::bench(group, id::<Q, T>("len"), 0, || {
        let mut queue = Q::with_capacity(CAPACITY);
        for i in 0..CAPACITY / 2 {
            let _ = queue.push(T::new(i as u64));
        }
        move |_| queue.len()
    });
}

/// A batch is pushed one by one, and taken by one call.
fn pop_into<Q: Queue<T>, T: Number>(group: &mut Group<'_>) {
    one_thread::bench(group, id::<Q, T>(&format!("pop_into-{BATCH}")), 0, || {
        let (mut queue, mut next) = (Q::with_capacity(CAPACITY), supply::<T>());
        let mut out = Vec::with_capacity(BATCH);
        move |_| {
            for _ in 0..BATCH {
                let _ = queue.push(next());
            }
            out.clear();
            queue.pop_into(&mut out, BATCH)
        }
    });
}

fn floor<Q: Contender<T>, T: Number>(group: &mut Group<'_>) {
    bare_overwrite::<Q, T>(group);
    let (name, inside) = INSIDE[1];
    bare_pair::<Q, T>(group, name, inside);
}
