/* What the ring promises: the plain queue that it must behave as, run beside the model. No thread reads any of this.
 *
 * The claim is linearizability in the sense of the memory model: all operations can be put in one order, such that each
 * has the result that a plain queue of exactly CAP elements gives in that order, and each comes after all operations
 * whose linearization point happens before it was called. Real time does not count, as loads are not ordered by it.
 *
 * Two things happen to position p: it is filled (F p, by a push), and it is gone (G p, by a pop, or by the push of p +
 * CAP). The order in which Spin makes the exchanges is one in which they have the right results; that is checked as
 * they are made. But it need not be the order in which everything fits: to somebody who knows of G 0 and not of F 1,
 * the queue is empty, though F 1 was made first; then G 0 has to come before F 1, and nobody may know the opposite. So
 * what is kept is what must come before what. As F 0, F 1, … come in order, and G 0, G 1, …, this takes one number for
 * each:
 *
 *   gone_before[p]     so many are gone, at least, when F p has happened
 *   filled_before[p]   so many are filled, at least, when G p has happened
 *
 * The operations fit in one order exactly as long as no F p has to come both before and after a G q.
 *
 * A third thing happens once at most: the ring is closed (C). It comes after every F, as nothing is filled after it. So
 * of C and G it takes two more numbers:
 *
 *   gone_before_close  so many are gone, at least, when C has happened
 *   closed_before      the first position whose G comes after C, if there is one that must
 *
 * What comes before an F comes before C, and what comes after C comes after every F. The ring for one and one is closed
 * by its consumer, too, when that goes: the last that the consumer does, so nothing of it comes after.
 *
 * With JOINTLY=0 the claim is less: the exchanges fit in one order, and for each other result there is such an order
 * with a place for it; but two such results may ask for different ones.
 */

struct ring {
    /* Values by position modulo CAP. */
    uchar queue[capacity];
    uchar gone, filled;
    uchar gone_before[n_positions], filled_before[n_positions], evicted[n_positions];
    uchar gone_before_close, closed_before;
    /* Made of `by_close` and `by_leaving`; and whether a call of close has returned that it was the one. */
    uchar closed, claimed;
    /* What the consumer knew when it went. */
    uchar filled_at_leaving, gone_at_leaving;
    /* What was known when the thread's operation was called. */
    struct view since[threads];
    /* What each cell holds; 0 is nothing. */
    uchar cells[n_cells];
} ring;

enum { by_close = 1, by_leaving = 2 };
/* No position is as late. */
enum { none = n_positions - 1 };

static void raise_to(uchar *number, int to) {
    if (*number < to) *number = to;
}

static void lower_to(uchar *number, int to) {
    if (*number > to) *number = to;
}

/* Whoever knows of something knows what must come before it. */
static void complete_view(struct view *view, int unused, int unused_too) {
    int filled;
    if (view->gone > ring.closed_before) view->closed |= by_close;
    if (view->closed & by_close) {
        raise_to(&view->filled, ring.filled);
        raise_to(&view->gone, ring.gone_before_close);
    }
    if (view->closed & by_leaving) {
        raise_to(&view->filled, ring.filled_at_leaving);
        raise_to(&view->gone, ring.gone_at_leaving);
    }
    do {
        filled = view->filled;
        if (view->filled > 0) raise_to(&view->gone, ring.gone_before[view->filled - 1]);
        if (view->gone > 0) raise_to(&view->filled, ring.filled_before[view->gone - 1]);
    } while (view->filled != filled);
}

/* Draws the conclusions from a number that was raised, or lowered. */
static void complete_order(void) {
    int p, q, t;
    for (p = 1; p < n_positions; p++) {
        raise_to(&ring.gone_before[p], ring.gone_before[p - 1]);
        raise_to(&ring.filled_before[p], ring.filled_before[p - 1]);
    }
    if (ring.closed & by_close) {
        if (ring.filled > 0) raise_to(&ring.gone_before_close, ring.gone_before[ring.filled - 1]);
        for (q = ring.closed_before; q < none; q++) raise_to(&ring.filled_before[q], ring.filled);
        require(ring.gone_before_close <= ring.closed_before, "results that fit in no order");
    }
    for (p = 0; p < n_positions; p++)
        for (q = 0; q < n_positions; q++)
            if (!(p == q + capacity && ring.evicted[q]))
                require(ring.gone_before[p] <= q || ring.filled_before[q] <= p, "results that fit in no order");
    for_each_view(complete_view, 0, 0);
    for (t = 0; t < threads; t++) complete_view(&ring.since[t], 0, 0);
}

/* Position `p` is gone at the exchange of thread `t`; returns the value that was there. */
static int take_oldest(int t, int filled_before) {
    int p = ring.gone++;
    uchar *slot = &ring.queue[p % capacity];
    int value = *slot;
    *slot = 0;
    raise_to(&ring.filled_before[p], filled_before);
    raise_to(&ring.filled_before[p], ring.since[t].filled);
    if (ring.since[t].closed & by_close) lower_to(&ring.closed_before, p);
    raise_to(&memory.views[t].gone, ring.gone);
    return value;
}

/* The exchange of a push at `position`; returns what must come out, 0 for nothing. */
static int pushed(int t, int position, int value) {
    int oldest = 0;
    tell("thread %d: has pushed at %d\n", t, position);
    require(!(ring.closed & by_close) && !ring.since[t].closed, "a push into a closed ring");
    require(position == ring.filled, "a push that is not at the tail");
    if (ring.filled - ring.gone == capacity) {
        ring.evicted[ring.gone] = 1;
        oldest = take_oldest(t, position + 1);
    }
    ring.queue[position % capacity] = value;
    raise_to(&ring.gone_before[position], position + 1 - capacity);
    raise_to(&ring.gone_before[position], ring.since[t].gone);
    ring.filled++;
    raise_to(&memory.views[t].filled, ring.filled);
    complete_order();
    return oldest;
}

