//! Whether a long history of a queue of unique elements is linearizable: thousands of calls, as
//! many as nine threads.
//!
//! The general problem is hard even for one register (Gibbons and Korach, "Testing shared
//! memories", 1997). For unbounded queues of unique elements it takes O(n log n) (Lee and Mathur,
//! "Efficient decrease-and-conquer linearizability monitoring", and Abdulla et al., "Efficient
//! linearizability monitoring", both 2025). Neither knows of a capacity, of a push that takes an
//! element out in the same step, or of a length. So this is a search, Wing and Gong's with Lowe's
//! memory of dead ends ("Testing for linearizability", 2017), as in `support::history`; but unique
//! elements say in advance which call takes each of them out, and that leaves next to no choice:
//!
//! 1. A call that changes nothing (`len`, a `pop` of nothing, …) is placed as soon as it fits. No
//!    choice: a place that is early enough for the calls before it stays right when it moves
//!    further ahead of the others.
//! 2. Only the one call that takes the oldest element out can do so. If the queue is full, nothing
//!    else can change it.
//! 3. Elements leave in the order in which they entered. An element cannot enter while one that
//!    must leave before it is still outside. Nothing enters a closed queue: the one call that
//!    closes it cannot be next while an element is still outside.
//! 4. Let `x` and `y` be able to enter, and let the calls that take them out be both pops, or both
//!    pushes whose elements are taken out by calls of which the same is true, and so on. If `y`
//!    entering next is right, and each of the calls on `x`'s side follows no call that its
//!    counterpart does not follow (the first one aside, which can be next anyway) and precedes
//!    every call that its counterpart precedes, then the two sides can change places, call by call:
//!    `x` entering next is right too, and `y` need not be tried.
//!
//!    *Proof.* (Pushes and pops only: a call that closes the queue has no element, and stays where
//!    it is.) `y` first means `y`'s calls Y₀, Y₁, … are each placed before their counterparts X₀,
//!    X₁, …; put each Xᵢ into Yᵢ's place and the other way round. Every place gets a call of the
//!    same effect on the length, and the elements change places in the queue with the calls. Xᵢ,
//!    moved ahead, is still after all that it follows: Yᵢ followed those too. Yᵢ, moved back, is
//!    still before all that it precedes: Xᵢ preceded those too. Among the moved calls themselves,
//!    only Yᵢ before Xⱼ could break; but then, by the two conditions, Xᵢ precedes Yⱼ, so Xᵢ's old
//!    place, Yᵢ's new one, was before Yⱼ's old one, which is Xⱼ's new one. ∎
//!
//! What is left: when to pop, as against to push, while the two overlap; and the order of two
//! pushes that overlap, whose elements' ways out overlap too, without one of them being first at
//! both ends. *Complexity*: linear in the calls as long as the first try is right, which for
//! histories of a correct queue it nearly always is. To refuse one takes all that can be reached up
//! to the error: at most the product of the overlapping calls of each thread, times 2 to the number
//! of such pairs of pushes in the queue at once. So the search is limited, and says
//! [`Verdict::Undecided`] where it ends for that reason: in a few of 100,000 histories of the ring.
//!
//! It is told which calls had returned when each call began, thread by thread. No times: any sound
//! way to know will do.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use ringway::Overflow;

use crate::support::model::{Model, Op, Ret};

/// The main thread and eight others.
pub(crate) const MAX_THREADS: usize = 9;

/// A number of calls for each thread, counted from its first.
pub(crate) type Counts = [u32; MAX_THREADS];

/// A call, and the calls of each thread that had returned when it began: all earlier ones of its
/// own.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) ret: Ret,
    pub(crate) after: Counts,
}

/// The calls of each thread on a queue that was empty. No element is pushed twice.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) capacity: Option<usize>,
    pub(crate) overflow: Overflow,
    pub(crate) threads: Vec<Vec<Call>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Linearizable,
    /// Why, for a person to read.
    Wrong(String),
    /// The search came to its limit.
    Undecided,
}

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) verdict: Verdict,
    /// How many states the search was in, some more than once: with no choice taken back, at most
    /// one for each call.
    pub(crate) states: usize,
    /// How many calls overlapped with another.
    pub(crate) overlapping: usize,
}

/// More would take gigabytes and minutes.
const MAX_STATES: usize = 1 << 19;

