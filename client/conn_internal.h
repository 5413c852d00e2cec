/* What conn.c, conn_read.c and conn_write.c share. Included by these alone. */
#ifndef PL_CLIENT_CONN_INTERNAL_H
#define PL_CLIENT_CONN_INTERNAL_H

#include "client/conn.h"
#include "client/dial.h"
#include "net/tls.h"

#define PL_CLIENT_CONN_READ_BYTES ((size_t)16 * 1024) /* at once, on the stack */

enum pl_client_conn_state {
    PL_CLIENT_CONN_DIALLING, /* `dial` is there */
    PL_CLIENT_CONN_PROXY,    /* CONNECT was sent, or is being */
    PL_CLIENT_CONN_TLS,      /* the handshake goes on */
    PL_CLIENT_CONN_OPEN,     /* the owner has it */
    PL_CLIENT_CONN_FINISHING, /* the owner has forgotten it; `linger` is set; a socket of the client */
    PL_CLIENT_CONN_OVER,      /* no handle; the owner may still hold it */
};

struct pl_client_conn {
    struct pl_client_socket socket; /* on the client's list while finishing */
    struct parley_client *client;
    const struct pl_client_transport *transport;
    const struct pl_client_conn_owner *owner;
    void *user;
    enum pl_client_conn_state state;
    bool is_left_over; /* `in` has what the budget left: it comes before anything is read */
    bool is_sending;   /* on_sent is owed */
    size_t in_max;
    struct pl_client_dial *dial;
    struct pl_client_watch watch;
    struct pl_tls *tls;
    struct pl_buf in;    /* what the owner left; of the proxy's answer what came */
    struct pl_buf out;   /* plaintext */
    struct pl_buf hello; /* to the proxy */
    struct pl_client_later flush;
    struct pl_client_later next;
    struct pl_client_later free;
    struct pl_timer linger;
};

/* conn.c. The next step of the way: TLS, if it is wanted, or to tell the owner that all is done. */
void pl_client_conn_through(struct pl_client_conn *conn);
void pl_client_conn_opened(struct pl_client_conn *conn);
/* It is over: tell the owner, if it has not forgotten it. */
void pl_client_conn_fail(struct pl_client_conn *conn, int error, const char *reason);

/* conn_read.c */
void pl_client_conn_on_ready(struct pl_client_watch *watch, unsigned ready);
void pl_client_conn_run_next(struct pl_client_later *later);

/* conn_write.c. Send what can be sent; the end is told from here, too. */
void pl_client_conn_run_flush(struct pl_client_later *later);
void pl_client_conn_send(struct pl_client_conn *conn);
/* Try to send what is in the way of TLS, an alert, before the end. */
void pl_client_conn_send_last(struct pl_client_conn *conn);

#endif
