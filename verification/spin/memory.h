/* Weak memory: the view-based operational semantics of C11's relaxed, acquire and release accesses.
 *
 * It is the promising semantics of Kang, Hur, Lahav, Vafeiadis and Dreyer (POPL 2017) without the promises, which is
 * RC11 (Lahav et al., PLDI 2017) without SeqCst: every execution in which po and rf together are acyclic.
 *
 * - A location is a list of messages in modification order; each has a value and the view that it releases.
 * - A view says for each location which message is the oldest that may still be read.
 * - A load takes any message that is not older than the thread's view; an Acquire load joins the view it releases.
 * - A store goes anywhere after the thread's view, except between a message and the read-modify-write that read it.
 * - A read-modify-write takes a message and puts its own directly after; it also releases what that message released
 *   (release sequences, as in C++20: a later Relaxed store of the same thread does not continue one).
 *
 * Of SeqCst is known what follows from these rules; RC11 may order more, never less (README.md says why):
 *
 * - `sc` says for each location which message was the last that SeqCst accesses have written, or that a thread knew of
 *   when it came to a SeqCst fence.
 * - A SeqCst access reads no older message than that; and after a SeqCst fence its thread does not either.
 *
 * So where a location is written by nothing but SeqCst read-modify-writes, a SeqCst load takes the last message.
 *
 * What is not atomic lives in *cells*. Only the last access to a cell matters: whoever accesses it must know of that
 * one, or the two race. (Two reads count as a race, too: a cell has one owner.)
 *
 * The state is canonical: a message is named by its place in the list, and what nobody can read any more is removed.
 * So two states are equal when no thread can tell them apart by an access, and Spin stores them once.
 */

typedef unsigned char uchar;
extern void (*uerror)(char *);

struct view {
    uchar at[locations];
    /* A bit for each cell: whether the last access to it is known. */
    uchar cells;
    /* How many pushes are known, how many elements that are gone, and what has closed the ring: for ring.h, nothing else
     * looks at it. */
    uchar filled, gone, closed;
};

struct message {
    uchar value;
    /* Written by a read-modify-write: nothing may come between this message and the one before. */
    uchar pinned;
    struct view view;
};

struct memory {
    struct message messages[locations][max_messages];
    uchar last[locations];
    uchar sc[locations];
    struct view views[threads];
    uchar ended[threads];
} memory;

/* Tells the story when Spin replays a failure (./pan -r). */
extern int readtrail;
#define tell(...) (readtrail ? printf(__VA_ARGS__) : 0)

static void require(int holds, char *property) {
    if (!holds) uerror(property);
}

static void join(struct view *view, const struct view *other) {
    int x;
    for (x = 0; x < locations; x++)
        if (view->at[x] < other->at[x]) view->at[x] = other->at[x];
    view->cells |= other->cells;
    if (view->filled < other->filled) view->filled = other->filled;
    if (view->gone < other->gone) view->gone = other->gone;
    view->closed |= other->closed;
}

/* Calls `change` for every view there is. */
static void for_each_view(void (*change)(struct view *, int, int), int a, int b) {
    int x, m, t;
    for (t = 0; t < threads; t++) change(&memory.views[t], a, b);
    for (x = 0; x < locations; x++)
        for (m = 0; m <= memory.last[x]; m++) change(&memory.messages[x][m].view, a, b);
}

static void make_room(struct view *view, int x, int m) {
    if (view->at[x] >= m) view->at[x]++;
}

static void remove_oldest(struct view *view, int x, int n) {
    view->at[x] -= view->at[x] < n ? view->at[x] : n;
}

static void know_cells(struct view *view, int cells, int unused) {
    view->cells |= cells;
}

static void forget_cell(struct view *view, int cell, int unused) {
    view->cells &= ~(1 << cell);
}

