/* Pipes with delays and faults, and what arrives at the peer. Memory comes from malloc: a test that
 * makes allocations fail means the client's. */
#include "net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define START_MS 1000

static void *grown(void *ptr, size_t size)
{
    void *result = realloc(ptr, size);
    PL_ASSERT(result != NULL);
    return result;
}

void net_note(struct net *net, const char *what, uint64_t a, uint64_t b)
{
    const uint64_t values[] = {(uint64_t)net->now_ms, (uint64_t)what[0], a, b};
    for (size_t i = 0; i < PL_ARRAY_LEN(values); i++) { /* FNV-1a, by words */
        net->hash = (net->hash ^ values[i]) * UINT64_C(0x100000001b3);
    }
    if (net->has_trace) {
        printf("%8" PRId64 " net %s %" PRIu64 " %" PRIu64 "\n", net->now_ms, what, a, b);
    }
}

int64_t net_delay(struct net *net)
{
    if (net->is_calm) {
        return 0;
    }
    return sim_chance(&net->rng, 30) ? 0 : sim_below(&net->rng, net->faults.latency_max_ms + 1);
}

static void pipe_fini(struct net_pipe *pipe)
{
    free(pipe->bytes);
    free(pipe->segments);
}

static void add_segment(struct net *net, struct net_pipe *pipe, struct pl_str bytes)
{
    int64_t due_ms = pl_i64_max(net->now_ms + net_delay(net), pipe->last_due_ms);
    if (pipe->len + bytes.len > pipe->cap) {
        pipe->cap = (pipe->len + bytes.len) * 2;
        pipe->bytes = grown(pipe->bytes, pipe->cap);
    }
    if (pipe->segment_count == pipe->segment_cap) {
        pipe->segment_cap = pipe->segment_cap * 2 + 8;
        pipe->segments = grown(pipe->segments, pipe->segment_cap * sizeof(*pipe->segments));
    }
    memcpy(pipe->bytes + pipe->len, bytes.ptr, bytes.len);
    pipe->len += bytes.len;
    pipe->last_due_ms = due_ms;
    pipe->segments[pipe->segment_count++] =
        (struct net_segment){.end = pipe->taken + pipe->len, .due_ms = due_ms};
}

void net_pipe_push(struct net_conn *conn, struct net_pipe *pipe, struct pl_str bytes)
{
    struct net *net = conn->net;
    uint64_t room = pipe->cut_at - pl_size_min(pipe->cut_at, pipe->taken + pipe->len);
    if (room < bytes.len) {
        bytes = pl_str_first(bytes, room);
        if (!pipe->is_silent && conn->reset_ms < 0) {
            conn->reset_ms = pl_i64_max(net->now_ms + net_delay(net), pipe->last_due_ms);
        }
    }
    while (bytes.len > 0) {
        size_t part = net->is_calm || sim_chance(&net->rng, 60)
                          ? bytes.len
                          : sim_between(&net->rng, 1, (uint32_t)pl_size_min(bytes.len, 100000));
        add_segment(net, pipe, pl_str_first(bytes, part));
        bytes = pl_str_from(bytes, part);
    }
}

size_t net_pipe_arrived(const struct net_pipe *pipe, int64_t now_ms)
{
    size_t len = 0;
    for (size_t i = 0; i < pipe->segment_count && pipe->segments[i].due_ms <= now_ms; i++) {
        len = (size_t)(pipe->segments[i].end - pipe->taken);
    }
    return len;
}

void net_pipe_take(struct net_pipe *pipe, size_t len)
{
    size_t over = 0;
    pipe->taken += len;
    pipe->len -= len;
    memmove(pipe->bytes, pipe->bytes + len, pipe->len);
    while (over < pipe->segment_count && pipe->segments[over].end <= pipe->taken) {
        over++;
    }
    pipe->segment_count -= over;
    memmove(pipe->segments, pipe->segments + over, pipe->segment_count * sizeof(*pipe->segments));
}

