//! What the tests share. Not every test uses everything.
#![allow(dead_code, unreachable_pub)]

pub mod counted;
pub mod element;
pub mod history;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod interleaving;
pub mod model;
pub mod script;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod stepper;
