//! No instructions here that are known to be lock-free.

use super::Payload;

pub(super) const MAY_EXIST: bool = false;
pub(super) const STAMP_ALONE: bool = false;

pub(super) fn exist() -> bool {
    false
}

/// # Safety
///
/// The instructions [`exist`], which they do not.
pub(super) unsafe fn load(_: *mut Payload) -> Payload {
    unreachable!("not supported")
}

/// # Safety
///
/// As for [`load`].
pub(super) unsafe fn compare_exchange(
    _: *mut Payload,
    _: (u64, Payload),
    _: (u64, Payload),
) -> bool {
    unreachable!("not supported")
}