/* The exchange of a close at `position`. */
static void closed(int t, int position) {
    tell("thread %d: has closed at %d\n", t, position);
    require(!(ring.closed & by_close) && !ring.since[t].closed, "a close of a closed ring");
    require(position == ring.filled, "a close that is not at the tail");
    ring.closed |= by_close;
    raise_to(&ring.gone_before_close, ring.since[t].gone);
    memory.views[t].closed |= by_close;
    complete_order();
}

/* The consumer goes. */
static void consumer_left(int t) {
    tell("thread %d: has left\n", t);
    ring.closed |= by_leaving;
    ring.filled_at_leaving = memory.views[t].filled;
    ring.gone_at_leaving = memory.views[t].gone;
    memory.views[t].closed |= by_leaving;
}

/* The exchange of a pop at `position`; returns what must come out. */
static int popped(int t, int position) {
    int oldest;
    tell("thread %d: has popped at %d\n", t, position);
    require(position == ring.gone, "a pop that is not at the head");
    require(ring.filled > ring.gone, "a pop from an empty queue");
    oldest = take_oldest(t, position + 1);
    complete_order();
    return oldest;
}

/* A result that is right where `filled` are filled and `gone` are gone already, and neither F `next_filled` nor
 * G `next_gone` has happened. */
static void observed(int t, int filled, int gone, int next_filled, int next_gone) {
    struct view known = ring.since[t];
    tell("thread %d: claims that %d were filled and %d gone, and not yet %d filled or %d gone\n",
         t, filled, gone, next_filled + 1, next_gone + 1);
    require(filled <= ring.filled && gone <= ring.gone, "a result ahead of the ring");
    raise_to(&known.filled, filled);
    raise_to(&known.gone, gone);
    complete_view(&known, 0, 0);
    require(known.filled <= next_filled && known.gone <= next_gone, "a result that was outdated before the call");
    if (!jointly) return;
    raise_to(&ring.gone_before[next_filled], known.gone);
    raise_to(&ring.filled_before[next_gone], known.filled);
    if (known.closed & by_close) lower_to(&ring.closed_before, next_gone);
    raise_to(&memory.views[t].filled, known.filled);
    raise_to(&memory.views[t].gone, known.gone);
    memory.views[t].closed |= known.closed;
    complete_order();
}

/* A result that is right where the ring is closed. */
static void observed_closed(int t) {
    tell("thread %d: claims that the ring is closed\n", t);
    require(ring.closed, "a result ahead of the ring");
    if (!jointly) return;
    memory.views[t].closed |= ring.closed;
    complete_order();
}

/* A result that is right where the ring is not closed. */
static void observed_open(int t) {
    tell("thread %d: claims that the ring is not closed\n", t);
    require(!ring.since[t].closed, "a result that was outdated before the call");
    if (!jointly) return;
    raise_to(&ring.gone_before_close, ring.since[t].gone);
    complete_order();
}

/* What a close returns: whether it was this call. */
static void close_returns(int t, int closes) {
    require(!(closes && ring.claimed), "two that have closed the ring");
    ring.claimed |= closes;
    observed_closed(t);
}

static void fill_cell(int t, int cell, int value) {
    access_cell(t, cell);
    require(ring.cells[cell] == 0, "an element overwritten in its cell");
    ring.cells[cell] = value;
}

static void take_from_cell(int t, int cell, int wanted) {
    access_cell(t, cell);
    require(ring.cells[cell] == wanted, "not the element that the queue gives out");
    ring.cells[cell] = 0;
}

static void know_events(struct view *view, int filled, int gone) {
    raise_to(&view->filled, filled);
    raise_to(&view->gone, gone);
}

static void know_closed(struct view *view, int closed, int unused) {
    view->closed |= closed;
}

/* Before the threads start: all of them know so much. */
static void start(int filled, int gone, int is_closed) {
    int t;
    ring.filled = filled;
    ring.gone = gone;
    ring.closed_before = none;
    ring.closed = ring.claimed = is_closed ? by_close : 0;
    for_each_view(know_events, filled, gone);
    for_each_view(know_closed, ring.closed, 0);
    for (t = 0; t < threads; t++) ring.since[t] = memory.views[t];
}

/* An operation is called. What all threads know by now is forgotten, as messages are in memory.h. */
static void invoke(int t) {
    struct view *since = &ring.since[t];
    int u, filled = ring.filled, gone = ring.gone, closed = ring.closed;
    tell("thread %d: calls, knowing that %d are filled, %d gone%s\n", t, memory.views[t].filled, memory.views[t].gone,
         memory.views[t].closed ? ", the ring closed" : "");
    since->filled = memory.views[t].filled;
    since->gone = memory.views[t].gone;
    since->closed = memory.views[t].closed;
    for (u = 0; u < threads; u++)
        if (!memory.ended[u]) {
            if (ring.since[u].filled < filled) filled = ring.since[u].filled;
            if (ring.since[u].gone < gone) gone = ring.since[u].gone;
            closed &= ring.since[u].closed;
        }
    for_each_view(know_events, filled, gone);
    for_each_view(know_closed, closed, 0);
    if (ring.gone_before_close <= gone) ring.gone_before_close = 0;
    if (closed & by_close) ring.closed_before = none;
    memset(ring.gone_before, 0, filled);
    memset(ring.filled_before, 0, gone);
    memset(ring.evicted, 0, gone);
}
