/* One connection of the load generator: its state, and the way between bytes and messages. The
 * socket's readiness is the swarm's business (swarm.h).
 * Threads: one at a time. */
#ifndef PL_BENCH_CLIENT_H
#define PL_BENCH_CLIENT_H

#include "base/buf.h"
#include "base/error.h"
#include "tls.h"

#include <netinet/in.h>

/* Whose request head the clients send: a server that keeps the headers pays for their length. */
enum pl_load_head {
    PL_LOAD_HEAD_CHROMIUM, /* a page in Chromium */
    PL_LOAD_HEAD_NODE,     /* socket.io-client or ws in Node */
};

/* What the sockets pretend to be on. Zeroed: loopback as it is. */
struct pl_load_link {
    int receive_bytes; /* of each socket's buffer */
    int segment_bytes; /* longest TCP segment, which the server's buffers follow */
};

enum pl_load_state {
    PL_LOAD_CLOSED,    /* no socket */
    PL_LOAD_ASKING,    /* the answer to the request for a ticket is outstanding */
    PL_LOAD_UPGRADING, /* connecting, or the answer to the upgrade request is outstanding */
    PL_LOAD_OPEN,      /* WebSocket, not identified yet */
    PL_LOAD_IDENTIFIED,
};

struct pl_load_client {
    int fd;
    enum pl_load_state state;
    bool wants_writable; /* the swarm waits until the socket takes more */
    enum pl_load_head head;
    uint64_t received;       /* broadcasts */
    struct pl_load_tls *tls; /* owned; NULL without TLS */
    struct pl_buf in;        /* an incomplete message; empty most of the time */
    struct pl_buf out;       /* what is not sent yet */
};

/* Open a socket, bind it to `source` and begin to connect to `target`; the upgrade request for
 * `path` lies in client->out. A path "ticket:KEY" is one of Talo's: first a ticket is asked for with that
 * access key, on the same connection. `tls`: NULL for none. Returns 0 or PL_E_IO. */
PL_MUST_CHECK int pl_load_client_open(struct pl_load_client *client,
                                      const struct sockaddr_in *source,
                                      const struct sockaddr_in *target, const char *path,
                                      enum pl_load_head head, const struct pl_load_link *link,
                                      struct pl_load_tls_context *tls, struct pl_error *err);

/* Close by a reset, so that no port is left in TIME_WAIT.
 * Frees the buffers; zeroed memory is fine. */
void pl_load_client_close(struct pl_load_client *client);

/* Put one masked text message into client->out. */
void pl_load_client_queue(struct pl_load_client *client, struct pl_str message);

/* Send as much of client->out as the socket takes.
 * Returns 0 (client->out may hold a rest) or PL_E_IO. */
PL_MUST_CHECK int pl_load_client_flush(struct pl_load_client *client);

/* As recv(), decrypted: where there is TLS, to be called until it fails with EAGAIN. */
ssize_t pl_load_client_receive(struct pl_load_client *client, void *out, size_t size);

/* Read the answer to the request for a ticket from the front of `in`; the upgrade request lies in
 * client->out then. Returns as .._read_upgrade. */
PL_MUST_CHECK ptrdiff_t pl_load_client_read_ticket(struct pl_load_client *client, struct pl_str in,
                                                   struct pl_error *err);

/* Read the server's answer to the upgrade request from the front of `in`.
 * Returns the bytes consumed; 0 when more are needed; PL_E_DENIED with its first line in `err`. */
PL_MUST_CHECK ptrdiff_t pl_load_client_read_upgrade(struct pl_str in, struct pl_error *err);

/* Read one message from the front of `in`. A ping of WebSocket itself is answered in client->out
 * and leaves `message` empty.
 * Returns the bytes consumed, 0 when more are needed, or PL_E_PROTO, PL_E_CLOSED (the server's
 * close frame). */
PL_MUST_CHECK ptrdiff_t pl_load_client_read(struct pl_load_client *client, struct pl_str *message,
                                            bool *is_compressed, struct pl_str in,
                                            struct pl_error *err);

#endif
