//! Replays the corpora of the fuzz targets, so that whatever they once found stays found.
//!
//! That of `threads` only about: a build that is not the fuzzer's has other instructions, so
//! threads do not stop where they did. `cargo +nightly fuzz run threads -s none --no-trace-compares
//! -- -runs=0` replays it to the instruction.
#![cfg(not(ringway_loom))]

mod support;

use std::fs;
use std::path::Path;

fn replay(target: &str, run: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut replayed = 0;
    for entry in fs::read_dir(&corpus).expect("the corpus is part of the repository") {
        let path = entry.unwrap().path();
        // Shown if it fails.
        println!("{}", path.display());
        run(&fs::read(path).unwrap());
        replayed += 1;
    }
    assert!(replayed > 0, "the corpus is not empty");
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
