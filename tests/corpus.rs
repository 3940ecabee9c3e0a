//! Replays the corpora of the fuzz targets, so that whatever they once found stays found.
//!
//! That of `threads` only about: a build that is not the fuzzer's has other instructions, so
//! threads do not stop where they did. `cargo +nightly fuzz run threads -s none --no-trace-compares
//! -- -runs=0` replays it to the instruction.
#![cfg(not(ringway_loom))]

mod support;

use std::fs;
use std::path::Path;

/// An input a line, in hexadecimal digits; `fuzz/corpus/pack` writes them.
fn replay(target: &str, run: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let inputs = fs::read_to_string(corpus.with_extension("hex"))
        .expect("the corpus is part of the repository");
    for input in inputs.lines() {
        // Shown if it fails.
        println!("{target}: {input}");
        run(&bytes(input));
    }
    assert!(!inputs.is_empty(), "the corpus has inputs");
}

fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("hexadecimal digits"))
        .collect()
}

#[test]
fn the_corpus_of_the_fuzz_target_model_replays() {
    replay("model", support::script::run);
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn the_corpus_of_the_fuzz_target_threads_replays() {
    // Code that is not optimised is about as many times as long as the fuzzer's.
    let step = if cfg!(debug_assertions) { 4 } else { 1 };
    replay("threads", |bytes| support::turns::run(bytes, step));
}
