/* One listener of the set (app/listeners.h): what it listens on, and the rules for connections that
 * come through it. They look at its entrance as long as they live, so it is freed behind the last.
 * Threads: the loop's. */
#ifndef PL_APP_LISTENER_ENTRY_H
#define PL_APP_LISTENER_ENTRY_H

#include "app/listen_fd.h"
#include "app/listener_plan.h"
#include "io/listener.h"
#include "web/web.h"

#define PL_LISTENER_URL_MAX (PL_UNIX_PATH_MAX + 8)

/* What all listeners of a set share. */
struct pl_listener_env {
    struct pl_web *web;
    struct pl_conn_set *conns;
    struct pl_conn_tls *tls; /* for those that have TLS */
    const struct pl_log *log;
};

struct pl_listener_entry {
    struct pl_web_entrance entrance;
    const struct pl_listener_env *env; /* borrowed; outlives it */
    struct pl_list in_set;
    struct pl_listener *listener; /* NULL: closed */
    char *text;                   /* what `spec` borrows from */
    struct pl_listener_spec spec;
    struct pl_address bound;  /* with its real port */
    struct pl_unix_file file; /* to be removed in the end */
    bool is_foreign;          /* the socket is the service manager's */
    char url[PL_LISTENER_URL_MAX];
};

/* Listen as the wish says.
 *   inherited  listens already and is taken over; NULL: a socket is made
 * Returns 0, or PL_E_... with the reason. */
PL_MUST_CHECK int pl_listener_entry_open(struct pl_listener_entry **out,
                                         const struct pl_listener_env *env,
                                         const struct pl_listener_wish *wish,
                                         struct pl_listen_fd *inherited, struct pl_error *err);

/* Other options for the same place: they count for connections to come, and `serve` for the next
 * request of those that are open. */
void pl_listener_entry_set(struct pl_listener_entry *entry, const struct pl_listener_wish *wish);

/* The file of a Unix socket that stays gets the mode and owner wanted now; that it cannot is no
 * reason to stop serving, and is logged. */
void pl_listener_entry_renew_rights(const struct pl_listener_entry *entry);

void pl_listener_entry_close(struct pl_listener_entry *entry); /* accept no more; again is fine */
void pl_listener_entry_free(struct pl_listener_entry *entry);  /* no connection is left */

#endif
