/* Socket.IO from the inside: the connection, its sockets, and what waits on them. What the sio_....c
 * files share.
 * Threads: the client's. */
#ifndef PL_CLIENT_SIO_INTERNAL_H
#define PL_CLIENT_SIO_INTERNAL_H

#include "client/attempts.h"
#include "client/client.h"
#include "client/engineio.h"
#include "client/sio_tables.h"
#include "codec/sio_decoder.h"
#include "parley/client_socketio.h"
#include "value/wire.h"

/* --- the connection (sio_manager.c, sio_link.c, sio_receive.c) --- */

enum pl_client_sio_link {
    PL_CLIENT_SIO_CLOSED,
    PL_CLIENT_SIO_WAITING, /* for the next attempt: `timer` */
    PL_CLIENT_SIO_OPENING, /* `eio` is there; `timer` is the connect timeout */
    PL_CLIENT_SIO_OPEN,
};

struct pl_client_sio_manager {
    struct parley_client *client;
    struct pl_client_transport transport;
    char *path;  /* owned */
    char *query; /* owned; "" for none */
    struct pl_client_eio_config eio_config;
    bool remembers_upgrade;
    bool had_websocket; /* it worked, and nothing failed since */
    uint32_t attachment_max;
    size_t unsent_max;

    enum pl_client_sio_link link;
    struct pl_client_eio *eio; /* owned; while it is opening or open */
    unsigned eio_count;        /* sessions that borrow from here, those that are leaving included */
    struct pl_client_attempts attempts;
    unsigned attempt; /* how many attempts the connection that is open took */
    int start_error;  /* of the CONNECTs that it sends when it opens */
    struct pl_sio_limits limits;
    struct pl_sio_decoder decoder;

    struct pl_list sockets; /* in the order of creation */
    struct pl_list *cursor; /* the next socket of the walk that is going on */
    struct pl_buf args;     /* scratch: arguments as JSON; nothing calls back while it is used */
    struct pl_buf text;     /* scratch: a packet */
    struct pl_client_later free;
};

/* What parley_sio_create copies of the connection's part. Errors as it. */
PL_MUST_CHECK int pl_client_sio_manager_create(struct pl_client_sio_manager **out,
                                               struct parley_client *client, const char *url,
                                               const struct parley_sio_config *config);

/* A socket left its list: without any the connection goes, as soon as nobody looks at it. */
void pl_client_sio_manager_drop(struct pl_client_sio_manager *manager);

/* Call `visit` for each socket; sockets may come and go meanwhile. Walks do not nest. */
void pl_client_sio_each(struct pl_client_sio_manager *manager,
                        void (*visit)(struct parley_sio *sio, void *user), void *user);

/* The socket of a namespace, or NULL. */
struct parley_sio *pl_client_sio_find(const struct pl_client_sio_manager *manager,
                                      struct pl_str nsp);

/* Whether a socket, another than `except` (which may be NULL), is connected or wants to be. */
bool pl_client_sio_has_active(const struct pl_client_sio_manager *manager,
                              const struct parley_sio *except);

/* Open it, unless it is not closed. Returns 0; PL_E_NOMEM, PL_E_IO with the reason kept. */
PL_MUST_CHECK int pl_client_sio_link_open(struct pl_client_sio_manager *manager);

/* A socket is no longer active: without any the connection is closed. */
void pl_client_sio_link_rest(struct pl_client_sio_manager *manager);

/* The open connection is of no use any more: sockets hear of it, and it is tried again. Not inside
 * a public call. `detail` is copied first. */
void pl_client_sio_link_lose(struct pl_client_sio_manager *manager, enum pl_client_eio_end end,
                             int error, int close_code, const char *detail);

/* Its attempts: one takes too long, the next is due. */
void pl_client_sio_link_on_late(struct pl_client_attempts *attempts);
void pl_client_sio_link_on_due(struct pl_client_attempts *attempts);

/* The messages of the session (owner's callbacks). */
void pl_client_sio_on_text(struct pl_client_eio *eio, struct pl_str text, void *user);
void pl_client_sio_on_binary(struct pl_client_eio *eio, struct pl_str bytes, void *user);

/* Empty a scratch buffer, and give back what a large packet made of it. */
void pl_client_sio_scratch_reset(struct pl_buf *scratch);

/* --- a socket (sio_socket.c) --- */