impl History {
    pub(crate) fn check(&self) -> Report {
        let mut report = Report { verdict: Verdict::Undecided, states: 0, overlapping: 0 };
        report.verdict = match Steps::of(self) {
            Err(why) => Verdict::Wrong(why),
            Ok(steps) => {
                report.overlapping = steps.overlapping();
                let mut search = Search::new(&steps);
                let found = search.run();
                report.states = search.states;
                match found {
                    Some(true) => {
                        self.assert_is_linearization(&search.placed);
                        Verdict::Linearizable
                    }
                    Some(false) => Verdict::Wrong(self.explain(&search.furthest)),
                    None => Verdict::Undecided,
                }
            }
        };
        report
    }

    /// A verdict of "linearizable" comes with an order of the calls, and does not rest on the
    /// search.
    fn assert_is_linearization(&self, order: &[u8]) {
        let mut model = Model::new(self.capacity, self.overflow);
        let mut placed = Counts::default();
        for &thread in order {
            let call = &self.threads[thread as usize][placed[thread as usize] as usize];
            assert!(le(&call.after, &placed), "placed too early: {call:?}");
            assert_eq!(model.apply(call.op), call.ret, "not what the model returns");
            placed[thread as usize] += 1;
        }
        assert!(
            self.threads.iter().zip(placed).all(|(calls, placed)| calls.len() == placed as usize),
            "calls left out"
        );
    }

    fn explain(&self, furthest: &[u8]) -> String {
        let mut model = Model::new(self.capacity, self.overflow);
        let mut placed = Counts::default();
        for &thread in furthest {
            model.apply(self.threads[thread as usize][placed[thread as usize] as usize].op);
            placed[thread as usize] += 1;
        }
        let waiting =
            self.threads.iter().zip(placed).enumerate().filter_map(|(thread, (calls, number))| {
                let Call { op, ret, after } = calls.get(number as usize)?;
                let blocked = if le(after, &placed) { "" } else { ", after others" };
                Some(format!("\n  thread {thread}, call {number}: {op:?} -> {ret:?}{blocked}"))
            });
        format!(
            "no order of the calls is right. The longest found has {} of {} calls and ends in \
             {model:?}; none can be next of{}",
            furthest.len(),
            self.threads.iter().map(Vec::len).sum::<usize>(),
            waiting.collect::<String>(),
        )
    }
}

/// Whether none of `a` is more than in `b`.
fn le(a: &Counts, b: &Counts) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b)
}

/// What a call did.
struct Step {
    after: Counts,
    /// The first call of each thread that began after this one had returned.
    before: Counts,
    /// How long the queue must have been.
    len: RangeInclusive<usize>,
    /// Whether it must have been closed; `None`: either will do.
    closed: Option<bool>,
    enters: Option<usize>,
    leaves: Option<usize>,
    closes: bool,
}

impl Step {
    fn changes_nothing(&self) -> bool {
        self.enters.is_none() && self.leaves.is_none() && !self.closes
    }

    /// Grows with time, as far as order is known.
    fn time(&self) -> i64 {
        self.after.iter().chain(&self.before).copied().map(i64::from).sum::<i64>() << 16
    }

    /// Grows with the time until which it can wait.
    fn deadline(&self) -> u32 {
        self.before.iter().sum()
    }
}

/// The calls as steps, elements numbered from zero.
struct Steps {
    threads: Vec<Vec<Step>>,
    /// The call that takes each element out, if it ever leaves: thread and number.
    exits: Vec<Option<(usize, usize)>>,
}

