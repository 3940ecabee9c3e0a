//! A user whose signal handlers use the very queue that their thread is in the middle of using:
//!
//!     signals inline|exchange|metered|spsc
//!
//! At each instruction of each operation, where the processor has a trap flag; and at random
//! moments of two threads, everywhere.

mod anytime;
#[cfg(target_arch = "x86_64")]
mod each_instruction;

#[path = "../../../../tests/support"]
#[allow(dead_code)]
mod support {
    pub mod element;
    pub mod ends;
    pub mod model;
    pub mod signal;
    #[cfg(target_arch = "x86_64")]
    pub mod trap_flag;
}

use std::env;

use ringway::{AtomicRing, Metered, Queue, Storage};
use support::model::Ret;

/// Larger than is stored inline.
type Wide = [u32; 6];

fn main() {
    let chosen = env::args().nth(1).unwrap_or_default();
    match &*chosen {
        "inline" => {
            assert_eq!(
                AtomicRing::<u32>::new(1).storage(),
                Storage::Inline,
                "built without the processor's features"
            );
            #[cfg(target_arch = "x86_64")]
            each_instruction::of_queues(AtomicRing::<u32>::new, |_, _| {});
            anytime::queue(AtomicRing::<u32>::new(8));
        }
        "exchange" => {
            #[cfg(target_arch = "x86_64")]
            each_instruction::of_queues(AtomicRing::<Wide>::new, |_, _| {});
            anytime::queue(AtomicRing::<Wide>::new(8));
        }
        "metered" => {
            #[cfg(target_arch = "x86_64")]
            each_instruction::of_queues(
                |capacity| Metered::new(AtomicRing::<Wide>::new(capacity)),
                counts_are_right,
            );
            anytime::queue(Metered::new(AtomicRing::<Wide>::new(8)));
        }
        "spsc" => {
            #[cfg(target_arch = "x86_64")]
            each_instruction::of_ends();
        }
        _ => panic!("inline, exchange, metered or spsc?"),
    }
}

/// When these are all results there were.
fn counts_are_right(queue: &Metered<AtomicRing<Wide>>, results: &[Ret]) {
    let count =
        |which: fn(&Ret) -> bool| results.iter().filter(|&result| which(result)).count() as u64;
    let stats = queue.stats();
    assert_eq!(stats.evicted, count(|result| matches!(result, Ret::Evicted(_))));
    assert_eq!(stats.stored - stats.evicted, count(|result| matches!(result, Ret::Stored)));
    assert_eq!(stats.popped, count(|result| matches!(result, Ret::Popped(Some(_)))));
    assert_eq!(Queue::len(queue), 0);
}
