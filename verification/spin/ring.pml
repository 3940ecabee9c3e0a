/* The protocol of src/atomic_ring/ring.rs on exchange storage (exchange.rs), access by access, in the memory of
 * memory.h.
 *
 * What must hold is in ring.h. The names are those of the Rust code. A few things are simpler, without loss here:
 * positions are plain numbers, as stamps do not wrap around within a model; a thread's spare is a variable of its own;
 * and so is the value that a push was given.
 */

/* ---- Size of the model. */

#ifndef CAP
#define CAP 1
#endif
#ifndef THREADS
#define THREADS 2
#endif
/* How many operations a thread does ... */
#ifndef OPS
#define OPS 2
#endif
/* ... and of which kinds, a bit each: every script of these is run. */
#define PUSH 1
#define TRY_PUSH 2
#define POP 4
#define LEN 8
#define IS_EMPTY 16
#define IS_FULL 32
#ifndef KINDS
#define KINDS (PUSH | TRY_PUSH | POP | LEN | IS_EMPTY | IS_FULL)
#endif
/* How many elements have come and gone before; the hints may be anywhere from the first of them on. */
#ifndef START
#define START 0
#endif
#ifndef MILESTONE_LAPS
#define MILESTONE_LAPS 256
#endif

/* ---- Orderings, and what else can be broken on purpose. */

#ifndef HINT_LOAD
#define HINT_LOAD ACQUIRE
#endif
#ifndef HINT_LOOK
#define HINT_LOOK RELAXED
#endif
#ifndef HINT_STORE
#define HINT_STORE RELEASE
#endif
#ifndef SLOT_LOAD
#define SLOT_LOAD SEQ_CST
#endif
#ifndef EXCHANGE
#define EXCHANGE SEQ_CST
#endif
#ifndef EXCHANGE_FAILED
#define EXCHANGE_FAILED RELAXED
#endif
/* How far publishing goes beyond what was done. */
#ifndef TOO_FAR
#define TOO_FAR 0
#endif
/* Which lap a milestone says is gone, counted from the new one. */
#ifndef MILESTONE_LAG
#define MILESTONE_LAG 1
#endif

/* How much later than a lap before the tail the head is looked for. */
#ifndef TOO_LATE
#define TOO_LATE 0
#endif

#ifndef JOINTLY
#define JOINTLY 1
#endif

/* ---- Memory: the slots, then the hints; a cell for each slot, then the threads' spares. */

#define LOCATIONS (CAP + 2)
#define SLOT(p) ((p) % CAP)
#define HEAD CAP
#define TAIL (CAP + 1)
#define CELLS (CAP + THREADS)
#define MESSAGES (THREADS * OPS + 2)
/* No position is as late as the last of these. */
#define POSITIONS (START + CAP + THREADS * OPS + 1)
#define NONE (POSITIONS - 1)
#define ON_EXCHANGE exchanged()

#include "memory.pml"

c_decl {
enum { capacity = CAP, n_cells = CELLS, n_positions = POSITIONS, jointly = JOINTLY };
\#include "ring.h"
}
c_track "&ring" "sizeof(ring)"

#include "slots.pml"

/* ---- src/atomic_ring/ring.rs. */

#define IS_TAIL(p, word) (AGE(p, word) == -1 || AGE(p, word) == 0)
#define IS_HEAD(p, word) (AGE(p, word) == 0 || AGE(p, word) == 1)
#define IS_MILESTONE(p) (LAP(p) % MILESTONE_LAPS == 0)

inline publish(hint, p) {
    load(hint, HINT_LOOK, look);
    if
    :: p > look -> store(hint, p, HINT_STORE)
    :: else
    fi;
    look = 0
}

/* The fast paths look less closely than `find`; the ring must not owe it to luck that they are right. */
inline find_tail(p) {
    load(TAIL, HINT_LOAD, p);
    load(SLOT(p), SLOT_LOAD, seen);
    REQUIRE(AGE(p, seen) >= FILLED - 2, "a hint ahead of the ring");
    if
    :: IS_TAIL(p, seen)
    :: else -> find(p, FILLED)
    fi
}

inline find_head(p) {
    load(HEAD, HINT_LOAD, p);
    load(SLOT(p), SLOT_LOAD, seen);
    REQUIRE(AGE(p, seen) >= GONE - 2, "a hint ahead of the ring");
    if
    :: IS_HEAD(p, seen)
    :: else -> find_head_after(p)
    fi
}

/* With `not_lapped` of tail.rs. */
inline find_head_after(p) {
    load(TAIL, HINT_LOAD, look);
    if
    :: look - CAP + TOO_LATE > p -> p = look - CAP + TOO_LATE
    :: else
    fi;
    look = 0;
    find(p, GONE)
}

/* Fills the spare: `holds_element` is whether the hand holds an element. */
inline hand_with_value() {
    c_code { fill_cell(Pthread->me, Pthread->spare, Pthread->value); };
    holds_element = true
}

inline swap(p) {
    compare_exchange(SLOT(p), seen, WORD(EMPTY(p) + 2 - holds_element, spare), EXCHANGE, EXCHANGE_FAILED, swapped);
    if
    :: swapped -> spare = CELL(seen); holds_element = IS_FULL_WORD(seen)
    :: else
    fi
}

