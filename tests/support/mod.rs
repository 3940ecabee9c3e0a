//! What the tests share. Not every test uses everything.
#![allow(dead_code, unreachable_pub)]

pub mod at_exit;
pub mod counted;
pub mod element;
pub mod ends;
pub mod history;
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(ringway_loom)))]
pub mod interleaving;
pub mod model;
pub mod queues;
pub mod script;
#[cfg(all(target_os = "linux", not(ringway_loom)))]
pub mod signal;
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(ringway_loom)))]
pub mod stepper;
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(ringway_loom)))]
pub mod trap_flag;
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(ringway_loom)))]
pub mod turns;
pub mod watched;
