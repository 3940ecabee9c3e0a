/* The protocol of src/ring/atomic/protocol.rs, access by access, in the memory of memory.h: on exchange storage
 * (exchange.rs), or with INLINE on inline storage (inline.rs).
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
#define CLOSE 64
#define IS_CLOSED 128
#ifndef KINDS
#define KINDS (PUSH | TRY_PUSH | POP | LEN | IS_EMPTY | IS_FULL | CLOSE | IS_CLOSED)
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
#ifndef CLOSING
#define CLOSING SEQ_CST
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

/* Whether a push that looks for the tail, and one that need not look, sees that it is closed. */
#ifndef NOTICED
#define NOTICED 1
#endif
#ifndef EXACT
#define EXACT 1
#endif
/* Whether a pop keeps the slot closed. */
#ifndef KEPT
#define KEPT 1
#endif

#ifndef JOINTLY
#define JOINTLY 1
#endif

/* ---- Memory: the slots, then the hints; a cell for each slot, then the threads' spares. */

#define LOCATIONS (CAP + 2)
#define SLOT(p) ((p) % CAP)
#define HEAD CAP
#define TAIL (CAP + 1)
#ifdef INLINE
/* The payload of a slot is the element itself; what an element refers to is a cell of the same number. */
#define CELLS (CAP + THREADS * OPS + 1)
#else
#define CELLS (CAP + THREADS)
#endif
#define MESSAGES (THREADS * OPS + 2)
/* No position is as late as the last of these. */
#define POSITIONS (START + CAP + THREADS * OPS + 1)
#define NONE (POSITIONS - 1)
#define ON_EXCHANGE exchanged()
#ifdef CLOSE_STORES
#define ON_STORE(x) stored(x)
#endif

#include "memory.pml"

c_decl {
enum { capacity = CAP, n_cells = CELLS, n_positions = POSITIONS, jointly = JOINTLY };
\#include "ring.h"
}
c_track "&ring" "sizeof(ring)"

#ifdef PAYLOAD_FIRST
#define LOAD_SLOT(p) load(SLOT(p), RELAXED, look); payload = CELL(look); look = 0; load(SLOT(p), SLOT_LOAD, seen)
#endif
#include "slots.pml"

#ifdef INLINE
/* ---- src/ring/atomic/atomic_pair.rs. A slot is one location, with a stamp and a payload in each message. */

#define SAME_STAMP c_expr { CHOSEN.value / n_cells == now.expected / n_cells }

/* Whichever payload there is now: as the stamp was loaded before, by Acquire, that of its message or of a later one. */
inline load_payload(p) {
#ifdef PAYLOAD_FIRST
    skip
#else
    load(SLOT(p), RELAXED, look); payload = CELL(look); look = 0
#endif
}

/* Compares the stamp alone, and leaves the payload as it is. */
inline exchange_stamp(p, old, new, success) {
    wait_for_turn();
    operands(SLOT(p), success);
    expected = old; written = new;
    do
    :: IS_NEWER -> choice++
    :: SAME_STAMP && IS_FREE ->
        exchanged_it = true;
        c_code { read_message(now.who, now.where, now.choice, now.order); };
        exchanged();
        c_code {
            now.written = now.written / n_cells * n_cells + CHOSEN.value % n_cells;
            write_message(now.who, now.where, now.choice, now.written, now.order, 1);
        };
        break
    :: !(SAME_STAMP) ->
        order = EXCHANGE_FAILED;
        c_code { read_message(now.who, now.where, now.choice, now.order); };
        break
    od;
    c_code { collect(); };
    forget_operands()
}
#endif

/* ---- src/ring/atomic/protocol.rs. */

#define IS_OPEN(word) (!EXACT || !IS_CLOSED_WORD(word))
#define IS_TAIL(p, word) ((AGE(p, word) == -1 || AGE(p, word) == 0) && IS_OPEN(word))
#define IS_HEAD(p, word) ((AGE(p, word) == 0 || AGE(p, word) == 1) && IS_OPEN(word))
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
inline look_at_tail(p) {
    load(TAIL, HINT_LOAD, p);
    LOAD_SLOT(p);
    REQUIRE(AGE(p, seen) >= FILLED - 2, "a hint ahead of the ring")
}

