/* A simulated network: a clock that stands still until it is moved, names, and connections between
 * the client under test (through struct pl_client_env) and a peer in the same program. What is
 * written arrives later and in other pieces; connections are refused, never come about, fall silent
 * or are cut at any byte. All of it follows from a seed.
 * Threads: one. */
#ifndef PL_CLIENT_SIM_NET_H
#define PL_CLIENT_SIM_NET_H

#include "client/env.h"
#include "sim/rng.h"

#define NET_CONNS_MAX 256
#define NET_LOOKUPS_MAX 16
#define NET_WINDOW_MAX ((size_t)65536)

struct net;
struct net_conn;

/* The other side. on_end: the client has closed or the connection broke; the last call for it. */
struct net_peer {
    void (*on_open)(struct net_conn *conn, void *user);
    void (*on_data)(struct net_conn *conn, struct pl_str bytes, void *user);
    void (*on_end)(struct net_conn *conn, void *user);
};

/* How bad it is, in percent of the connections (or names, or moments). */
struct net_faults {
    uint32_t refused;
    uint32_t never;   /* neither accepted nor refused */
    uint32_t cut;     /* broken after some bytes in one direction */
    uint32_t silent;  /* from some byte on, nothing passes in one direction */
    uint32_t no_name; /* the lookup fails */
    uint32_t latency_max_ms;
    uint32_t cut_max_bytes;
};

struct net_segment {
    uint64_t end; /* counted from the connection's first byte */
    int64_t due_ms;
};

/* One direction. */
struct net_pipe {
    uint8_t *bytes;
    size_t len;
    size_t cap;
    uint64_t taken;    /* what was before bytes[0] */
    uint64_t arriving; /* due already */
    struct net_segment *segments;
    size_t segment_count;
    size_t segment_cap;
    int64_t last_due_ms;
    int64_t end_ms;  /* when its end arrives; -1: it has none */
    uint64_t cut_at; /* the byte that does not pass any more */
    bool is_silent;  /* ... and nobody is told */
};

enum net_state {
    NET_CONNECTING,
    NET_OPEN,
    NET_FAILED, /* for the client: refused or reset */
};

struct net_conn {
    struct net *net;
    enum net_state state;
    int64_t opens_ms; /* while connecting; -1: never */
    int64_t reset_ms; /* -1: not */
    bool will_open;
    bool is_client_gone;
    bool is_peer_gone;  /* it closed, or was told of the end */
    struct net_pipe up; /* from the client */
    struct net_pipe down;
    size_t window; /* bytes on their way up before writing has to wait */
    struct pl_client_watch *watch;
    int handle;
    void *user; /* the peer's */
};

struct net_lookup {
    struct pl_client_lookup *lookup; /* NULL: free */
    int64_t due_ms;
    uint16_t port;
};

struct net {
    struct sim_rng rng;
    struct sim_rng client_rng; /* what the client is given */
    struct net_faults faults;
    int64_t now_ms;
    const struct net_peer *peer;
    void *peer_user;
    bool is_up;    /* the server accepts connections */
    bool has_ipv6; /* names have an address of IPv6 as well, which leads nowhere */
    bool is_calm;  /* everything at once, in one piece: for whoever only wants a network */
    bool has_trace;
    bool is_awake;     /* wake was called */
    uint64_t hash;     /* of everything that passed */
    size_t open_count; /* handles that the client holds */
    struct net_conn *conns[NET_CONNS_MAX];
    struct net_lookup lookups[NET_LOOKUPS_MAX];
};

void net_init(struct net *net, uint64_t seed, const struct net_peer *peer, void *user);

/* Forget connections that the client has closed, the others as well. */
void net_fini(struct net *net);

/* The way in for pl_client_create_in; borrows `net`. */
struct pl_client_env net_env(struct net *net);

/* When the next thing happens by itself: now, or later; -1: never. */
int64_t net_next_ms(const struct net *net);

/* Let arrive what has to arrive at the peer until now. */
void net_run(struct net *net);

/* No faults from now on; connections that have fallen silent stay so. */
void net_heal(struct net *net);

/* Those end, as the system's own timeouts would have it at last. */
void net_end_silent(struct net *net);

/* --- for the peer --- */

void net_send(struct net_conn *conn, struct pl_str bytes);
void net_close(struct net_conn *conn); /* behind what was sent; no callback comes any more */
void net_reset(struct net_conn *conn); /* at once; no callback comes any more */
void net_reset_all(struct net *net);   /* the machine goes down: on_end for each */

/* --- inside --- */

void net_note(struct net *net, const char *what, uint64_t a, uint64_t b);
int64_t net_delay(struct net *net);
unsigned net_ready(const struct net_conn *conn);
void net_pipe_push(struct net_conn *conn, struct net_pipe *pipe, struct pl_str bytes);
size_t net_pipe_arrived(const struct net_pipe *pipe, int64_t now_ms);
void net_pipe_take(struct net_pipe *pipe, size_t len);
void net_forget(struct net_conn *conn); /* when both sides are gone */

#endif
