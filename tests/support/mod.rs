//! What the tests share. Not every test uses everything.
#![allow(dead_code, unreachable_pub)]

pub mod counted;
pub mod element;
pub mod history;
pub mod model;
pub mod script;