enum pl_client_sio_state {
    PL_CLIENT_SIO_IDLE,       /* not active: nothing is done to connect it */
    PL_CLIENT_SIO_PENDING,    /* CONNECT is sent when the connection is open */
    PL_CLIENT_SIO_ASKING,     /* config->get_auth is to answer */
    PL_CLIENT_SIO_CONNECTING, /* CONNECT was sent */
    PL_CLIENT_SIO_CONNECTED,
};

/* What a walk has still to tell a socket. */
enum pl_client_sio_owed {
    PL_CLIENT_SIO_OWED_NOTHING,
    PL_CLIENT_SIO_OWED_FAILURE,
    PL_CLIENT_SIO_OWED_LOSS,
};

struct parley_sio {
    struct pl_client_socket socket; /* the client's list */
    struct pl_list node;            /* manager->sockets */
    struct parley_client *client;
    struct pl_client_sio_manager *manager;
    char *nsp; /* owned */

    enum pl_client_sio_state state;
    enum pl_client_sio_owed owed;
    bool is_destroyed; /* freed when the turn is over */
    bool owes_leave;   /* DISCONNECTED of its own disconnect, in the next turn */
    bool asks_auth;    /* get_auth is called in the next turn */
    bool was_here;     /* it was connected on this connection */
    bool is_rejoining; /* ... and again: what comes before the answer is meant for the one before */
    unsigned attempt;  /* as of the CONNECTED event to come */
    char *sid;         /* owned; NULL while not connected */
    char *pid;         /* owned; a secret; NULL without recovery */
    char *offset;      /* owned; of the last event; NULL before one */

    const struct parley_val *auth; /* counted, or NULL */
    void (*get_auth)(struct parley_sio *sio, void *user);
    size_t buffer_max;
    int ack_timeout_ms;
    int retries;
    void (*on_event)(struct parley_sio *sio, const struct parley_client_event *event, void *user);
    void *user;

    struct pl_client_sio_listeners listeners;
    struct pl_client_sio_acks acks;       /* that the server is to send */
    struct pl_list answers;               /* struct parley_sio_ack: that we may send */
    struct pl_client_sio_outbox unsent;   /* kept while it is not connected */
    struct pl_client_sio_outbox retrying; /* the at-least-once queue; the first may be in flight */
    bool is_in_flight;
    struct pl_list received; /* struct pl_client_sio_received: events before the CONNECT answer */
    size_t received_bytes;

    struct pl_client_later later; /* what is owed, asked or tried again in the next turn */
    struct pl_client_later flush; /* what is in `unsent` and `retrying`, at the end of this turn */
    struct pl_client_later free;
};

/* An event that came before the CONNECT answer. */
struct pl_client_sio_received {
    struct pl_list node;
    const struct parley_args *args; /* counted */
    size_t size;
    bool has_id;
    uint64_t id;
    struct pl_str raw_offset; /* the last argument when it is a string, as JSON; or empty */
    size_t event_len;
    char event[]; /* with a NUL behind it */
};

/* Something of it is to be done in the next turn, or what waits is to be sent at the end of this
 * one. */
void pl_client_sio_run_later(struct parley_sio *sio);
void pl_client_sio_flush_later(struct parley_sio *sio);

/* Tell what its own disconnect still owes: the event, and the acknowledgements that will not come.
 * The socket may be destroyed afterwards. */
void pl_client_sio_settle(struct parley_sio *sio);

/* Tell the application; what is owed comes before it. The socket may be destroyed afterwards. */
void pl_client_sio_tell(struct parley_sio *sio, const struct parley_client_event *event);

/* No longer active: what came early and what was to be answered is dropped. Nothing is told. */
void pl_client_sio_deactivate(struct parley_sio *sio);
void pl_client_sio_drop_received(struct parley_sio *sio);
void pl_client_sio_detach_answers(struct parley_sio *sio);

static inline bool pl_client_sio_is_active(const struct parley_sio *sio)
{
    return sio->state != PL_CLIENT_SIO_IDLE;
}

static inline bool pl_client_sio_is_up(const struct parley_sio *sio)
{
    return !sio->is_destroyed && sio->state == PL_CLIENT_SIO_CONNECTED;
}

/* --- settings (sio_config.c) --- */

/* Whether the socket's part makes sense. Returns 0 or PL_E_INVALID with the reason. */
PL_MUST_CHECK int pl_client_sio_check_socket(const struct parley_sio_config *config,
                                             struct pl_error *err);
