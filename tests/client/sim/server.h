/* A model of a Socket.IO server (and of a plain WebSocket one) behind the simulated network: what
 * the client talks to. It does what the specification says, as late and in as many pieces as it
 * likes, and ends the run when the client breaks a rule.
 * Source: shared spec socketio.md sections 1, 2 and 3.8. Threads: one. */
#ifndef PL_CLIENT_SIM_SERVER_H
#define PL_CLIENT_SIM_SERVER_H

#include "base/buf.h"
#include "base/list.h"
#include "base/timer.h"
#include "codec/http_body.h"
#include "codec/sio_decoder.h"
#include "codec/ws_handshake.h"
#include "codec/ws_message.h"
#include "net.h"

#define SERVER_TEXT_MAX 512
#define SERVER_NAMESPACES 3 /* "/", "/a", "/b" */
#define SERVER_LATE_MAX 16

struct server;
struct server_conn;
struct server_session;
struct server_socket;

struct server_options {
    bool is_plain; /* no Socket.IO: WebSockets with numbered messages */
    bool has_recovery;
    bool offers_websocket;
    bool is_neat; /* whole frames, plain answers, nothing refused, dropped or late */
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint32_t refuse_percent;       /* of requests: 503 */
    uint32_t refuse_nsp_percent;   /* of CONNECTs */
    uint32_t refuse_probe_percent; /* of upgrades, one way or another */
    uint32_t drop_ack_percent;
};

/* What the world wants to know. */
struct server_owner {
    void (*on_connect)(struct server_socket *socket, bool is_recovered, void *user);
    void (*on_event)(struct server_socket *socket, const struct pl_sio_message *message,
                     void *user);
    void (*on_ack)(struct server_socket *socket, const struct pl_sio_message *message, void *user);
    void (*on_disconnect)(struct server_socket *socket, void *user); /* the client said so */
    void (*on_plain_open)(void *user);
    void (*on_plain)(bool is_text, struct pl_str bytes, void *user); /* a message */
    /* A request to a plain server that is no upgrade, to be answered; NULL: there is none. */
    void (*on_plain_request)(struct server_conn *conn, void *user);
};

enum server_conn_kind {
    SERVER_HTTP,
    SERVER_PARKED, /* a poll waits */
    SERVER_WS,
};

struct server_conn {
    struct pl_list node; /* on server->conns, or ->dead_conns */
    struct server *server;
    struct net_conn *net;           /* NULL: closed */
    struct server_session *session; /* that it belongs to: poll or WebSocket */
    enum server_conn_kind kind;
    struct pl_buf in;
    bool has_head; /* of a request whose body is not whole yet */
    bool keeps_alive;
    bool has_close; /* a close frame was sent */
    enum pl_http_method method;
    char target[SERVER_TEXT_MAX];
    char ws_key[PL_WS_KEY_LEN + 1]; /* "" unless it wants an upgrade */
    struct pl_http_body body;
    struct pl_buf body_bytes;
    struct pl_ws_decoder ws;
};

struct server_packet {
    struct pl_list node;
    bool is_binary;
    struct pl_str data; /* with the digit; behind the struct */
};

/* An Engine.IO session. */
struct server_session {
    struct pl_list node; /* on server->sessions, or ->dead_sessions */
    struct server *server;
    char sid[24];
    bool is_closed;
    bool is_upgrading;           /* the probe was answered */
    struct server_conn *ws;      /* its transport; NULL: polling */
    struct server_conn *probing; /* a WebSocket that is to be it */
    struct server_conn *parked;
    struct pl_list queue;
    struct pl_timer ping_timer;
    struct pl_timer pong_timer;
    struct pl_timer upgrade_timer;
    struct pl_sio_decoder decoder;
    struct server_socket *sockets[SERVER_NAMESPACES];
    uint32_t
        connect_count[SERVER_NAMESPACES]; /* above 1, packets of before may cross the CONNECT */
    bool was_kicked[SERVER_NAMESPACES];   /* what it still sends there was on its way */
};

/* A socket of a namespace, also while its client is away (recovery). */
struct server_socket {
    struct pl_list node;
    struct server *server;
    struct server_session *session; /* NULL: away */
    uint32_t nsp;
    uint32_t index; /* of all that there were */
    uint64_t emitted_count;
    uint64_t asked_count;              /* events that want an acknowledgement */
    uint64_t answered_until;           /* the next id whose acknowledgement may come, in order */
    uint64_t late[SERVER_LATE_MAX][2]; /* acknowledgements to be sent: id, number */
    size_t late_count;
    uint64_t world[4]; /* the owner's */
};

struct server {
    struct net *net;
    struct sim_rng rng;
    struct server_options options;
    const struct server_owner *owner;
    void *user;
    struct pl_ws_acceptor *acceptor;
    struct pl_sio_limits limits;
    struct pl_timers timers;
    struct pl_list conns;
    struct pl_list dead_conns;
    struct pl_list sessions;
    struct pl_list dead_sessions;
    struct pl_list sockets;
    uint32_t sid_count;
    uint32_t socket_count;
    uint64_t upgrade_count;
    uint64_t packet_count;
};

extern const struct net_peer server_peer; /* its user is the server */

/* `server` is the user of net's peer. */
void server_init(struct server *server, struct net *net, const struct server_options *options,
                 const struct server_owner *owner, void *user);
void server_fini(struct server *server);

/* Timers that are due; and free what is over. After net_run. */
void server_run(struct server *server);
int64_t server_next_ms(const struct server *server);

/* It goes down and forgets everything; net->is_up says when it is back. */
void server_restart(struct server *server);

struct pl_str server_nsp_name(uint32_t nsp);
void server_socket_sid(char out[24], const struct server_socket *socket);

/* --- what a server's application does --- */
void server_emit(struct server_socket *socket); /* the next event; to be caught up when away */
void server_ask(struct server_socket *socket);  /* one that wants an acknowledgement */
void server_send_late(struct server_socket *socket);
void server_ack(struct server_socket *socket, uint64_t id, uint64_t n);
void server_kick(struct server_socket *socket); /* disconnect it from its namespace */
void server_plain_send(struct server *server, bool is_text, struct pl_str bytes); /* to all */
void server_close_all(struct server *server); /* each session ends properly */

/* --- server_http.c, inside --- */
void server_conn_answer(struct server_conn *conn, int status, const char *type, struct pl_str body);
void server_conn_close(struct server_conn *conn);
void server_conn_ws_send(struct server_conn *conn, unsigned opcode, struct pl_str payload);
void server_conn_ws_close(struct server_conn *conn, uint16_t code);

/* --- server_eio.c --- */
void eio_request(struct server_conn *conn);
void eio_ws_message(struct server_conn *conn, bool is_text, struct pl_str payload);
void eio_conn_ended(struct server_conn *conn);
void eio_send(struct server_session *session, bool is_binary, struct pl_str data);
void eio_close(struct server_session *session); /* from either side */

/* --- server_sio.c --- */
void sio_text(struct server_session *session, struct pl_str text);
void sio_binary(struct server_session *session, struct pl_str bytes);
void sio_session_ended(struct server_session *session);

#endif
