/* Litmus tests of memory.h: for each, whether an outcome can be is known from the literature (RC11). `run` has the
 * table.
 *
 * Spin is asked to show that OUTCOME never is; where it must be reachable, Spin must object.
 */

#define X 0
#define Y 1
#define Z 2
#define MESSAGES 5

#ifndef R
#define R RELAXED
#endif
#ifndef W
#define W RELAXED
#endif
#ifndef RMW
#define RMW RELAXED
#endif
#ifndef F
#define F RELAXED
#endif

/* Registers. The threads themselves check coherence and atomicity where that takes more than four. */
byte a, b, c, d;

#ifdef MP /* message passing */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); store(Y, 1, W)
#define THREAD_1 load(Y, R, a); load(X, RELAXED, b)
#define OUTCOME (a == 1 && b == 0)
#endif

#ifdef MP_CELL /* message passing of what is not atomic: the race shows instead of an outcome */
#define THREADS 2
#define THREAD_0 cell(); store(Y, 1, W)
#define THREAD_1 load(Y, R, a); if :: a == 1 -> cell() :: else fi
#define OUTCOME false
#endif

#ifdef SB /* store buffering */
#define THREADS 2
#define THREAD_0 store(X, 1, W); load(Y, R, a)
#define THREAD_1 store(Y, 1, W); load(X, R, b)
#define OUTCOME (a == 0 && b == 0)
#endif

#ifdef SB_RMW /* store buffering by read-modify-writes: it takes SeqCst to rule it out */
#define THREADS 2
#define THREAD_0 fetch_add(X, RMW, c); load(Y, R, a)
#define THREAD_1 fetch_add(Y, RMW, d); load(X, R, b)
#define OUTCOME (a == 0 && b == 0)
#endif

#ifdef SB_FENCE /* ... or fences, ... */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); fence(SEQ_CST); load(Y, RELAXED, a)
#define THREAD_1 store(Y, 1, RELAXED); fence(F); load(X, RELAXED, b)
#define OUTCOME (a == 0 && b == 0)
#endif

#ifdef SB_MIXED /* ... or a fence here, and there SeqCst accesses: the ring for one and one */
#define THREADS 2
#define THREAD_0 store(X, 1, RELEASE); fence(F); load(Y, ACQUIRE, a)
#define THREAD_1 fetch_add(Y, RMW, d); load(X, R, b)
#define OUTCOME (a == 0 && b == 0)
#endif

#ifdef SB_SWAP /* A SeqCst exchange in place of the fence does not do: the store before it is not SeqCst. */
#define THREADS 2
#define THREAD_0 store(X, 1, RELEASE); fetch_add(Z, SEQ_CST, c); load(Y, SEQ_CST, a)
#define THREAD_1 fetch_add(Y, SEQ_CST, d); load(X, SEQ_CST, b)
#define OUTCOME (a == 0 && b == 0)
#endif

#ifdef IRIW_FENCE /* two readers do not disagree about the order of two stores, with a fence between their loads */
#define THREADS 4
#define THREAD_0 store(X, 1, W)
#define THREAD_1 store(Y, 1, W)
#define THREAD_2 load(X, ACQUIRE, a); fence(F); load(Y, ACQUIRE, b)
#define THREAD_3 load(Y, ACQUIRE, c); fence(F); load(X, ACQUIRE, d)
#define OUTCOME (a == 1 && b == 0 && c == 1 && d == 0)
#endif

#ifdef LB /* load buffering: C11 allows it for Relaxed, RC11 and this model do not */
#define THREADS 2
#define THREAD_0 load(X, RELAXED, a); store(Y, 1, RELAXED)
#define THREAD_1 load(Y, RELAXED, b); store(X, 1, RELAXED)
#define OUTCOME (a == 1 && b == 1)
#endif

#ifdef CORR /* two reads of one location do not go back */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); store(X, 2, RELAXED)
#define THREAD_1 load(X, RELAXED, a); load(X, RELAXED, b)
#define OUTCOME (a > b)
#endif