PL_MUST_CHECK int pl_client_sio_check_connection(const struct parley_sio_config *config,
                                                 struct pl_error *err);
PL_MUST_CHECK int pl_client_sio_check_auth(const struct parley_val *auth, struct pl_error *err);
PL_MUST_CHECK int pl_client_sio_check_namespace(struct pl_str nsp, struct pl_error *err);

/* --- CONNECT and its answers (sio_connect.c) --- */

/* The connection is open: send CONNECT, or ask for auth in a callback now (`may_call`) or in the
 * next turn. Returns 0 or what sending failed with. */
PL_MUST_CHECK int pl_client_sio_start(struct parley_sio *sio, bool may_call);
void pl_client_sio_ask_auth(struct parley_sio *sio);

/* The answers. Return 0, or PL_E_NOMEM: the connection cannot go on. */
PL_MUST_CHECK int pl_client_sio_on_connect(struct parley_sio *sio, struct pl_str payload);
PL_MUST_CHECK int pl_client_sio_on_connect_error(struct parley_sio *sio, struct pl_str payload);
void pl_client_sio_on_disconnect(struct parley_sio *sio);

/* --- sending (sio_emit.c, sio_outbox.c, sio_retry.c) --- */

/* An event to be written: its arguments are JSON with placeholders. */
struct pl_client_sio_event {
    struct pl_str name;
    struct pl_str raw_args;
    struct pl_blob *const *blobs;
    size_t blob_count;
    bool has_id;
    bool is_volatile;
    uint64_t id;
};

/* Write it and give it to the session. Returns 0; PL_E_FULL, PL_E_NOMEM, PL_E_CLOSED. */
PL_MUST_CHECK int pl_client_sio_send_event(struct parley_sio *sio,
                                           const struct pl_client_sio_event *event);

/* The same of what is in manager->text, with its attachments. */
PL_MUST_CHECK int pl_client_sio_send_text(struct pl_client_sio_manager *manager,
                                          struct pl_blob *const *blobs, size_t blob_count);

/* Arguments into manager->args and `bins`. Returns 0; PL_E_TOO_BIG, PL_E_NOMEM with the reason
 * kept. */
PL_MUST_CHECK int pl_client_sio_write_args(struct pl_client_sio_manager *manager,
                                           struct pl_bin_list *bins,
                                           const struct parley_args *args);

/* A packet of it may be sent: not too late for the heartbeat either. */
bool pl_client_sio_may_send(const struct parley_sio *sio);

/* Send what was kept, as far as it goes. May call listeners. */
void pl_client_sio_flush(struct parley_sio *sio);

/* The same before it leaves: no listener is told. */
void pl_client_sio_flush_silently(struct parley_sio *sio);

/* Send the first of the queue, unless it is in flight. May call listeners. */
void pl_client_sio_retry(struct parley_sio *sio);

/* Queue one. Returns 0; PL_E_FULL, PL_E_STATE, PL_E_NOMEM with the reason kept. */
PL_MUST_CHECK int pl_client_sio_retry_add(struct parley_sio *sio,
                                          const struct pl_client_sio_event *event,
                                          const struct pl_client_sio_wait *wait);

/* Whether somebody listens to what is sent. */
bool pl_client_sio_is_watched(const struct parley_sio *sio);

/* Tell the listeners of outgoing packets. */
void pl_client_sio_tell_outgoing(struct parley_sio *sio, const char *event,
                                 const struct parley_args *args);

/* --- receiving (sio_deliver.c) --- */

/* An event for the application. Returns 0 or PL_E_NOMEM: the connection cannot go on. */
PL_MUST_CHECK int pl_client_sio_deliver(struct parley_sio *sio,
                                        const struct pl_sio_message *message);

/* Keep it until the CONNECT answer. Returns 0, PL_E_NOMEM, PL_E_TOO_BIG. */
PL_MUST_CHECK int pl_client_sio_keep_received(struct parley_sio *sio,
                                              const struct pl_sio_message *message);

/* Deliver what was kept. Returns as deliver. */
PL_MUST_CHECK int pl_client_sio_deliver_received(struct parley_sio *sio);

/* An acknowledgement for the event `id` (sio_answer.c), with one reference; NULL without memory. */
PL_MUST_CHECK struct parley_sio_ack *pl_client_sio_answer_create(struct parley_sio *sio,
                                                                 uint64_t id);

#endif