/* The linearization point of every operation that swaps. */
inline exchanged() {
    if
    :: holds_element -> c_code { Pthread->wanted = pushed(Pthread->me, Pthread->p, Pthread->value); }
    :: else -> c_code { Pthread->wanted = popped(Pthread->me, Pthread->p); }
    fi
}

inline open() {
    REQUIRE(holds_element == (wanted != 0), "an element too many or too few");
    if
    :: holds_element -> c_code { take_from_cell(Pthread->me, Pthread->spare, Pthread->wanted); }
    :: else
    fi
}

inline publish_filled(p) {
    publish(TAIL, p + 1 + TOO_FAR);
    if
    :: SLOT(p + 1) == 0 && IS_MILESTONE(p + 1) -> publish(HEAD, p + 1 - MILESTONE_LAG * CAP)
    :: else
    fi
}

inline push() {
    find_tail(p);
    hand_with_value();
    do
    :: swap(p);
        if
        :: swapped -> break
        :: else -> find(p, FILLED)
        fi
    od;
    publish_filled(p);
    open()
}

inline try_push() {
    find_tail(p);
    if
    :: IS_FULL_WORD(seen) -> observe(p, p - CAP, p, p - CAP)
    :: else ->
        hand_with_value();
        do
        :: swap(p);
            if
            :: swapped -> publish_filled(p); break
            :: else -> find(p, FILLED)
            fi;
            if
            :: IS_FULL_WORD(seen) -> observe(p, p - CAP, p, p - CAP); wanted = value; break
            :: else
            fi
        od;
        open()
    fi
}

inline pop() {
    find_head(p);
    do
    :: !IS_FULL_WORD(seen) -> observe(p, p, p, p); break
    :: else ->
        swap(p);
        if
        :: swapped -> publish(HEAD, p + 1 + TOO_FAR); open(); break
        :: else -> find_head_after(p)
        fi
    od
}

inline length() {
    find_head(p);
    do
    :: find_tail(tail);
        same = p;
#ifndef LEN_ONCE
        find(same, GONE);
#endif
        if
        :: same == p -> break
        :: else -> p = same
        fi
    od;
    /* `since` counts on at most a lap between them. */
    REQUIRE(tail - p == (LAP(tail) == LAP(p) -> 0 : CAP) + SLOT(tail) - SLOT(p), "a length that is none");
    observe(tail, p, tail, p)
}

inline is_empty() {
    find_head(p);
    if
    :: IS_FULL_WORD(seen) -> observe(p + 1, 0, NONE, p)
    :: else -> observe(p, p, p, p)
    fi
}

inline is_full() {
    find_tail(p);
    if
    :: IS_FULL_WORD(seen) -> observe(p, p - CAP, p, p - CAP)
    :: else -> observe(0, p + 1 - CAP, p, NONE)
    fi
}

/* ---- Threads. */

byte ended;

proctype thread(byte me) {
    byte spare = CAP + me, value, wanted, kind, ops = OPS, look, seen, steps;
    short p, tail, same, low, high;
    bool holds_element, swapped;
    atomic {
        do
        :: ops == 0 -> break
        :: ops > 0 ->
            if
            :: KINDS & PUSH -> kind = PUSH
            :: KINDS & TRY_PUSH -> kind = TRY_PUSH
            :: KINDS & POP -> kind = POP
            :: KINDS & LEN -> kind = LEN
            :: KINDS & IS_EMPTY -> kind = IS_EMPTY
            :: KINDS & IS_FULL -> kind = IS_FULL
            fi;
            if
            :: kind <= TRY_PUSH -> value = CAP + 1 + me * OPS + OPS - ops
            :: else
            fi;
            c_code { invoke(Pthread->me); };
            ops--;
            if
            :: kind == PUSH -> push()
            :: kind == TRY_PUSH -> try_push()
            :: kind == POP -> pop()
            :: kind == LEN -> length()
            :: kind == IS_EMPTY -> is_empty()
            :: kind == IS_FULL -> is_full()
            fi;
            kind = 0; value = 0; look = 0; wanted = 0; p = 0; tail = 0; same = 0; low = 0; high = 0; seen = 0;
            holds_element = false; swapped = false
        od;
halted:
        c_code { retire(Pthread->me); memset(&ring.since[Pthread->me], 0, sizeof(struct view)); };
        ended++
    }
}

/* ---- A scheduler that lets any thread go on at any time. */

init {
    byte fill, p, t;
    atomic {
        do
        :: fill < CAP -> fill++
        :: break
        od;
        for (p : START .. START + CAP - 1) { slot_at_start(p) }
        hint_at_start(HEAD, START);
        hint_at_start(TAIL, START + fill);
        c_code {
            ring.gone = START;
            ring.filled = START + Pinit->fill;
            for_each_view(know_events, ring.filled, ring.gone);
            for (now.who = 0; now.who < threads; now.who++) ring.since[now.who] = memory.views[now.who];
            now.who = 0;
        };
        for (t : 0 .. THREADS - 1) { run thread(t) }
        fill = 0; p = 0; t = 0
    }
end:
    do
    :: turn[0] ! GO
    :: turn[1] ! GO
#if THREADS > 2
    :: turn[2] ! GO
#endif
#ifdef FREEZE
    :: turn[0] ! HALT
    :: turn[1] ! HALT
#if THREADS > 2
    :: turn[2] ! HALT
#endif
#endif
    :: ended == THREADS -> break
    od
}
