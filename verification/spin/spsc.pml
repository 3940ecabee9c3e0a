/* The ring for one producer and one consumer, src/ring/spsc.rs and src/ring/spsc/buffer.rs, access by access, in the
 * memory of memory.h. What must hold is in ring.h.
 *
 * The names are those of the Rust code, and the same things are simpler as in ring.pml. Besides, more may happen here
 * than there: any push may store the hint, whether it was asked or not, and an exchange of a pop may fail at any time.
 */

/* ---- Size of the model. */

#ifndef CAP
#define CAP 1
#endif
/* How many operations a side does ... */
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
/* The consumer goes, and does nothing after that. */
#define LEAVE 16384
#ifndef PRODUCER
#define PRODUCER (PUSH | TRY_PUSH | LEN | IS_FULL | CLOSE | IS_CLOSED)
#endif
#ifndef CONSUMER
#define CONSUMER (POP | LEN | IS_EMPTY | IS_CLOSED | LEAVE)
#endif
/* Positions begin with the second lap, so that there is one before. */
#define START CAP

/* ---- Orderings, and what else can be broken on purpose. */

/* Of the look at a slot before it is filled, ... */
#ifndef PUSH_LOAD
#define PUSH_LOAD ACQUIRE
#endif
#ifndef FILL
#define FILL RELEASE
#endif
#ifndef SWAP
#define SWAP ACQ_REL
#endif
/* ... of a pop's exchange, and of what the two sides look at otherwise. */
#ifndef EXCHANGE
#define EXCHANGE SEQ_CST
#endif
#ifndef PRODUCER_LOAD
#define PRODUCER_LOAD SEQ_CST
#endif
#ifndef CONSUMER_LOAD
#define CONSUMER_LOAD SEQ_CST
#endif
#ifndef FENCE
#define FENCE SEQ_CST
#endif
#ifndef HINT_LOAD
#define HINT_LOAD ACQUIRE
#endif
#ifndef HINT_STORE
#define HINT_STORE RELEASE
#endif
/* Of the mark in the slot, ... */
#ifndef CLOSING
#define CLOSING ACQ_REL
#endif
/* ... and of that beside the tail hint: set by either side, and looked for by the producer, who first looks whether
 * there is anything. */
#ifndef STOP
#define STOP ACQ_REL
#endif
#ifndef STOPPED_LOAD
#define STOPPED_LOAD ACQUIRE
#endif
/* Whether a push looks there. */
#ifndef STOPS
#define STOPS 1
#endif
/* How much later than a lap before the tail the head is looked for. */
#ifndef TOO_LATE
#define TOO_LATE 0
#endif
/* Whether a pop keeps the slot closed. */
#ifndef KEPT
#define KEPT 1
#endif
/* Whether an exchange may fail without a reason; not when cycles are looked for. */
#ifndef FAILS_AT_WILL
#define FAILS_AT_WILL 1
#endif

/* ---- Memory: the slots, then the hint, then what is beside it; a cell for each slot, then the spares. */

#define THREADS 2
#define LOCATIONS (CAP + 2)
#define SLOT(p) ((p) % CAP)
#define HINT CAP
#define STOPPED (CAP + 1)
#define CELLS (CAP + 2)
#define MESSAGES (2 * OPS + 2)
/* No position is as late as the last of these. */
#define POSITIONS (START + CAP + OPS + 1)
#define NONE (POSITIONS - 1)
#define ON_STORE(x) stored(x)
#define ON_EXCHANGE exchanged()
#define SLOT_LOAD (me == 0 -> PRODUCER_LOAD : CONSUMER_LOAD)

#include "memory.pml"

c_decl {
enum { capacity = CAP, n_cells = CELLS, n_positions = POSITIONS, jointly = 1 };
\#include "ring.h"
}
c_track "&ring" "sizeof(ring)"

#include "slots.pml"

/* ---- The producer. `end` is the position of a side's own end. */

/* The linearization points. */
inline stored(x) {
    if
    :: x < CAP && kind != CLOSE -> c_code { Pthread->wanted = pushed(Pthread->me, Pthread->end, Pthread->value); }
    :: x < CAP && kind == CLOSE -> c_code { closed(Pthread->me, Pthread->end); }
    :: else
    fi
}

