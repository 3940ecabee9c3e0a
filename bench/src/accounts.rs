//! What is allocated, by all threads, while somebody counts.

#![expect(unsafe_code, reason = "an allocator can only be made so")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

/// Off while anything is timed: all that is left then is the load of a word that nobody writes.
static COUNTING: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicI64 = AtomicI64::new(0);

pub(crate) struct Account {
    pub(crate) allocations: u64,
    /// Allocated and not given back.
    pub(crate) bytes: i64,
}

/// Counts what happens in `during`, in any thread. Not to be nested.
pub(crate) fn count<R>(during: impl FnOnce() -> R) -> (R, Account) {
    ALLOCATIONS.store(0, Relaxed);
    BYTES.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
    let result = during();
    COUNTING.store(false, Relaxed);
    (result, Account { allocations: ALLOCATIONS.load(Relaxed), bytes: BYTES.load(Relaxed) })
}

#[inline]
fn note(allocations: u64, bytes: i64) {
    if COUNTING.load(Relaxed) {
        ALLOCATIONS.fetch_add(allocations, Relaxed);
        BYTES.fetch_add(bytes, Relaxed);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

// SAFETY: it does what the system's allocator does.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(1, size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        note(0, -(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    /// Other tests may allocate meanwhile, so this is "at least".
    #[test]
    fn counts_what_is_kept() {
        let (kept, account) = count(|| {
            drop(Vec::<u8>::with_capacity(1 << 20));
            Vec::<u8>::with_capacity(1 << 30)
        });
        assert!(account.allocations >= 2);
        assert!(account.bytes >= 1 << 30, "{}", account.bytes);
        drop(kept);
    }
}
