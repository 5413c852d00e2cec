/* Connections change the process. A server that is upgraded gives away every connection that is
 * between two requests, with the bytes that it has read from it and not answered; its successor goes
 * on with them, and their clients notice nothing.
 * Threads: the loop's. */
#ifndef PL_WEB_HANDOVER_H
#define PL_WEB_HANDOVER_H

#include "web/web.h"

/* --- at the old server --- */

/* Set a request aside, unanswered: its connection will be given away, or the request is shown to its
 * route once more by pl_web_release_held. */
void pl_web_request_hold(struct pl_web_request *request);
void pl_web_release_held(struct pl_web *web);

/* From now on answers say `Connection: close`, and a connection is given away when it is between
 * requests, or its request was set aside, or is whole and no handler has seen it. `give` takes the
 * connection over: it closes it, or changes its protocol. `unread` (borrowed for the call) comes
 * before what pl_conn_rest still holds. */
void pl_web_depart(struct pl_web *web,
                   void (*give)(void *user, struct pl_conn *conn, struct pl_str unread),
                   void *user);

/* Look again: answers that were still on their way may have left. */
void pl_web_depart_more(struct pl_web *web);

/* Whether the client of a connection that is given away spoke TLS, to us or to a proxy. */
bool pl_web_conn_is_secure(const struct pl_conn *conn);

/* --- at the new one --- */

struct pl_web_arrival {
    int fd; /* taken over in any case */
    struct pl_address peer;
    struct pl_web_entrance *entrance; /* NULL: every route */
    bool is_relayed; /* through another process, which goes: the first answer closes it */
    bool is_secure;  /* the client speaks TLS: to that process, or to a proxy */
    struct pl_str unread;
};

/* As pl_web_accept; what is unread is shown in one of the next turns. */
void pl_web_adopt(struct pl_web *web, const struct pl_web_arrival *arrival);

#endif
