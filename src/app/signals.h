/* Signals as events of the loop: SIGTERM, SIGINT, SIGHUP and SIGUSR2; SIGPIPE is ignored.
 * Threads: the main one; started before any other thread, so that none of them takes the
 * signals. */
#ifndef PL_APP_SIGNALS_H
#define PL_APP_SIGNALS_H

#include "io/loop.h"

struct pl_signals {
    struct pl_watch watch;
    struct pl_loop *loop;
    void (*on_signal)(void *user, int number);
    void *user;
};

void pl_signals_init(struct pl_signals *signals); /* blocks the signals until they are watched */
PL_MUST_CHECK int pl_signals_start(struct pl_signals *signals, struct pl_loop *loop,
                                   void (*on_signal)(void *user, int number), void *user,
                                   struct pl_error *err);
void pl_signals_stop(
    struct pl_signals *signals); /* they are as before again; not started is fine */

#endif