inline exchanged() {
    if
    :: me == 0 -> stored(where)
    :: me == 1 && kind == POP -> c_code { Pthread->wanted = popped(Pthread->me, Pthread->end); }
    :: me == 1 && kind != POP -> c_code { consumer_left(Pthread->me); }
    fi
}

inline take() {
    c_code { take_from_cell(Pthread->me, Pthread->spare, Pthread->wanted); }
}

inline put() {
    load(SLOT(end), PUSH_LOAD, seen);
    if
    :: IS_FULL_WORD(seen) ->
        c_code { fill_cell(Pthread->me, Pthread->spare, Pthread->value); };
        exchange(SLOT(end), WORD(EMPTY(end) + 1, 0, spare), SWAP, seen);
        spare = CELL(seen);
        REQUIRE(IS_FULL_WORD(seen) == (wanted != 0), "an element too many or too few");
        if
        :: wanted != 0 -> take()
        :: else
        fi
    :: else ->
        look = CELL(seen);
        c_code { fill_cell(Pthread->me, Pthread->look, Pthread->value); };
        store(SLOT(end), WORD(EMPTY(end) + 1, 0, look), FILL);
        REQUIRE(wanted == 0, "an element overwritten by a store")
    fi;
    end++
}

/* Whether a push is of no use any more. It is set by adding one, once by each side at most: what is not zero is set. */
inline is_stopped() {
    load(STOPPED, STOPPED_LOAD, stopped)
}

inline push() {
    load(STOPPED, RELAXED, stopped);
    stopped = stopped * STOPS;
    if
    :: stopped -> is_stopped()
    :: else
    fi;
    if
    :: stopped -> observe_closed()
    :: else ->
        if
        :: true -> store(HINT, end, HINT_STORE)
        :: true
        fi;
        put()
    fi
}

inline observe_full() {
    observe(end, end - CAP, end, end - CAP)
}

inline try_push() {
    is_stopped();
    if
    :: stopped -> observe_closed()
    :: else ->
        load(SLOT(end), SLOT_LOAD, seen);
        if
        :: IS_FULL_WORD(seen) ->
            fence(FENCE);
            load(SLOT(end), SLOT_LOAD, seen)
        :: else
        fi;
        if
        :: IS_FULL_WORD(seen) -> observe_full()
        :: else ->
            put();
            REQUIRE(wanted == 0, "an eviction by try_push")
        fi
    fi
}

inline close() {
    is_stopped();
    if
    :: stopped
    :: else ->
#ifdef CLOSE_STORES
        load(SLOT(end), SLOT_LOAD, seen);
        store(SLOT(end), seen + CLOSED, CLOSING);
#else
        add(SLOT(end), CLOSED, CLOSING, seen);
#endif
        REQUIRE(!IS_CLOSED_WORD(seen), "a slot marked twice");
        add(STOPPED, 1, STOP, look)
    fi;
    c_code { close_returns(Pthread->me, !Pthread->stopped); }
}

inline producer_is_closed() {
    is_stopped();
    if
    :: stopped -> observe_closed()
    :: else -> observe_open()
    fi
}

inline producer_length() {
    fence(FENCE);
    p = end - CAP + TOO_LATE;
    find(p, GONE);
    observe(end, p, end, p)
}

inline is_full() {
    fence(FENCE);
    load(SLOT(end), SLOT_LOAD, seen);
    if
    :: IS_FULL_WORD(seen) -> observe_full()
    :: else -> observe(0, end + 1 - CAP, end, NONE)
    fi
}

/* ---- The consumer. */

inline catch_up() {
    load(HINT, HINT_LOAD, look);
    if
    :: look - CAP + TOO_LATE > end -> end = look - CAP + TOO_LATE
    :: else
    fi;
    look = 0;
    find(end, GONE)
}

inline pop() {
    do
    :: load(SLOT(end), CONSUMER_LOAD, seen);
        swapped = false;
        if
        :: STAMP(seen) == EMPTY(end) -> observe(end, end, end, end); break
        :: STAMP(seen) == EMPTY(end) + 1 ->
            if
            :: true ->
                compare_exchange(SLOT(end), seen, WORD(EMPTY(end) + 2, KEPT && IS_CLOSED_WORD(seen), spare),
                                 EXCHANGE, RELAXED, swapped)
            :: FAILS_AT_WILL
            fi
        :: else
        fi;
        if
        :: swapped -> spare = CELL(seen); end++; take(); break
        :: else -> catch_up()
        fi
    od
}

