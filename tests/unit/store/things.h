/* Operations on a table of things, and a store that runs them, for tests of stores: SQLite on a file of its own, or,
 * where PARLEY_TEST_STORE is "postgres", the server of PARLEY_TEST_POSTGRES. The test's thread is the hub's. */
#ifndef TESTS_UNIT_STORE_THINGS_H
#define TESTS_UNIT_STORE_THINGS_H

#include "store/store.h"

#include <semaphore.h>

enum thing_kind {
    THING_TABLE, /* make the tables anew */
    THING_ADD,
    THING_ADD_AND_REFUSE, /* with refusal 5 */
    THING_ADD_AND_FAIL,   /* PL_E_TOO_BIG */
    THING_ADD_ORPHAN, /* what makes the commit fail: a reference to nothing, looked at at its end */
    THING_ADD_BEHIND_GATE, /* wait for things->gate first */
    THING_ADD_AND_LEAK,    /* leave rows open */
    THING_ADD_LARGE,       /* with a text of op->bytes bytes */
    THING_ADD_PAIR,        /* with a row of the other table that refers to it */
    THING_SCRIPT,          /* op->script */
    THING_COUNT,           /* a read */
    THING_FIND,            /* a read: seen is how many there are of that id */
    THING_WRITE_IN_READ,
};

struct things;

struct thing_op {
    struct pl_store_op op; /* first */
    struct things *things;
    enum thing_kind kind;
    int64_t id;
    int64_t seen;
    size_t bytes;
    const char *script;
    void (*then)(struct thing_op *op); /* in on_done, before it is freed */
};

#define THINGS_DONE_MAX 4096

struct thing_done {
    int64_t id;
    enum thing_kind kind;
    int rc;
    int refusal;
    int64_t seen;
    char error[PL_ERROR_TEXT_MAX];
};

/* On the heap: things_open. */
struct things {
    struct pl_store *store;
    char dir[64];
    char url[256];
    const char *vfs; /* of SQLite, by name; NULL: its own */
    sem_t woken;
    sem_t gate;
    sem_t at_gate; /* posted when an operation stands at the gate */
    bool is_submitting;
    size_t submitted_count;
    size_t done_count;
    struct thing_done done[THINGS_DONE_MAX]; /* in the order of coming back */
};

/* NULL: there is no such database here, and the test is to be skipped. `config` has no url, wake or user; may be
 * NULL. The table is there, and empty. */
struct things *things_open(const struct pl_store_config *config);
void things_close(struct things *things); /* NULL is fine */

/* Without a store yet: a directory and its url; then things_open_store, as often as wanted. */
struct things *things_create(void);
int things_open_store(struct things *things, const struct pl_store_config *config,
                      struct pl_error *err);
void things_close_store(struct things *things);

struct thing_op *thing_create(struct things *things, enum thing_kind kind, int64_t id);
void things_submit(struct things *things, enum thing_kind kind, int64_t id);
void things_submit_op(struct thing_op *op);
void things_submit_large(struct things *things, int64_t id, size_t bytes);

/* Until so many have come back since the beginning. */
void things_wait(struct things *things, size_t count);

/* Run one and tell its rc; *seen may be NULL. */
int things_run(struct things *things, enum thing_kind kind, int64_t id, int64_t *seen);

/* Run SQL as a write; its rc. */
int things_script(struct things *things, const char *script);

/* A counter or gauge of the store. */
int64_t things_metric(struct things *things, enum pl_metric metric);

#endif