impl Steps {
    /// # Errors
    ///
    /// Why no queue at all does this: a result that the call cannot have, an element from nowhere
    /// or twice.
    fn of(history: &History) -> Result<Self, String> {
        assert!(history.threads.len() <= MAX_THREADS, "too many threads");
        let full = history.capacity.unwrap_or(usize::MAX);
        let evicts = history.overflow == Overflow::EvictOldest;
        let rejects = history.overflow == Overflow::RejectNewest;
        let calls = || history.threads.iter().flatten();

        let mut elements = HashMap::new();
        for call in calls() {
            if let (Op::Push(value) | Op::TryPush(value), Ret::Stored | Ret::Evicted(_)) =
                (call.op, &call.ret)
            {
                let number = elements.len();
                assert!(elements.insert(value, number).is_none(), "{value} is pushed twice");
            }
        }
        let element = |value: u32| {
            elements.get(&value).copied().ok_or_else(|| format!("{value} came from nowhere"))
        };

        let mut exits = vec![None; elements.len()];
        let mut threads = Vec::with_capacity(history.threads.len());
        for (thread, calls) in history.threads.iter().enumerate() {
            let mut steps = Vec::with_capacity(calls.len());
            for (number, call) in calls.iter().enumerate() {
                assert_eq!(
                    call.after[thread] as usize, number,
                    "a thread makes its calls one after the other"
                );
                let (len, closed, enters, leaves) = match (call.op, &call.ret) {
                    (Op::Push(new) | Op::TryPush(new), Ret::Stored) => {
                        (0..=full - 1, Some(false), Some(element(new)?), None)
                    }
                    (Op::Push(new), &Ret::Evicted(old)) if evicts => {
                        (full..=full, Some(false), Some(element(new)?), Some(element(old)?))
                    }
                    (Op::Push(new), &Ret::Rejected(same)) if rejects && new == same => {
                        (full..=full, Some(false), None, None)
                    }
                    (Op::TryPush(new), &Ret::Rejected(same)) if new == same => {
                        (full..=full, Some(false), None, None)
                    }
                    (Op::Push(new) | Op::TryPush(new), &Ret::Closed(same)) if new == same => {
                        (0..=full, Some(true), None, None)
                    }
                    (Op::Pop | Op::TryPop, &Ret::Popped(Some(old))) => {
                        (1..=full, None, None, Some(element(old)?))
                    }
                    (Op::Pop, Ret::Popped(None)) => (0..=0, None, None, None),
                    (Op::TryPop, Ret::Popped(None)) => (0..=0, Some(false), None, None),
                    (Op::TryPop, Ret::Ended) => (0..=0, Some(true), None, None),
                    // It was open before, or closed, and is closed afterwards.
                    (Op::Close, &Ret::Bool(closes)) => (0..=full, Some(!closes), None, None),
                    (Op::IsClosed, &Ret::Bool(closed)) => (0..=full, Some(closed), None, None),
                    (Op::Len, &Ret::Len(len)) => (len..=len, None, None, None),
                    (Op::IsEmpty, Ret::Bool(true)) => (0..=0, None, None, None),
                    (Op::IsEmpty, Ret::Bool(false)) => (1..=full, None, None, None),
                    (Op::IsFull, Ret::Bool(true)) => (full..=full, None, None, None),
                    (Op::IsFull, Ret::Bool(false)) => (0..=full - 1, None, None, None),
                    (Op::PopInto(_), _) => unimplemented!("a call that takes several elements"),
                    (op, ret) => return Err(format!("{op:?} cannot return {ret:?}")),
                };
                let closes = call.op == Op::Close && closed == Some(false);
                if let Some(left) = leaves {
                    if exits[left].replace((thread, number)).is_some() {
                        return Err(format!(
                            "{:?} -> {:?}: it had left already",
                            call.op, call.ret
                        ));
                    }
                }
                let (after, before) = (call.after, Counts::default());
                steps.push(Step { after, before, len, closed, enters, leaves, closes });
            }
            threads.push(steps);
        }

        for thread in 0..threads.len() {
            for other in 0..threads.len() {
                let mut later = 0;
                for number in 0..threads[thread].len() {
                    // What a thread knows of another only grows.
                    while threads[other]
                        .get(later)
                        .is_some_and(|step| step.after[thread] as usize <= number)
                    {
                        later += 1;
                    }
                    threads[thread][number].before[other] = later as u32;
                }
            }
        }
        Ok(Self { threads, exits })
    }

    fn exit(&self, element: usize) -> Option<&Step> {
        self.exits[element].map(|(thread, number)| &self.threads[thread][number])
    }

    fn overlapping(&self) -> usize {
        // Of its own thread, everything but the call itself is before or after it.
        let apart = |step: &Step| {
            (0..self.threads.len()).filter(|&other| step.after[other] < step.before[other]).count()
                == 1
        };
        self.threads.iter().flatten().filter(|step| !apart(step)).count()
    }

    /// Rule 4: `y` entering next need not be tried, because `x` can.
    fn makes_needless<'a>(&'a self, mut x: &'a Step, mut y: &'a Step) -> bool {
        loop {
            if !le(&x.before, &y.before) {
                return false;
            }
            let (Some(x_in), Some(y_in)) = (x.enters, y.enters) else {
                return x.enters == y.enters;
            };
            (x, y) = match (self.exit(x_in), self.exit(y_in)) {
                (Some(x), Some(y)) if le(&x.after, &y.after) => (x, y),
                (None, None) => return true,
                _ => return false,
            };
        }
    }
}

