//! Drives all queues by a script of bytes and compares every result with the reference model.

#![no_main]

#[path = "../../tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| support::script::run(bytes));
