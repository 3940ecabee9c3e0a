//! All contenders: `cargo bench -p ringway-peers`, with the command line of `cargo bench`.

fn main() {
    ringway_bench::main(ringway_peers::queues());
}
