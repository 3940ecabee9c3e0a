//! `cargo compare`.

fn main() {
    ringway_bench::main(ringway_bench::entrants());
}
