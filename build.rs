//! Notices ThreadSanitizer, which does not see into assembly: the crate then tells it what happens.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo tells it on nightly only, where the sanitizers are.
    let sanitizers = env::var("CARGO_CFG_SANITIZE").unwrap_or_default();
    if sanitizers.split(',').any(|sanitizer| sanitizer == "thread") {
        println!("cargo::rustc-cfg=ringway_tsan");
    }
}
