//! The processor's trap flag: while it is set, every instruction of the thread raises `SIGTRAP`.
#![allow(unsafe_code)]

use std::arch::asm;

pub const TRAP_FLAG: i64 = 1 << 8;

#[inline(always)]
pub fn set_trap_flag(on: bool) {
    // SAFETY: of the flags only the trap flag changes, and its handler is installed.
    unsafe {
        asm!(
            "pushfq",
            "and qword ptr [rsp], {others}",
            "or qword ptr [rsp], {flag}",
            "popfq",
            others = const !TRAP_FLAG,
            flag = in(reg) if on { TRAP_FLAG } else { 0 },
        );
    }
}