inline consumer_length() {
    p = end;
    find(p, GONE);
    do
    :: tail = p;
        find(tail, FILLED);
        same = p;
        find(same, GONE);
        if
        :: same == p -> break
        :: else -> p = same
        fi
    od;
    observe(tail, p, tail, p)
}

inline is_empty() {
    p = end;
    find(p, GONE);
    if
    :: IS_FULL_WORD(seen) -> observe(p + 1, 0, NONE, p)
    :: else -> observe(p, p, p, p)
    fi
}

inline consumer_is_closed() {
    p = end;
    find(p, FILLED);
    if
    :: IS_CLOSED_WORD(seen) -> observe_closed()
    :: else -> observe_open()
    fi
}

/* The dropping of the consumer. */
inline leave() {
    add(STOPPED, 1, STOP, look);
    ops = 0
}

/* ---- Threads: the producer is the first. */

byte ended;

proctype thread(byte me; short end) {
    byte spare = CAP + me, value, wanted, ops = OPS, look, seen, steps, stopped;
    short kind, p, tail, same, low, high;
    bool swapped;
    atomic {
        do
        :: ops == 0 -> break
        :: ops > 0 ->
            if
            :: me == 0 && (PRODUCER & PUSH) -> kind = PUSH
            :: me == 0 && (PRODUCER & TRY_PUSH) -> kind = TRY_PUSH
            :: me == 0 && (PRODUCER & LEN) || me == 1 && (CONSUMER & LEN) -> kind = LEN
            :: me == 0 && (PRODUCER & IS_FULL) -> kind = IS_FULL
            :: me == 0 && (PRODUCER & CLOSE) -> kind = CLOSE
            :: me == 0 && (PRODUCER & IS_CLOSED) || me == 1 && (CONSUMER & IS_CLOSED) -> kind = IS_CLOSED
            :: me == 1 && (CONSUMER & LEAVE) -> kind = LEAVE
            :: me == 1 && (CONSUMER & POP) -> kind = POP
            :: me == 1 && (CONSUMER & IS_EMPTY) -> kind = IS_EMPTY
            fi;
            if
            :: kind <= TRY_PUSH -> value = CAP + 1 + OPS - ops
            :: else
            fi;
            c_code { invoke(Pthread->me); };
            ops--;
            if
            :: kind == PUSH -> push()
            :: kind == TRY_PUSH -> try_push()
            :: kind == LEN && me == 0 -> producer_length()
            :: kind == LEN && me == 1 -> consumer_length()
            :: kind == IS_FULL -> is_full()
            :: kind == CLOSE -> close()
            :: kind == IS_CLOSED && me == 0 -> producer_is_closed()
            :: kind == IS_CLOSED && me == 1 -> consumer_is_closed()
            :: kind == LEAVE -> leave()
            :: kind == POP -> pop()
            :: kind == IS_EMPTY -> is_empty()
            fi;
            kind = 0; value = 0; look = 0; wanted = 0; p = 0; tail = 0; same = 0; low = 0; high = 0; seen = 0;
            swapped = false; stopped = 0
        od;
halted:
        c_code { retire(Pthread->me); memset(&ring.since[Pthread->me], 0, sizeof(struct view)); };
        ended++
    }
}

/* ---- A scheduler that lets any thread go on at any time. */

init {
    byte fill, p;
    atomic {
        do
        :: fill < CAP -> fill++
        :: break
        od;
        for (p : START .. START + CAP - 1) { slot_at_start(p) }
        hint_at_start(HINT, START + fill);
        c_code { initial(STOPPED, STARTS_CLOSED); };
        c_code { start(START + Pinit->fill, START, STARTS_CLOSED); };
        run thread(0, START + fill);
        run thread(1, START);
        fill = 0; p = 0
    }
end:
    do
    :: turn[0] ! GO
    :: turn[1] ! GO
#ifdef FREEZE
    :: turn[0] ! HALT
    :: turn[1] ! HALT
#endif
    :: ended == THREADS -> break
    od
}
