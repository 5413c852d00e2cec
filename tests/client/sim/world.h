/* The world of a run: the network, the server behind it, the client and an application that does
 * what comes into its mind, for a while in bad weather and then in good; and what has to be true.
 * Threads: one. */
#ifndef PL_CLIENT_SIM_WORLD_H
#define PL_CLIENT_SIM_WORLD_H

#include "parley/client_socketio.h"
#include "parley/client_websocket.h"
#include "server.h"
#include "sim.h"
#include "sim/seeds.h"

#define WORLD_INSTANCES_MAX 2048
#define WORLD_EVENTS_MAX 4096

struct world;
struct app_socket;

enum app_ack {
    APP_ACK_NONE,
    APP_ACK_PENDING,
    APP_ACK_RAN,
};

struct app_ack_note {
    struct app_socket *app;
    uint64_t n;
};

/* One namespace, from both sides. */
struct app_socket {
    struct world *world;
    uint32_t nsp;
    struct parley_sio *sio;
    bool is_active;    /* connected, or on the way there */
    bool owes_auth;    /* get_auth waits for its answer */
    unsigned attempt;  /* of the reconnection that goes on */
    int64_t retry_ms;  /* when the next has to begin; -1: none */
    uint64_t emitted;  /* numbers the events */
    uint64_t boundary; /* emitted when it was last disconnected: those before may be lost */
    bool may_be_lost[WORLD_EVENTS_MAX]; /* volatile, or timed out in the buffer */
    uint8_t ack[WORLD_EVENTS_MAX];      /* enum app_ack */
    struct app_ack_note notes[WORLD_EVENTS_MAX];
    /* what came from the server */
    uint32_t index;
    uint64_t next_event;
    uint64_t next_question;
    /* what the server saw */
    uint64_t received; /* the number after the last new event */
    bool is_received[WORLD_EVENTS_MAX];
    uint32_t instance_count; /* CONNECTs that it answered */
    bool is_last_recovered;
    /* Instances up to this ended by a disconnect, and send the rest while the next begins. */
    uint32_t left_instance;
    uint64_t boundaries[WORLD_INSTANCES_MAX]; /* by instance; the first number that must come */
};

/* A plain WebSocket, likewise. */
struct app_plain {
    struct world *world;
    struct parley_websocket *websocket;
    bool is_active;
    bool is_closing; /* by us, and the event has not come */
    int64_t retry_ms;
    uint64_t sent;
    uint64_t boundary;
    uint64_t received;     /* by the server */
    bool has_first;        /* the connection has brought a message */
    uint32_t opened_count; /* by the server */
    uint64_t boundaries[WORLD_INSTANCES_MAX];
    uint64_t server_sent;
    uint64_t next; /* from the server */
    bool is_fresh; /* nothing came yet on this connection */
};

struct world {
    uint64_t seed;
    bool has_trace;
    struct sim_rng rng;
    struct net net;
    struct server server;
    struct parley_client *client;
    struct parley_sio_config config; /* as it was drawn */
    uint32_t socket_count;           /* 0: a plain WebSocket */
    struct app_socket *sockets[SERVER_NAMESPACES];
    struct app_plain *plain;
    struct parley_client_reconnect reconnect;
    bool is_fair;       /* the weather is good, for ever */
    int64_t action_ms;  /* the application's next */
    uint32_t pause_ms;  /* at least, between two */
    int64_t restart_ms; /* the server comes back; -1: it is there */
    uint32_t stuck_count;
    uint64_t goodbye_count; /* DISCONNECTs that the server got */
};

struct seeds_result world_run(uint64_t seed, bool has_trace);

/* --- app.c: Socket.IO --- */
void app_create(struct world *world);
void app_act(struct world *world);
void app_connect(struct app_socket *app);
void app_emit(struct app_socket *app);
bool app_is_settled(const struct world *world);
void app_leave(struct world *world);
void app_check_end(struct world *world); /* when that is over */
void app_destroy(struct world *world);
extern const struct server_owner app_server_owner;

/* --- plain.c: a WebSocket --- */
void plain_create(struct world *world);
void plain_act(struct world *world);
bool plain_is_settled(const struct world *world);
void plain_close(struct world *world);
void plain_check_end(struct world *world);
void plain_destroy(struct world *world);
extern const struct server_owner plain_server_owner;

/* --- shared --- */
void world_note(struct world *world, const char *what, uint64_t a, uint64_t b);
void world_check_delay(struct world *world, int delay_ms, unsigned attempt);

#endif
