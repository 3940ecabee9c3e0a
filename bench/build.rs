//! Tells the program by which compiler it was made, and from which sources.

use std::env;
use std::process::Command;

fn main() {
    let rustc = env::var("RUSTC").expect("cargo sets it");
    println!("cargo::rustc-env=RUSTC_VERSION={}", output(Command::new(rustc).arg("--version")).unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().into())
}
