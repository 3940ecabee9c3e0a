//! Where an end of a ring is, from the stamps of its slots.

use crate::ring::position::{Position, WordLayout};

/// The age at which a position is filled, whatever became of it since.
pub(crate) const FILLED: i64 = 1;
/// The age at which a position is gone: popped or evicted.
pub(crate) const GONE: i64 = 2;

/// How many slots are looked at one by one before the search goes by halves.
const STEPS: usize = 8;

/// The first position that was not as old as `done`, with what `look` saw in its slot then;
/// `position` is one at or before it. `look` loads the slot of a position and returns its stamp and
/// what else there is to see.
///
/// *Progress*: lock-free, as the ring it is used by: a step is in vain only because others move the
/// end meanwhile.
pub(crate) fn find<S>(
    mut position: Position,
    done: i64,
    layout: WordLayout,
    look: impl Fn(Position) -> (u64, S),
) -> (Position, S) {
    let mut steps = 0;
    loop {
        let (stamp, seen) = look(position);
        let age = position.age(stamp, layout);
        debug_assert!(age >= done - 2, "a hint ahead of the ring");
        if matches!(age - done, -2 | -1) {
            return (position, seen);
        }
        // Two versions are a lap: so many laps later, rounded down, the position in this slot was
        // done. The next one may not be.
        position = position.add_laps((age - done) >> 1, layout).next(layout);
        steps += 1;
        if steps % STEPS == 0 {
            position = search(position, done, layout, |position| look(position).0);
        }
    }
}

/// The first position from `from` on, at most a lap later, whose age was less than `done`, by
/// halves: positions are filled, and gone, in order.
#[cold]
fn search(
    from: Position,
    done: i64,
    layout: WordLayout,
    stamp: impl Fn(Position) -> u64,
) -> Position {
    let (mut low, mut high) = (0, layout.capacity());
    while low < high {
        let middle = low + (high - low) / 2;
        let position = from.add(middle, layout);
        if position.age(stamp(position), layout) >= done {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    from.add(low, layout)
}

/// How many positions are filled and not gone at one moment: that of `find_tail`, in the round in
/// which the head has not moved. `find_tail` may begin at the head that it is given, `find` at the
/// position.
pub(crate) fn len(
    mut head: Position,
    layout: WordLayout,
    find_tail: impl Fn(Position) -> Position,
    find: impl Fn(Position, i64) -> Position,
) -> usize {
    loop {
        let tail = find_tail(head);
        let same = find(head, GONE);
        if same == head {
            return tail.since(head, layout);
        }
        head = same;
    }
}
