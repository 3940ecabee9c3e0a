//! No instructions here that are known to be lock-free.

use super::{Pair, Words};

pub(super) const MAY_EXIST: bool = false;

pub(super) fn exist() -> bool {
    false
}

/// # Safety
///
/// The instructions [`exist`], which they do not.
pub(super) unsafe fn load(_: *mut Words) -> Words {
    unreachable!("not supported")
}

/// # Safety
///
/// As for [`load`].
pub(super) unsafe fn compare_exchange(_: *mut Words, _: Pair, _: Pair) -> bool {
    unreachable!("not supported")
}