static bool has_ended(const struct net_pipe *pipe, int64_t now_ms)
{
    return pipe->end_ms >= 0 && pipe->end_ms <= now_ms && pipe->len == 0;
}

unsigned net_ready(const struct net_conn *conn)
{
    int64_t now_ms = conn->net->now_ms;
    unsigned ready = 0;
    if (conn->state == NET_CONNECTING) {
        return 0;
    }
    if (conn->state == NET_FAILED) {
        return PL_WATCH_READ | PL_WATCH_WRITE;
    }
    if (net_pipe_arrived(&conn->down, now_ms) > 0 || has_ended(&conn->down, now_ms)) {
        ready |= PL_WATCH_READ;
    }
    return conn->up.len < conn->window ? ready | PL_WATCH_WRITE : ready;
}

void net_forget(struct net_conn *conn)
{
    if (conn->is_client_gone && conn->is_peer_gone) {
        conn->net->conns[conn->handle] = NULL;
        pipe_fini(&conn->up);
        pipe_fini(&conn->down);
        free(conn);
    }
}

/* The peer hears of the end, once. */
static void end_for_peer(struct net_conn *conn)
{
    if (!conn->is_peer_gone) {
        conn->is_peer_gone = true;
        if (conn->state != NET_CONNECTING) {
            conn->net->peer->on_end(conn, conn->net->peer_user);
        }
    }
}

static void break_conn(struct net_conn *conn)
{
    net_note(conn->net, "broken", (uint64_t)conn->handle, 0);
    end_for_peer(conn);
    conn->state = NET_FAILED;
    net_forget(conn);
}

static void finish_connecting(struct net_conn *conn)
{
    struct net *net = conn->net;
    bool opens = conn->will_open && net->is_up;
    net_note(net, opens ? "open" : "refused", (uint64_t)conn->handle, 0);
    if (!opens) {
        end_for_peer(conn);
        conn->state = NET_FAILED;
        net_forget(conn);
        return;
    }
    conn->state = NET_OPEN;
    net->peer->on_open(conn, net->peer_user);
}

static void deliver_up(struct net_conn *conn)
{
    struct net *net = conn->net;
    size_t len = net_pipe_arrived(&conn->up, net->now_ms);
    if (len > 0) {
        uint8_t *copy = grown(NULL, len); /* of that size, so that an overrun is seen */
        memcpy(copy, conn->up.bytes, len);
        net_pipe_take(&conn->up, len);
        if (!conn->is_peer_gone) {
            net->peer->on_data(conn, pl_str_make((const char *)copy, len), net->peer_user);
        }
        free(copy);
    }
    if (has_ended(&conn->up, net->now_ms)) {
        end_for_peer(conn);
    }
}

static void run_conn(struct net_conn *conn)
{
    int64_t now_ms = conn->net->now_ms;
    if (conn->state == NET_CONNECTING && conn->opens_ms >= 0 && conn->opens_ms <= now_ms) {
        finish_connecting(conn);
        return;
    }
    if (conn->state == NET_OPEN && conn->reset_ms >= 0 && conn->reset_ms <= now_ms) {
        break_conn(conn);
        return;
    }
    if (conn->state == NET_OPEN) {
        deliver_up(conn);
        net_forget(conn);
    }
}