/// A search, depth first, with one state that goes forward and back.
struct Search<'a> {
    steps: &'a Steps,
    calls: usize,
    /// The order of the calls so far, as the thread of each.
    placed: Vec<u8>,
    /// How many calls of each thread that is.
    next: Counts,
    /// All elements that have entered, in that order. All but the last have left …
    entered: Vec<u32>,
    /// … as many as these.
    gone: usize,
    is_in: Vec<bool>,
    is_closed: bool,
    /// Of each thread, the first call that takes out an element which has not entered.
    first_exit: Counts,
    /// Threads whose next call is to be tried, the last one first.
    candidates: Vec<u8>,
    /// When each element leaves, as far as is known: those that enter together are tried in this
    /// order.
    leaving: Vec<i64>,
    dead_ends: HashSet<Box<[u32]>>,
    states: usize,
    /// The longest order that was found, …
    furthest: Vec<u8>,
    /// … and what to try next time: that the first of these elements leaves before the second.
    lesson: Option<(usize, usize)>,
}

/// A state on the way to the present one.
struct Branch {
    /// How many calls had been placed.
    placed: usize,
    /// Where its candidates begin.
    candidates: usize,
}

impl<'a> Search<'a> {
    fn new(steps: &'a Steps) -> Self {
        let mut search = Self {
            steps,
            calls: steps.threads.iter().map(Vec::len).sum(),
            placed: Vec::new(),
            next: Counts::default(),
            entered: Vec::new(),
            gone: 0,
            is_in: vec![false; steps.exits.len()],
            is_closed: false,
            first_exit: Counts::default(),
            candidates: Vec::new(),
            leaving: (0..steps.exits.len())
                .map(|element| steps.exit(element).map_or(i64::MAX, Step::time))
                .collect(),
            dead_ends: HashSet::new(),
            states: 0,
            furthest: Vec::new(),
            lesson: None,
        };
        (0..steps.threads.len()).for_each(|thread| search.advance_first_exit(thread));
        search
    }

    /// Whether there is an order that is right; it is in `placed` then. `None`: that would take too
    /// long to say.
    ///
    /// What was chosen wrongly when an element entered shows when it should leave, with the whole
    /// queue in between. So a search that does not get on is given up, and begun again with what
    /// was learnt; the dead ends stay true.
    fn run(&mut self) -> Option<bool> {
        let mut patience = 2 * self.calls;
        while self.states < MAX_STATES {
            if let Some(found) = self.search(self.states + patience) {
                return Some(found);
            }
            self.take_back_to(0);
            self.candidates.clear();
            self.furthest.clear();
            if let Some((first, second)) = self.lesson.take() {
                self.leaving[first] = self.leaving[second] - 1;
            }
            patience += patience / 8;
        }
        None
    }

    fn search(&mut self, max_states: usize) -> Option<bool> {
        let mut branches: Vec<Branch> = Vec::new();
        loop {
            self.place_what_changes_nothing();
            if self.placed.len() == self.calls {
                return Some(true);
            }
            if self.states == max_states {
                return None;
            }
            self.states += 1;
            branches.push(Branch { placed: self.placed.len(), candidates: self.candidates.len() });
            if self.dead_ends.is_empty() || !self.dead_ends.contains(&self.key()) {
                let first = self.candidates.len();
                self.find_candidates();
                if self.candidates.len() == first && self.placed.len() > self.furthest.len() {
                    self.furthest.clone_from(&self.placed);
                    self.learn();
                }
            }
            loop {
                let Some(branch) = branches.last() else { return Some(false) };
                self.take_back_to(branch.placed);
                if self.candidates.len() > branch.candidates {
                    let thread = self.candidates.pop().expect("there is one");
                    self.place(thread as usize);
                    break;
                }
                self.dead_ends.insert(self.key());
                branches.pop();
            }
        }
    }

    /// At a dead end: which element should have been the oldest, going by the calls that can be
    /// next?
    fn learn(&mut self) {
        let Some(&oldest) = self.entered.get(self.gone) else { return };
        let next = (0..self.steps.threads.len()).filter_map(|thread| {
            let step = self.steps.threads[thread].get(self.next[thread] as usize)?;
            let element =
                step.leaves.filter(|&element| element != oldest as usize && self.is_in[element])?;
            le(&step.after, &self.next).then_some((step.deadline(), element))
        });
        self.lesson = next.min().map(|(_, element)| (element, oldest as usize));
    }

    /// All that the future depends on. (Whether the queue is closed follows from the calls that are
    /// placed.)
    fn key(&self) -> Box<[u32]> {
        let next = &self.next[..self.steps.threads.len()];
        next.iter().chain(&self.entered[self.gone..]).copied().collect()
    }

