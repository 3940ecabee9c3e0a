/* The accesses of memory.h for Promela: what may happen in several ways is chosen here, what follows is done there.
 *
 * A thread is one long `atomic`, except that at every shared access it waits for its `turn`: there, and only there, can
 * another thread come in between. (A rendezvous hands atomicity over, so nothing else is stored as a state.)
 */

#define RELAXED 0
#define ACQUIRE 1
#define RELEASE 2
#define ACQ_REL 3
#define SEQ_CST 7

c_decl {
/* Macros of Promela are not known in memory.h, so what it needs of them has lower-case names there. */
enum { threads = THREADS, locations = LOCATIONS, max_messages = MESSAGES };
enum { acquire = ACQUIRE, release = RELEASE, seq_cst = SEQ_CST };
\#include <string.h>
\#include "memory.h"
}
c_track "&memory" "sizeof(memory)"

mtype = { GO, HALT }
chan turn[THREADS] = [0] of { mtype }

/* The operands of the access under way; zero otherwise, so that states do not differ by them. */
byte who, where, choice, expected, written, order;
bool done;

/* A c_expr may not call a function, so these are macros. */
#define CHOSEN memory.messages[now.where][now.choice]
#define IS_NEWER c_expr { now.choice < memory.last[now.where] }
#define IS_FREE c_expr { now.choice == memory.last[now.where] || !(&CHOSEN + 1)->pinned }
#define IS_EXPECTED c_expr { CHOSEN.value == now.expected }
#define FINAL(x) c_expr { memory.messages[x][memory.last[x]].value }

/* What a scheduler may do to a thread: let it go on, or halt it for good. Every thread has a label `halted`. */
inline wait_for_turn() {
    if
    :: turn[me] ? GO
    :: turn[me] ? HALT -> goto halted
    fi
}

inline operands(x, ord) {
    who = me; where = x; order = ord;
    c_code { now.choice = oldest_for(now.who, now.where, now.order); }
}

inline forget_operands() {
    who = 0; where = 0; choice = 0; expected = 0; written = 0; order = 0; done = false
}

inline load(x, ord, result) {
    wait_for_turn();
    operands(x, ord);
    do
    :: IS_NEWER -> choice++
    :: break
    od;
    c_code {
        read_message(now.who, now.where, now.choice, now.order);
        now.written = value_of(now.where, now.choice);
        collect();
    };
    result = written;
    forget_operands()
}

#ifndef ON_STORE
#define ON_STORE(x) skip
#endif

inline store(x, value, ord) {
    wait_for_turn();
    operands(x, ord);
    written = value;
    do
    :: IS_NEWER -> choice++
    :: IS_FREE -> break
    od;
    ON_STORE(x);
    c_code {
        write_message(now.who, now.where, now.choice, now.written, now.order, 0);
        collect();
    };
    forget_operands()
}

/* What a model has to note when an exchange succeeds, or a store is made, just before it is written. */
#ifndef ON_EXCHANGE
#define ON_EXCHANGE skip
#endif

inline compare_exchange(x, old, new, success, failure, result) {
    wait_for_turn();
    operands(x, success);
    expected = old; written = new;
    do
    :: IS_NEWER -> choice++
    :: IS_EXPECTED && IS_FREE ->
        done = true;
        c_code { read_message(now.who, now.where, now.choice, now.order); };
        ON_EXCHANGE;
        c_code {
            write_message(now.who, now.where, now.choice, now.written, now.order, 1);
        };
        break
    :: !IS_EXPECTED ->
        order = failure;
        c_code { read_message(now.who, now.where, now.choice, now.order); };
        break
    od;
    c_code { collect(); };
    result = done;
    forget_operands()
}

/* Puts in `new`, whatever is there; `result` is what was. */
inline exchange(x, new, ord, result) {
    wait_for_turn();
    operands(x, ord);
    written = new;
    do
    :: IS_NEWER -> choice++
    :: IS_FREE -> break
    od;
    c_code {
        now.expected = value_of(now.where, now.choice);
        read_message(now.who, now.where, now.choice, now.order);
    };
    result = expected;
    ON_EXCHANGE;
    c_code {
        write_message(now.who, now.where, now.choice, now.written, now.order, 1);
        collect();
    };
    forget_operands()
}

inline fetch_add(x, ord, result) {
    add(x, 1, ord, result)
}

/* Adds `n`, whatever is there; `result` is what was. */
inline add(x, n, ord, result) {
    wait_for_turn();
    operands(x, ord);
    expected = n;
    do
    :: IS_NEWER -> choice++
    :: IS_FREE -> break
    od;
    c_code {
        now.written = value_of(now.where, now.choice);
        read_message(now.who, now.where, now.choice, now.order);
    };
    ON_EXCHANGE;
    c_code {
        write_message(now.who, now.where, now.choice, now.written + now.expected, now.order, 1);
        collect();
    };
    result = written;
    forget_operands()
}

inline fence(ord) {
    wait_for_turn();
    if
    :: ord == SEQ_CST -> who = me; c_code { fence_sc(now.who); collect(); }; who = 0
    :: else
    fi
}
