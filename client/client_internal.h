/* What client.c, turn.c, thread.c and misuse.c share. Included by these alone. */
#ifndef PL_CLIENT_CLIENT_INTERNAL_H
#define PL_CLIENT_CLIENT_INTERNAL_H

#include "client/client.h"

#include <pthread.h>
#include <stdatomic.h>

#define PL_CLIENT_READY_MAX 64

struct pl_client_post; /* of thread.c */

struct parley_client {
    struct pl_client_env env;
    struct pl_timers timers;
    size_t reserved_timers;
    struct pl_list sockets;
    struct pl_list flushes; /* pl_client_later each */
    struct pl_list frees;
    struct pl_list nexts;

    /* the turn */
    bool is_in_turn; /* callbacks may be running */
    bool is_ending;
    bool begins_with_nexts; /* takes turns with what is ready, so that neither starves */
    int64_t now_ms;
    int64_t until_ms;   /* the budget's end; INT64_MAX without one */
    int64_t looked_ms;  /* the clock, when it was last read for the budget */
    int same_count;     /* times since then that it had not moved */
    int unlooked_count; /* times that it is not read */
    int callback_count;
    int handled_count; /* of sockets, timers and nexts: at least one is handled in each turn */
    struct pl_client_ready ready[PL_CLIENT_READY_MAX];
    int ready_count;
    int ready_at; /* the first that was not handled yet */

    struct pl_error err;

    /* threads */
    _Atomic(pthread_t) owner;
    atomic_bool has_thread;
    atomic_bool is_stopping;      /* posts are refused, the thread ends */
    atomic_bool was_wrong_thread; /* the last call that failed came from another thread */
    atomic_bool has_posts;        /* written under the lock, looked at without */
    pthread_t thread;             /* valid with has_thread */
    pthread_mutex_t lock;         /* guards the two below; held for a few instructions */
    struct pl_client_post *posts; /* oldest first */
    struct pl_client_post **posts_end;
};

/* turn.c. Wait for at most wait_ms, then do all that is due. Returns how many callbacks ran. */
int pl_client_turn(struct parley_client *client, int wait_ms, int budget_ms);
/* Whether a turn has something to do, as far as is known without asking the environment. */
bool pl_client_has_work(const struct parley_client *client);
/* Ask it, waiting at most wait_ms; what it tells is kept for the next turn. */
void pl_client_look(struct parley_client *client, int wait_ms);
/* `wait_ms` (-1: for ever), or less when something is due before. */
int pl_client_wait_time(const struct parley_client *client, int wait_ms);
void pl_client_run_frees(struct parley_client *client);

/* thread.c */
void pl_client_run_posts(struct parley_client *client);
void pl_client_drop_posts(struct parley_client *client);
void pl_client_stop_thread(struct parley_client *client); /* no posts from here on */

#endif
