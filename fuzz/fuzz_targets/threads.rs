//! Drives `AtomicRing` by several threads, whose scripts and turns are bytes, and checks that what
//! they see is linearizable. Linux on x86-64 only.

#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| support::turns::run(bytes, 1));