inline look_at_head(p) {
    load(HEAD, HINT_LOAD, p);
    LOAD_SLOT(p);
    REQUIRE(AGE(p, seen) >= GONE - 2, "a hint ahead of the ring")
}

inline find_tail(p) {
    load(TAIL, HINT_LOAD, p);
    find(p, FILLED)
}

inline find_head(p) {
    load(HEAD, HINT_LOAD, p);
    find_head_after(p)
}

/* With `skip_evicted` of tail.rs. */
inline find_head_after(p) {
    load(TAIL, HINT_LOAD, look);
    if
    :: look - CAP + TOO_LATE > p -> p = look - CAP + TOO_LATE
    :: else
    fi;
    look = 0;
    find(p, GONE)
}

/* `holds_element` is whether the thread has an element: on its way in, or taken out. */
inline prepare() {
#ifdef INLINE
    spare = value;
#endif
    c_code { fill_cell(Pthread->me, Pthread->spare, Pthread->value); };
    holds_element = true
}

#ifdef INLINE
/* `put` and `take`; `closed` is whether the slot is to stay so. */
inline swap(p, closed) {
    load_payload(p);
    if
#ifndef PUSH_STAMP
    :: holds_element ->
        compare_exchange(SLOT(p), seen - CELL(seen) + payload, WORD(EMPTY(p) + 1, closed, spare), EXCHANGE,
                         EXCHANGE_FAILED, exchanged_it)
#else
    :: holds_element -> exchange_stamp(p, seen, WORD(EMPTY(p) + 1, closed, 0), EXCHANGE)
#endif
    :: else -> exchange_stamp(p, seen, WORD(EMPTY(p) + 2, closed, 0), EXCHANGE)
    fi;
    if
    :: exchanged_it -> spare = payload; holds_element = IS_FULL_WORD(seen)
    :: else
    fi;
#ifndef PAYLOAD_FIRST
    payload = 0
#endif
}
#else
/* `put` and `take`; `closed` is whether the slot is to stay so. */
inline swap(p, closed) {
    compare_exchange(SLOT(p), seen, WORD(EMPTY(p) + 2 - holds_element, closed, spare), EXCHANGE, EXCHANGE_FAILED,
                     exchanged_it);
    if
    :: exchanged_it -> spare = CELL(seen); holds_element = IS_FULL_WORD(seen)
    :: else
    fi
}
#endif

/* The linearization point of every operation that makes an exchange. */
inline exchanged() {
    if
    :: kind == CLOSE -> c_code { closed(Pthread->me, Pthread->p); }
    :: kind != CLOSE && holds_element -> c_code { Pthread->wanted = pushed(Pthread->me, Pthread->p, Pthread->value); }
    :: else -> c_code { Pthread->wanted = popped(Pthread->me, Pthread->p); }
    fi
}

inline stored(x) {
    if
    :: x < CAP -> c_code { closed(Pthread->me, Pthread->p); }
    :: else
    fi
}

inline into_element() {
    REQUIRE(holds_element == (wanted != 0), "an element too many or too few");
    if
    :: holds_element -> c_code { take_from_cell(Pthread->me, Pthread->spare, Pthread->wanted); }
    :: else
    fi
}

inline advance_tail_hint(p) {
    publish(TAIL, p + 1 + TOO_FAR);
    if
    :: SLOT(p + 1) == 0 && IS_MILESTONE(p + 1) -> publish(HEAD, p + 1 - MILESTONE_LAG * CAP)
    :: else
    fi
}