/* Removes the messages that nobody can read any more, and differences between views that nobody can notice. */
static void collect(void) {
    int x, m, t, cells = ~0;
    for (t = 0; t < threads; t++)
        if (memory.ended[t]) memset(&memory.views[t], 0, sizeof memory.views[t]);
        else cells &= memory.views[t].cells;
    if (cells == ~0) return;
    for_each_view(know_cells, cells, 0);
    for (x = 0; x < locations; x++) {
        struct message *list = memory.messages[x];
        int oldest = memory.last[x];
        for (t = 0; t < threads; t++)
            if (!memory.ended[t] && memory.views[t].at[x] < oldest) oldest = memory.views[t].at[x];
        if (oldest > 0) {
            for_each_view(remove_oldest, x, oldest);
            memory.sc[x] -= memory.sc[x] < oldest ? memory.sc[x] : oldest;
            memory.last[x] -= oldest;
            memmove(list, list + oldest, (memory.last[x] + 1) * sizeof *list);
            memset(list + memory.last[x] + 1, 0, oldest * sizeof *list);
        }
        list[0].pinned = 0;
    }
    for (t = 0; t < threads; t++)
        if (memory.ended[t]) memset(&memory.views[t], 0, sizeof memory.views[t]);
}

/* Before the threads start: all of them know this value and every cell. */
static void initial(int x, int value) {
    memory.messages[x][0].value = value;
    for_each_view(know_cells, 0xff, 0);
}

static void retire(int t) {
    memory.ended[t] = 1;
    collect();
}

static int value_of(int x, int m) {
    return memory.messages[x][m].value;
}

/* Thread `t` reads message `m`, which it may. */
static void read_message(int t, int x, int m, int order) {
    tell("thread %d: reads  %d from location %d%s\n", t, value_of(x, m), x, order & acquire ? ", acquire" : "");
    memory.views[t].at[x] = m;
    if (order & acquire) join(&memory.views[t], &memory.messages[x][m].view);
}

/* Thread `t` writes a message directly after message `m`, where it may. */
static void write_message(int t, int x, int m, int value, int order, int is_rmw) {
    struct message *list = memory.messages[x];
    struct message *new = &list[m + 1];
    tell("thread %d: writes %d to location %d%s%s, %d from the end\n", t, value, x, order & release ? ", release" : "",
         is_rmw ? ", at once" : "", memory.last[x] - m);
    require(memory.last[x] + 1 < max_messages, "MESSAGES is too small for this model");
    for_each_view(make_room, x, m + 1);
    if (memory.sc[x] > m) memory.sc[x]++;
    memmove(new + 1, new, (memory.last[x] - m) * sizeof *new);
    memory.last[x]++;
    memory.views[t].at[x] = m + 1;
    if ((order & seq_cst) == seq_cst && memory.sc[x] < m + 1) memory.sc[x] = m + 1;
    memset(new, 0, sizeof *new);
    new->value = value;
    new->pinned = is_rmw;
    new->view.at[x] = m + 1;
    if (order & release) new->view = memory.views[t];
    if (is_rmw) join(&new->view, &list[m].view);
}

/* The oldest message that thread `t` may read. */
static int oldest_for(int t, int x, int order) {
    int m = memory.views[t].at[x];
    return (order & seq_cst) == seq_cst && m < memory.sc[x] ? memory.sc[x] : m;
}

/* A SeqCst fence. It is no synchronisation by itself: what the other side's cells and events are is not learnt by it. */
static void fence_sc(int t) {
    uchar *at = memory.views[t].at;
    int x;
    tell("thread %d: fence\n", t);
    for (x = 0; x < locations; x++)
        if (at[x] < memory.sc[x]) at[x] = memory.sc[x];
        else memory.sc[x] = at[x];
}

/* Thread `t` reads or writes what is not atomic. */
static void access_cell(int t, int cell) {
    require(memory.views[t].cells >> cell & 1, "data race on a cell");
    for_each_view(forget_cell, cell, 0);
    memory.views[t].cells |= 1 << cell;
}
