//! Elements that show when they are lost, doubled, torn, or handed over without a happens-before.
//!
//! Each number has a cell of loom's that says whether its element is alive. Making an element and
//! dropping it write there: so two threads between which an element passes without synchronisation
//! race on its cell, even when the element itself is a few bits in an atomic. Accesses to cells add
//! no scheduling points.

use std::cell::RefCell;
use std::thread;

use loom::cell::Cell;

use crate::support::element::Element;

thread_local! {
    /// For each number, whether its element is alive. All threads of a model are coroutines on one
    /// real thread.
    static ALIVE: RefCell<Vec<Cell<bool>>> = const { RefCell::new(Vec::new()) };
}

/// Elements 0 to `n - 1` can be made; to be called at the start of each execution.
pub(crate) fn start(n: u32) {
    ALIVE.with(|alive| *alive.borrow_mut() = (0..n).map(|_| Cell::new(false)).collect());
}

/// No element must be left; to be called at the end of each execution.
pub(crate) fn assert_all_dropped() {
    for (number, alive) in ALIVE.take().iter().enumerate() {
        assert!(!alive.get(), "element {number} was not dropped");
    }
}

fn set_alive(number: u32, now: bool) {
    ALIVE.with_borrow(|alive| {
        let before = alive[number as usize].replace(now);
        assert_ne!(
            before,
            now,
            "element {number}: {}",
            if now { "made twice" } else { "dropped twice" }
        );
    });
}

fn drop_element(number: u32) {
    // After a failure the rest is only unwound.
    if !thread::panicking() {
        set_alive(number, false);
    }
}

/// Four bytes: stored inline.
pub(crate) struct Small(u32);

impl Element for Small {
    fn of(number: u32) -> Self {
        set_alive(number, true);
        Self(number)
    }

    fn number(self) -> u32 {
        self.0
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop_element(self.0);
    }
}

/// More than four bytes: stored by exchange.
pub(crate) struct Large([u32; 2]);

impl Element for Large {
    fn of(number: u32) -> Self {
        set_alive(number, true);
        Self([number; 2])
    }

    fn number(self) -> u32 {
        self.0[0]
    }
}

impl Drop for Large {
    fn drop(&mut self) {
        assert!(self.0[0] == self.0[1] || thread::panicking(), "a torn element: {:?}", self.0);
        drop_element(self.0[0]);
    }
}
