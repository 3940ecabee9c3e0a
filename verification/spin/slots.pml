/* What both rings do with their slots: words, positions, and the search for an end. */

#ifndef STEPS
#define STEPS 8
#endif
#ifndef FILLED
#define FILLED 1
#endif
#ifndef GONE
#define GONE 2
#endif
/* Whether the ring is closed before the threads start. */
#ifndef STARTS_CLOSED
#define STARTS_CLOSED 0
#endif

/* ---- src/ring/position.rs, and the words of exchange.rs. */

#define LAP(p) ((p) / CAP)
#define EMPTY(p) (2 * LAP(p))
/* STAMP is in whole versions; the bit that says "closed" is half of one, so an age takes no notice of it. */
#define WORD(stamp, closed, cell) ((2 * (stamp) + (closed)) * CELLS + (cell))
#define CLOSED CELLS
#define STAMP(word) ((word) / CELLS / 2)
#define CELL(word) ((word) % CELLS)
#define IS_FULL_WORD(word) (STAMP(word) & 1)
#define IS_CLOSED_WORD(word) ((word) / CELLS & 1)
#define AGE(p, word) (STAMP(word) - EMPTY(p))

#define REQUIRE(holds, property) \
    if \
    :: holds \
    :: else -> c_code { uerror(property); } \
    fi

#ifndef LOAD_SLOT
#define LOAD_SLOT(p) load(SLOT(p), SLOT_LOAD, seen)
#endif

/* ---- src/ring/search.rs. */

inline search(p, age_done) {
    low = 0; high = CAP;
    do
    :: low < high ->
        load(SLOT(p + (low + high) / 2), SLOT_LOAD, look);
        if
        :: AGE(p + (low + high) / 2, look) >= age_done -> low = (low + high) / 2 + 1
        :: else -> high = (low + high) / 2
        fi
    :: else -> break
    od;
    p = p + low;
    low = 0; high = 0; look = 0
}

inline find(p, age_done) {
    do
    :: LOAD_SLOT(p);
        REQUIRE(AGE(p, seen) >= age_done - 2, "a hint ahead of the ring");
        if
        :: AGE(p, seen) < age_done -> break
        :: else ->
            p = p + (AGE(p, seen) - age_done) / 2 * CAP + 1;
            steps++;
            if
            :: steps == STEPS -> steps = 0; search(p, age_done)
            :: else
            fi
        fi
    od;
    steps = 0
}

/* A result that is right where so many positions are filled and gone, and the two `next` are not yet. */
inline observe(n_filled, n_gone, next_filled, next_gone) {
    low = n_filled; high = n_gone; look = next_filled; same = next_gone;
    c_code { observed(Pthread->me, Pthread->low, Pthread->high, Pthread->look, Pthread->same); }
}

/* A result that is right where the ring is closed, and one that is where it is not. */
inline observe_closed() {
    c_code { observed_closed(Pthread->me); }
}

inline observe_open() {
    c_code { observed_open(Pthread->me); }
}

/* ---- Every ring that START allows. */

inline slot_at_start(p) {
    /* The position that the slot holds, or waits for. */
    where = SLOT(p);
    if
#ifdef INLINE
    :: p < START + fill -> written = WORD(EMPTY(p) + 1, 0, p - START + 1)
#else
    :: p < START + fill -> written = WORD(EMPTY(p) + 1, 0, where)
#endif
    :: else -> written = WORD(EMPTY(p), 0, where)
    fi;
    if
    :: STARTS_CLOSED && SLOT(p) == SLOT(START + fill) -> written = written + CLOSED
    :: else
    fi;
    c_code {
        initial(now.where, now.written);
        if (Pinit->p < START + Pinit->fill) {
            ring.queue[now.where] = Pinit->p - START + 1;
#ifdef INLINE
            ring.cells[Pinit->p - START + 1] = Pinit->p - START + 1;
#else
            ring.cells[now.where] = Pinit->p - START + 1;
#endif
        }
    };
    forget_operands()
}

inline hint_at_start(hint, last) {
    where = hint; written = last;
    do
    :: written > 0 && START > 0 -> written--
    :: break
    od;
    c_code { initial(now.where, now.written); };
    forget_operands()
}
