//! Replays the corpus of the fuzz target, so that whatever it once found stays found.
#![cfg(not(loom))]

mod support;

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_of_the_fuzz_target_replays() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/model");
    let mut replayed = 0;
    for entry in fs::read_dir(&corpus).expect("the corpus is part of the package") {
        support::script::run(&fs::read(entry.unwrap().path()).unwrap());
        replayed += 1;
    }
    assert!(replayed > 0, "the corpus is not empty");
}
