//! `cargo compare-peers`: all contenders, with the command line of `cargo compare`.

fn main() {
    ringway_bench::main(ringway_peers::entrants());
}
