/* Connections change the process. A server that is upgraded gives away every connection that is
 * between two requests, with the bytes that it has read from it and not answered; its successor
 * goes on with them, and their clients notice nothing.
 * Threads: the loop's. */
#ifndef PL_WEB_HANDOVER_H
#define PL_WEB_HANDOVER_H

#include "web/web.h"

/* --- at the old server --- */

/* Set a request aside, unanswered: its connection will be given away, or the request is shown to
 * its route once more by pl_web_release_held. */
void pl_web_request_hold(struct pl_web_request *request);
void pl_web_release_held(struct pl_web *web);

struct pl_web_departure {
    struct pl_conn *conn; /* the receiver's: it closes it, or gives it another protocol */
    struct pl_str unread; /* before what pl_conn_rest still holds; borrowed for the call */
    bool is_secure;       /* its requests came over TLS, here or before here */
    bool is_relayed;      /* as it arrived */
};

/* From now on answers say `Connection: close`, and a connection is given away when it is between
 * requests, or its request was set aside, or is whole and no handler has seen it. */
void pl_web_depart(struct pl_web *web,
                   void (*give)(void *user, const struct pl_web_departure *departure), void *user);

/* Look again: answers that were still on their way may have left. */
void pl_web_depart_more(struct pl_web *web);

/* --- at the new one --- */

struct pl_web_arrival {
    int fd; /* taken over in any case */
    struct pl_address peer;
    struct pl_web_entrance *entrance; /* NULL: every route */
    bool is_relayed; /* through another process, which goes: the first answer closes it */
    bool is_secure;  /* its requests come over TLS, which others have seen to */
    struct pl_str unread;
};

/* As pl_web_accept; what is unread is shown in one of the next turns. */
void pl_web_adopt(struct pl_web *web, const struct pl_web_arrival *arrival);

#endif