#ifdef CORR_SAME /* ... though they may read the same old message again */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); store(Y, 1, RELAXED)
#define THREAD_1 load(Y, RELAXED, a); load(X, RELAXED, b); load(X, RELAXED, c)
#define OUTCOME (a == 1 && b == 0 && c == 0)
#endif

#ifdef CORR2 /* two readers see the stores to one location in one order */
#define THREADS 4
#define THREAD_0 store(X, 1, RELAXED)
#define THREAD_1 store(X, 2, RELAXED)
#define THREAD_2 load(X, RELAXED, a); load(X, RELAXED, b)
#define THREAD_3 load(X, RELAXED, c); load(X, RELAXED, d)
#define OUTCOME (a == 1 && b == 2 && c == 2 && d == 1)
#endif

#ifdef COWR /* a thread does not read what is older than its own store */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); load(X, RELAXED, a)
#define THREAD_1 store(X, 2, RELAXED)
#define OUTCOME (a == 0 || a == 2 && FINAL(X) == 1)
#endif

#ifdef COWR_NEWER /* ... but it may read what came after it */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); load(X, RELAXED, a)
#define THREAD_1 store(X, 2, RELAXED)
#define OUTCOME (a == 2 && FINAL(X) == 2)
#endif

#ifdef CORW /* a store comes after what its thread has read */
#define THREADS 2
#define THREAD_0 load(X, RELAXED, a); store(X, 1, RELAXED)
#define THREAD_1 store(X, 2, RELAXED)
#define OUTCOME (a == 2 && FINAL(X) == 2)
#endif

#ifdef COWW /* stores of one thread to one location stay in order */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); store(X, 2, RELAXED)
#define THREAD_1 skip
#define OUTCOME (FINAL(X) == 1)
#endif

#ifdef IRIW /* independent readers may see independent stores in different orders */
#define THREADS 4
#define THREAD_0 store(X, 1, W)
#define THREAD_1 store(Y, 1, W)
#define THREAD_2 load(X, R, a); load(Y, R, b)
#define THREAD_3 load(Y, R, c); load(X, R, d)
#define OUTCOME (a == 1 && b == 0 && c == 1 && d == 0)
#endif

#ifdef IRIW_RMW /* ... unless everything is SeqCst */
#define THREADS 4
#define THREAD_0 fetch_add(X, RMW, a)
#define THREAD_1 fetch_add(Y, RMW, a)
#define THREAD_2 load(X, R, a); load(Y, R, b)
#define THREAD_3 load(Y, R, c); load(X, R, d)
#define OUTCOME (a == 1 && b == 0 && c == 1 && d == 0)
#endif

#ifdef WRC /* write to read causality: happens-before goes through a thread in between */
#define THREADS 3
#define THREAD_0 store(X, 1, RELEASE)
#define THREAD_1 load(X, R, a); store(Y, 1, W)
#define THREAD_2 load(Y, ACQUIRE, b); load(X, RELAXED, c)
#define OUTCOME (a == 1 && b == 1 && c == 0)
#endif

#ifdef ISA2 /* ... and over a third location */
#define THREADS 3
#define THREAD_0 store(X, 1, RELAXED); store(Y, 1, RELEASE)
#define THREAD_1 load(Y, R, a); store(Z, 1, W)
#define THREAD_2 load(Z, ACQUIRE, b); load(X, RELAXED, c)
#define OUTCOME (a == 1 && b == 1 && c == 0)
#endif

#ifdef TWO_PLUS_TWO_W /* 2+2W: a later store may come earlier in modification order, if another thread's is between */
#define THREADS 2
#define THREAD_0 store(X, 1, W); store(Y, 2, W)
#define THREAD_1 store(Y, 1, W); store(X, 2, W)
#define OUTCOME (FINAL(X) == 1 && FINAL(Y) == 1)
#endif

