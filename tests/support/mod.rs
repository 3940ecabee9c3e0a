//! What the tests share. Not every test uses everything.
#![allow(dead_code)]

pub mod model;