void net_run(struct net *net)
{
    uint32_t first = net->is_calm ? 0 : sim_below(&net->rng, NET_CONNS_MAX);
    for (uint32_t i = 0; i < NET_CONNS_MAX; i++) {
        struct net_conn *conn = net->conns[(first + i) % NET_CONNS_MAX];
        if (conn != NULL) {
            run_conn(conn);
        }
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int64_t pipe_next_ms(const struct net_pipe *pipe)
{
    if (pipe->segment_count > 0) {
        return pipe->segments[0].due_ms;
    }
    return pipe->end_ms;
}

/* What the client was told already is no event: only what it watches for. */
static int64_t conn_next_ms(const struct net_conn *conn)
{
    int64_t next_ms = -1;
    const struct pl_client_watch *watch = conn->watch;
    if (conn->state == NET_CONNECTING) {
        return conn->opens_ms;
    }
    if (watch != NULL && (watch->wanted & net_ready(conn)) != 0) {
        return conn->net->now_ms;
    }
    if (conn->state == NET_FAILED) {
        return -1;
    }
    next_ms = earlier(conn->reset_ms,
                      conn->is_peer_gone && conn->up.len == 0 ? -1 : pipe_next_ms(&conn->up));
    if (!conn->is_client_gone && watch != NULL && (watch->wanted & PL_WATCH_READ) != 0) {
        next_ms = earlier(next_ms, pipe_next_ms(&conn->down));
    }
    return next_ms;
}

int64_t net_next_ms(const struct net *net)
{
    int64_t next_ms = net->is_awake ? net->now_ms : -1;
    for (size_t i = 0; i < NET_CONNS_MAX; i++) {
        if (net->conns[i] != NULL) {
            next_ms = earlier(next_ms, conn_next_ms(net->conns[i]));
        }
    }
    for (size_t i = 0; i < NET_LOOKUPS_MAX; i++) {
        if (net->lookups[i].lookup != NULL) {
            next_ms = earlier(next_ms, net->lookups[i].due_ms);
        }
    }
    return next_ms;
}

void net_send(struct net_conn *conn, struct pl_str bytes)
{
    if (!conn->is_peer_gone && conn->state == NET_OPEN) {
        net_pipe_push(conn, &conn->down, bytes);
    }
}

void net_close(struct net_conn *conn)
{
    if (!conn->is_peer_gone) {
        conn->is_peer_gone = true;
        if (!conn->down.is_silent || conn->down.taken + conn->down.len < conn->down.cut_at) {
            conn->down.end_ms =
                pl_i64_max(conn->net->now_ms + net_delay(conn->net), conn->down.last_due_ms);
        }
    }
}

void net_reset(struct net_conn *conn)
{
    conn->is_peer_gone = true;
    conn->reset_ms = conn->net->now_ms;
}

void net_reset_all(struct net *net)
{
    for (size_t i = 0; i < NET_CONNS_MAX; i++) {
        if (net->conns[i] != NULL && net->conns[i]->state == NET_OPEN) {
            break_conn(net->conns[i]);
        }
    }
}

static void heal_pipe(struct net_pipe *pipe)
{
    if (pipe->taken + pipe->len < pipe->cut_at) {
        pipe->cut_at = UINT64_MAX;
    }
}

void net_heal(struct net *net)
{
    net->faults = (struct net_faults){.latency_max_ms = 40};
    for (size_t i = 0; i < NET_CONNS_MAX; i++) {
        if (net->conns[i] != NULL) {
            heal_pipe(&net->conns[i]->up);
            heal_pipe(&net->conns[i]->down);
            net->conns[i]->window = NET_WINDOW_MAX;
        }
    }
}

static bool is_stuck(const struct net_pipe *pipe)
{
    return pipe->is_silent && pipe->cut_at != UINT64_MAX;
}

void net_end_silent(struct net *net)
{
    for (size_t i = 0; i < NET_CONNS_MAX; i++) {
        struct net_conn *conn = net->conns[i];
        if (conn != NULL && (is_stuck(&conn->up) || is_stuck(&conn->down))) {
            conn->reset_ms = net->now_ms + 1000;
        }
    }
}

void net_init(struct net *net, uint64_t seed, const struct net_peer *peer, void *user)
{
    *net = (struct net){.now_ms = START_MS, .peer = peer, .peer_user = user, .is_up = true};
    net->rng.state = seed;
    net->client_rng.state = seed ^ UINT64_C(0x5bd1e995);
    net->hash = UINT64_C(0xcbf29ce484222325);
}

void net_fini(struct net *net)
{
    for (size_t i = 0; i < NET_CONNS_MAX; i++) {
        struct net_conn *conn = net->conns[i];
        if (conn != NULL) {
            end_for_peer(conn);
            conn->is_client_gone = true;
            net_forget(conn);
        }
    }
}