#ifdef S /* a store that happens after another comes after it in modification order */
#define THREADS 2
#define THREAD_0 store(X, 2, RELAXED); store(Y, 1, W)
#define THREAD_1 load(Y, R, a); store(X, 1, RELAXED)
#define OUTCOME (a == 1 && FINAL(X) == 2)
#endif

#ifdef ATOMICITY /* two read-modify-writes do not read the same message */
#define THREADS 2
#define THREAD_0 fetch_add(X, RELAXED, a)
#define THREAD_1 fetch_add(X, RELAXED, b)
#define OUTCOME (a == b || FINAL(X) != 2)
#endif

#ifdef BETWEEN /* no store comes between a read-modify-write and what it read */
#define THREADS 3
#define THREAD_0 fetch_add(X, RELAXED, a)
#define THREAD_1 store(X, 5, RELAXED)
#define THREAD_2 load(X, RELAXED, b); load(X, RELAXED, c)
#define OUTCOME (a == 0 && b == 5 && c == 1)
#endif

#ifdef SEQUENCE /* a release sequence goes on through read-modify-writes, whatever their order */
#define THREADS 3
#define THREAD_0 store(X, 1, RELAXED); store(Y, 1, W)
#define THREAD_1 fetch_add(Y, RMW, a)
#define THREAD_2 load(Y, ACQUIRE, b); load(X, RELAXED, c)
#define OUTCOME (a == 1 && b == 2 && c == 0)
#endif

#ifdef SEQUENCE_STORE /* ... not through a later Relaxed store of the same thread (C++20; in C++11 it did) */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); store(Y, 1, RELEASE); store(Y, 2, RELAXED)
#define THREAD_1 load(Y, ACQUIRE, a); load(X, RELAXED, b)
#define OUTCOME (a == 2 && b == 0)
#endif

#ifdef ACQUIRE_RMW /* the Acquire of a read-modify-write reads as a load's does */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); store(Y, 1, RELEASE)
#define THREAD_1 fetch_add(Y, RMW, a); load(X, RELAXED, b)
#define OUTCOME (a == 1 && b == 0)
#endif

#ifdef LOST_RMW /* a compare-exchange fails by any message it may read, and is then a load of the failure order */
#define THREADS 2
#define THREAD_0 store(X, 1, RELAXED); store(Y, 1, RELEASE)
#define THREAD_1 compare_exchange(Y, 0, 2, RELAXED, R, a); load(X, RELAXED, b)
#define OUTCOME (a == 0 && b == 0)
#endif

#ifdef STRONG /* a compare-exchange does not fail on the value that it expects */
#define THREADS 2
#define THREAD_0 compare_exchange(X, 0, 1, RELAXED, RELAXED, a)
#define THREAD_1 compare_exchange(X, 0, 1, RELAXED, RELAXED, b)
#define OUTCOME (a + b != 1)
#endif

#define LOCATIONS 3

#include "memory.pml"

#ifndef THREAD_2
#define THREAD_2 skip
#endif
#ifndef THREAD_3
#define THREAD_3 skip
#endif

inline cell() {
    who = me;
    c_code { access_cell(now.who, 0); };
    who = 0
}

byte finished;

proctype thread(byte me) {
    atomic {
        if
        :: me == 0 -> THREAD_0
        :: me == 1 -> THREAD_1
        :: me == 2 -> THREAD_2
        :: me == 3 -> THREAD_3
        fi;
halted:
        finished++
    }
}

init {
    byte t;
    atomic {
        c_code { int x; for (x = 0; x < locations; x++) initial(x, 0); };
        do
        :: t < THREADS -> run thread(t); t++
        :: else -> break
        od;
        t = 0
    }
end:
    do
    :: turn[0] ! GO
    :: turn[1] ! GO
#if THREADS > 2
    :: turn[2] ! GO
#endif
#if THREADS > 3
    :: turn[3] ! GO
#endif
    :: finished == THREADS -> assert(!(OUTCOME)); break
    od
}