inline push() {
    look_at_tail(p);
    prepare();
    if
    :: IS_TAIL(p, seen) && !(kind == TRY_PUSH && IS_FULL_WORD(seen)) -> swap(p, 0)
    :: else
    fi;
    do
    :: exchanged_it -> advance_tail_hint(p); break
    :: else ->
        find(p, FILLED);
        if
        :: NOTICED && IS_CLOSED_WORD(seen) -> observe_closed(); wanted = value; break
        :: else
        fi;
        if
        :: kind == TRY_PUSH && IS_FULL_WORD(seen) -> observe(p, p - CAP, p, p - CAP); wanted = value; break
        :: else -> swap(p, 0)
        fi
    od;
    into_element()
}

inline pop() {
    look_at_head(p);
    if
    :: !IS_HEAD(p, seen) -> find_head_after(p)
    :: IS_HEAD(p, seen) && IS_FULL_WORD(seen) ->
        swap(p, 0);
        if
        :: exchanged_it
        :: else -> find_head_after(p)
        fi
    :: else
    fi;
    do
    :: exchanged_it -> publish(HEAD, p + 1 + TOO_FAR); into_element(); break
    :: !exchanged_it && !IS_FULL_WORD(seen) -> observe(p, p, p, p); break
    :: else ->
        swap(p, KEPT && IS_CLOSED_WORD(seen));
        if
        :: exchanged_it
        :: else -> find_head_after(p)
        fi
    od
}

inline close() {
    load(TAIL, HINT_LOAD, p);
    do
#ifdef CLOSE_AT_HINT
    :: load(SLOT(p), SLOT_LOAD, seen);
#else
    :: find(p, FILLED);
#endif
#ifndef CLOSE_TWICE
        if
        :: IS_CLOSED_WORD(seen) -> break
        :: else
        fi;
#endif
#ifdef CLOSE_STORES
        store(SLOT(p), seen + CLOSED, CLOSING);
        exchanged_it = true;
#elif defined(INLINE)
        exchange_stamp(p, seen, seen - IS_CLOSED_WORD(seen) * CLOSED + CLOSED, CLOSING);
#else
        compare_exchange(SLOT(p), seen, seen - IS_CLOSED_WORD(seen) * CLOSED + CLOSED, CLOSING, EXCHANGE_FAILED,
                         exchanged_it);
#endif
#ifdef CLOSE_ONCE
        exchanged_it = true;
#endif
        if
        :: exchanged_it -> break
        :: else
        fi
    od;
    c_code { close_returns(Pthread->me, Pthread->exchanged_it); }
}

inline is_closed() {
#ifdef IS_CLOSED_AT_HINT
    look_at_tail(p);
#else
    find_tail(p);
#endif
    if
    :: IS_CLOSED_WORD(seen) -> observe_closed()
    :: else -> observe_open()
    fi
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
#ifdef INLINE
    byte spare, payload;
#else
    byte spare = CAP + me;
#endif
    byte value, wanted, kind, ops = OPS, look, seen, steps;
    short p, tail, same, low, high;
    bool holds_element, exchanged_it;
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
            :: KINDS & CLOSE -> kind = CLOSE
            :: KINDS & IS_CLOSED -> kind = IS_CLOSED
            fi;
            if
            :: kind <= TRY_PUSH -> value = CAP + 1 + me * OPS + OPS - ops
            :: else
            fi;
            c_code { invoke(Pthread->me); };
            ops--;
            if
            :: kind <= TRY_PUSH -> push()
            :: kind == POP -> pop()
            :: kind == LEN -> length()
            :: kind == IS_EMPTY -> is_empty()
            :: kind == IS_FULL -> is_full()
            :: kind == CLOSE -> close()
            :: kind == IS_CLOSED -> is_closed()
            fi;
            kind = 0; value = 0; look = 0; wanted = 0; p = 0; tail = 0; same = 0; low = 0; high = 0; seen = 0;
            holds_element = false; exchanged_it = false;
#ifdef INLINE
            spare = 0; payload = 0
#endif
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
        c_code { start(START + Pinit->fill, START, STARTS_CLOSED); };
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