    /// The next call of a thread, if it can be the next of all.
    fn next_step(&self, thread: usize) -> Option<&'a Step> {
        let step = self.steps.threads[thread].get(self.next[thread] as usize)?;
        let fits = step.len.contains(&(self.entered.len() - self.gone))
            && step.closed.is_none_or(|closed| closed == self.is_closed);
        (fits && le(&step.after, &self.next)).then_some(step)
    }

    /// Rule 1.
    fn place_what_changes_nothing(&mut self) {
        let mut thread = 0;
        let mut since_last = 0;
        while since_last < self.steps.threads.len() {
            since_last += 1;
            while self.next_step(thread).is_some_and(Step::changes_nothing) {
                self.place(thread);
                since_last = 0;
            }
            thread = (thread + 1) % self.steps.threads.len();
        }
    }

    fn find_candidates(&mut self) {
        let first = self.candidates.len();
        let mut takes_out = None;
        let mut closes = None;
        for thread in 0..self.steps.threads.len() {
            let Some(step) = self.next_step(thread) else { continue };
            if step.closes {
                closes = Some(thread as u8);
                continue;
            }
            if !step.enters.is_none_or(|element| self.may_enter(element)) {
                continue;
            }
            match step.leaves {
                None => self.candidates.push(thread as u8),
                // Rule 2.
                Some(oldest) if self.entered[self.gone] as usize == oldest => {
                    takes_out = Some(thread as u8)
                }
                Some(_) => {}
            }
        }

        // The element that leaves first is to enter first, so it comes last; whatever makes another
        // needless leaves no later.
        let step = |&thread: &u8| {
            &self.steps.threads[thread as usize][self.next[thread as usize] as usize]
        };
        let leaving = |thread: &u8| step(thread).enters.map(|element| self.leaving[element]);
        self.candidates[first..]
            .sort_by_key(|thread| Reverse((leaving(thread), step(thread).deadline())));
        let mut kept: Vec<u8> = Vec::new();
        for thread in self.candidates.drain(first..).rev() {
            if !kept.iter().any(|other| self.steps.makes_needless(step(other), step(&thread))) {
                kept.push(thread);
            }
        }
        self.candidates.extend(kept.iter().rev());

        // Rule 3, again. All candidates but a pop are gone then.
        if let Some(close) = closes.filter(|_| self.entered.len() == self.is_in.len()) {
            self.candidates.push(close);
            kept.push(close);
        }

        // What must be done first is likely to be what was done first.
        if let Some(pop) = takes_out {
            let pop_first =
                kept.iter().all(|other| step(&pop).deadline() <= step(other).deadline());
            let at = if pop_first { self.candidates.len() } else { first };
            self.candidates.insert(at, pop);
        }
    }

    /// Rule 3.
    fn may_enter(&self, element: usize) -> bool {
        match self.steps.exit(element) {
            Some(exit) => le(&exit.after, &self.first_exit),
            // All that ever leave must leave before it.
            None => (0..self.steps.threads.len())
                .all(|i| self.first_exit[i] as usize == self.steps.threads[i].len()),
        }
    }

    fn place(&mut self, thread: usize) {
        let step = &self.steps.threads[thread][self.next[thread] as usize];
        self.next[thread] += 1;
        self.placed.push(thread as u8);
        self.gone += usize::from(step.leaves.is_some());
        self.is_closed |= step.closes;
        if let Some(element) = step.enters {
            self.entered.push(element as u32);
            self.is_in[element] = true;
            if let Some((thread, _)) = self.steps.exits[element] {
                self.advance_first_exit(thread);
            }
        }
    }

    fn take_back_to(&mut self, placed: usize) {
        while self.placed.len() > placed {
            self.take_back();
        }
    }

    /// Takes the last call back.
    fn take_back(&mut self) {
        let thread = usize::from(self.placed.pop().expect("there is one"));
        self.next[thread] -= 1;
        let step = &self.steps.threads[thread][self.next[thread] as usize];
        self.gone -= usize::from(step.leaves.is_some());
        // At most one is placed: the next one does not fit.
        self.is_closed &= !step.closes;
        if let Some(element) = step.enters {
            self.entered.pop();
            self.is_in[element] = false;
            if let Some((thread, number)) = self.steps.exits[element] {
                self.first_exit[thread] = self.first_exit[thread].min(number as u32);
            }
        }
    }

    fn advance_first_exit(&mut self, thread: usize) {
        let steps = &self.steps.threads[thread];
        let first = &mut self.first_exit[thread];
        while steps
            .get(*first as usize)
            .is_some_and(|step| step.leaves.is_none_or(|element| self.is_in[element]))
        {
            *first += 1;
        }
    }
}
