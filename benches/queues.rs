//! What the queues cost, beside their peers: `cargo bench`, `cargo bench -- --help`.

fn main() {
    ringway_bench::main(ringway_bench::queues());
}
