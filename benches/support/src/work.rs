//! What producers and consumers do with an element beside passing it on.

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Instant;

/// Keeps a core busy for about so long. It counts steps, as a look at the clock takes longer than a
/// push.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    steps: u64,
}

impl Work {
    pub(crate) fn of(nanoseconds: u64) -> Self {
        Self { steps: (nanoseconds as f64 / *STEP_NS).round() as u64 }
    }

    #[inline(always)]
    pub(crate) fn run(self) {
        if self.steps > 0 {
            steps(self.steps);
        }
    }
}

/// Each waits for the one before, and none can be foreseen by the compiler.
#[inline(never)]
fn steps(count: u64) {
    let mut state = black_box(1_u64);
    for _ in 0..count {
        state = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    black_box(state);
}

/// How long a step takes: the best of some runs, for what disturbs one makes it longer.
static STEP_NS: LazyLock<f64> = LazyLock::new(|| {
    const STEPS: u64 = 100_000;
    let run = |_| {
        let start = Instant::now();
        steps(STEPS);
        start.elapsed().as_secs_f64() * 1e9 / STEPS as f64
    };
    (0..20).map(run).fold(f64::INFINITY, f64::min)
});
