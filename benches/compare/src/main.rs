//! `cargo compare` and `cargo compare-peers`: how bounded queues are compared where criterion
//! cannot: in rounds, beside each other, by what they deliver and how late.

mod command;
mod machine;
mod peers;
mod results;
mod rounds;
mod summary;

fn main() {
    command::run();
}
