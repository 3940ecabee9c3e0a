//! The processor's trap flag raises a signal after every instruction of an operation, whose handler
//! operates, too.

use std::process;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use ringway::Queue;

use super::Wide;
use crate::support::element::Element;
use crate::support::ends::{self, End};
use crate::support::model::{Model, Op, Ret, at_rest, call_on};
use crate::support::signal;
use crate::support::trap_flag::{TRAP_FLAG, set_trap_flag};
use Op::{Close, IsClosed, IsEmpty, IsFull, Len, Pop, Push, TryPush};

/// Capacities, and what is done first: near empty and near full, after pops and after evictions,
/// which leave the hints behind.
const STARTS: [(usize, &[Op]); 4] = [
    (1, &[Push(1)]),
    (3, &[]),
    (3, &[Push(1), Push(2), Push(3), Push(4), Push(5)]),
    (3, &[Push(1), Push(2), Push(3), Push(4), Pop, Pop]),
];

pub fn of_queues<T: Element, Q: Queue<T>>(make: impl Fn(usize) -> Q, check: impl Fn(&Q, &[Ret])) {
    let handlers: [&[Op]; 4] = [
        &[Push(20), Push(21), Push(22), Push(23)],
        &[Pop, Pop, Pop, TryPush(20)],
        &[Len, Push(20), Pop],
        &[Pop, Close, Push(20), Pop],
    ];
    each(
        &[Push(10), TryPush(10), Pop, Close, IsClosed, Len, IsEmpty, IsFull],
        &handlers,
        |start, op, handler| {
            let queue = make(start.0);
            let mut model = Model::of(&queue);
            let mut results: Vec<Ret> = start.1.iter().map(|&op| call_on(&queue, op)).collect();
            start
                .1
                .iter()
                .zip(&results)
                .for_each(|(&op, result)| assert_eq!(&model.apply(op), result));
            let seen = interrupted(op, |op| call_on(&queue, op), handler, |op| call_on(&queue, op));
            let rest = at_rest(|op| call_on(&queue, op));
            seen.explain(&model, &rest);
            results.extend(seen.results().chain(rest.into_iter().map(|(_, result)| result)));
            check(&queue, &results);
            seen.inner.is_some()
        },
    );
}

/// One end is the thread's, the other one its handler's.
pub fn of_ends() {
    let pushes = [Push(10), TryPush(10), Close, Len];
    let pops = [Pop, IsClosed, Len];
    let pushing: [&[Op]; 3] = [
        &[Push(20)],
        &[Len, Push(20), Push(21), Push(22), Push(23)],
        &[TryPush(20), Close, IsFull],
    ];
    let popping: [&[Op]; 3] = [&[Pop], &[Pop, Pop, Pop, Pop], &[Len, IsEmpty, Pop, IsClosed]];
    each(&pushes, &popping, |start, op, handler| {
        with_ends(start, |producer, consumer| {
            interrupted(op, |op| producer.call(op), handler, |op| consumer.call(op))
        })
    });
    each(&pops, &pushing, |start, op, handler| {
        with_ends(start, |producer, consumer| {
            interrupted(op, |op| consumer.call(op), handler, |op| producer.call(op))
        })
    });
}

fn with_ends(start: Start, interrupted: impl FnOnce(&mut dyn End, &mut dyn End) -> Seen) -> bool {
    let (mut producer, mut consumer, mut model) = ends::ring::<Wide>(start.0);
    for &op in start.1 {
        assert_eq!(ends::call_either(&mut producer, &mut consumer, op), model.apply(op));
    }
    let seen = interrupted(&mut producer, &mut consumer);
    seen.explain(&model, &ends::at_rest(&mut producer, &mut consumer));
    seen.inner.is_some()
}

type Start = (usize, &'static [Op]);

/// Calls `call` for each start, operation and handler. It tells whether it was interrupted: then
/// this is a child.
fn each(ops: &[Op], handlers: &[&[Op]], call: impl Fn(Start, Op, &[Op]) -> bool) {
    let mut all = 0;
    for start in STARTS {
        for &op in ops {
            for handler in handlers {
                INTERRUPTIONS.store(0, Ordering::Relaxed);
                if call(start, op, handler) {
                    process::exit(0);
                }
                let interruptions = INTERRUPTIONS.load(Ordering::Relaxed);
                assert!(
                    interruptions > 3,
                    "{op:?} is more than a few instructions: was it interrupted at all?"
                );
                all += interruptions;
            }
        }
    }
    println!("interrupted {all} times");
}

/// An operation, and those of the handler that interrupted it, if one did.
#[derive(Debug)]
struct Seen {
    outer: (Op, Ret),
    inner: Option<Vec<(Op, Ret)>>,
}

impl Seen {
    fn results(&self) -> impl Iterator<Item = Ret> {
        let inner = self.inner.iter().flatten();
        [&self.outer].into_iter().chain(inner).map(|(_, result)| result.clone())
    }

    /// There is a place among the handler's operations at which the interrupted one may have taken
    /// effect, so that all results, and what was left, are those of the model.
    #[track_caller]
    fn explain(&self, model: &Model, rest: &[(Op, Ret)]) {
        let inner = self.inner.as_deref().unwrap_or_default();
        let explained = (0..=inner.len()).any(|place| {
            let mut model = model.clone();
            let (before, after) = inner.split_at(place);
            before
                .iter()
                .chain([&self.outer])
                .chain(after)
                .chain(rest)
                .all(|(op, seen)| model.apply(*op) == *seen)
        });
        assert!(explained, "from {model:?} no order explains {self:?} and then {rest:?}");
    }
}

/// What the handler does.
static INTERRUPT: AtomicPtr<&mut dyn FnMut()> = AtomicPtr::new(ptr::null_mut());
static INTERRUPTIONS: AtomicU64 = AtomicU64::new(0);

/// Makes the call. After each instruction of it the process forks: in the child the handler makes
/// its calls, and then the interrupted one goes on.
fn interrupted(
    op: Op,
    call: impl FnOnce(Op) -> Ret,
    handler: &[Op],
    mut handle: impl FnMut(Op) -> Ret,
) -> Seen {
    // From the start, as a handler must not call the allocator.
    let mut inner = Vec::with_capacity(handler.len());
    let mut interrupt = || handler.iter().for_each(|&op| inner.push((op, handle(op))));
    let mut interrupt: &mut dyn FnMut() = &mut interrupt;
    INTERRUPT.store((&raw mut interrupt).cast(), Ordering::Relaxed);
    signal::handle(libc::SIGTRAP, trap);
    set_trap_flag(true);
    let result = call(op);
    set_trap_flag(false);
    Seen { outer: (op, result), inner: (!inner.is_empty()).then_some(inner) }
}

/// The kernel clears the flag for it.
extern "C" fn trap(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the process has one thread, which is not in the allocator.
    let child = unsafe { libc::fork() };
    if child != 0 {
        INTERRUPTIONS.fetch_add(1, Ordering::Relaxed);
        let mut status = -1;
        // SAFETY: `status` is valid.
        unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(status, 0, "the child has told what went wrong");
        return;
    }
    // SAFETY: `interrupted` has set it, and nobody else uses it before the flag is cleared.
    let interrupt = unsafe { &mut *INTERRUPT.load(Ordering::Relaxed) };
    interrupt();
    // SAFETY: the kernel passes the context that it will go back to.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    context.uc_mcontext.gregs[libc::REG_EFL as usize] &= !TRAP_FLAG;
}
