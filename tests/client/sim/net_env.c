/* What the client sees of the simulated network. */
#include "net.h"

#include <stdlib.h>

#define IPV6_PREFIX 0x20

static int64_t env_now_ms(void *user)
{
    const struct net *net = user;
    return net->now_ms;
}

static int64_t env_unix_ms(void *user)
{
    return 1700000000000 + env_now_ms(user);
}

static void env_random(void *user, void *out, size_t size)
{
    struct net *net = user;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)sim_next(&net->client_rng);
    }
}

/* At most one fault a connection, decided when it begins. */
static void add_faults(struct net *net, struct net_conn *conn)
{
    struct net_pipe *pipe = sim_chance(&net->rng, 50) ? &conn->up : &conn->down;
    if (sim_chance(&net->rng, net->faults.never)) {
        conn->opens_ms = -1;
    } else if (sim_chance(&net->rng, net->faults.refused)) {
        conn->will_open = false;
    } else if (sim_chance(&net->rng, net->faults.cut)) {
        pipe->cut_at = sim_below(&net->rng, net->faults.cut_max_bytes + 1);
    } else if (sim_chance(&net->rng, net->faults.silent)) {
        pipe->cut_at = sim_below(&net->rng, net->faults.cut_max_bytes + 1);
        pipe->is_silent = true;
    }
}

static int free_handle(const struct net *net)
{
    for (int i = 0; i < NET_CONNS_MAX; i++) {
        if (net->conns[i] == NULL) {
            return i;
        }
    }
    return -1;
}

static int env_connect(void *user, const struct pl_address *to, struct pl_error *err)
{
    struct net *net = user;
    struct net_conn *conn = NULL;
    int handle = free_handle(net);
    PL_ASSERT(handle >= 0); /* so many are never open */
    if (!net->is_calm && sim_chance(&net->rng, net->faults.refused / 8)) {
        return pl_error_set(err, PL_E_IO, "network unreachable");
    }
    conn = calloc(1, sizeof(*conn));
    PL_ASSERT(conn != NULL);
    *conn = (struct net_conn){.net = net, .handle = handle, .will_open = true, .reset_ms = -1};
    conn->opens_ms = net->now_ms + net_delay(net);
    conn->up.end_ms = conn->down.end_ms = -1;
    conn->up.cut_at = conn->down.cut_at = UINT64_MAX;
    conn->window = NET_WINDOW_MAX;
    if (net->faults.cut > 0 && sim_chance(&net->rng, 50)) {
        conn->window = sim_between(&net->rng, 1, NET_WINDOW_MAX / 4);
    }
    if (to->family == PL_ADDRESS_IPV6) {
        conn->opens_ms = -1;
    } else if (!net->is_calm) {
        add_faults(net, conn);
    }
    net->conns[handle] = conn;
    net->open_count++;
    net_note(net, "connect", (uint64_t)handle, to->family);
    return handle;
}

static int env_connected(void *user, int handle, struct pl_error *err)
{
    struct net *net = user;
    switch (net->conns[handle]->state) {
    case NET_CONNECTING:
        return PL_E_AGAIN;
    case NET_OPEN:
        return 0;
    case NET_FAILED:
        break;
    }
    return pl_error_set(err, PL_E_IO, "connection refused");
}

static ptrdiff_t env_read(void *user, int handle, struct pl_span into, struct pl_error *err)
{
    struct net *net = user;
    struct net_conn *conn = net->conns[handle];
    size_t len = pl_size_min(net_pipe_arrived(&conn->down, net->now_ms), into.len);
    PL_ASSERT(into.len > 0 && conn->state != NET_CONNECTING);
    if (conn->state == NET_FAILED) {
        return pl_error_set(err, PL_E_IO, "connection reset by peer");
    }
    if (len == 0) {
        return (net_ready(conn) & PL_WATCH_READ) != 0 ? 0 : PL_E_AGAIN;
    }
    if (!net->is_calm && sim_chance(&net->rng, 30)) {
        len = sim_between(&net->rng, 1, (uint32_t)pl_size_min(len, NET_WINDOW_MAX));
    }
    memcpy(into.ptr, conn->down.bytes, len);
    net_pipe_take(&conn->down, len);
    net_note(net, "read", (uint64_t)handle, len);
    return (ptrdiff_t)len;
}

static ptrdiff_t env_write(void *user, int handle, struct pl_str from, struct pl_error *err)
{
    struct net *net = user;
    struct net_conn *conn = net->conns[handle];
    size_t len = from.len;
    PL_ASSERT(from.len > 0 && conn->state != NET_CONNECTING);
    if (conn->state == NET_FAILED) {
        return pl_error_set(err, PL_E_IO, "broken pipe");
    }
    if (conn->up.len >= conn->window) {
        return PL_E_AGAIN;
    }
    len = pl_size_min(len, conn->window - conn->up.len);
    if (!net->is_calm && sim_chance(&net->rng, 30)) {
        len = sim_between(&net->rng, 1, (uint32_t)len);
    }
    net_note(net, "write", (uint64_t)handle, len);
    net_pipe_push(conn, &conn->up, pl_str_first(from, len));
    return (ptrdiff_t)len;
}

/* What is on its way still arrives, unless the network is in the mood for a reset. */
static void env_close(void *user, int handle)
{
    struct net *net = user;
    struct net_conn *conn = net->conns[handle];
    PL_ASSERT(conn != NULL && !conn->is_client_gone);
    net_note(net, "close", (uint64_t)handle, 0);
    net->open_count--;
    conn->watch = NULL;
    conn->is_client_gone = true;
    if (conn->state == NET_CONNECTING) {
        conn->is_peer_gone = true; /* it never heard of it */
    } else if (conn->state == NET_OPEN && sim_chance(&net->rng, net->faults.cut)) {
        conn->reset_ms = net->now_ms;
    } else if (conn->state == NET_OPEN) {
        conn->up.end_ms = pl_i64_max(net->now_ms + net_delay(net), conn->up.last_due_ms);
    }
    if (conn->up.is_silent && conn->reset_ms < 0) {
        conn->reset_ms = net->now_ms; /* so that the peer forgets it at last */
    }
    net_forget(conn);
}

static int env_watch(void *user, struct pl_client_watch *watch, unsigned wanted)
{
    struct net *net = user;
    struct net_conn *conn = net->conns[watch->handle];
    PL_ASSERT(conn != NULL && !conn->is_client_gone);
    PL_ASSERT(conn->watch == NULL || conn->watch == watch);
    watch->wanted = wanted;
    conn->watch = wanted != 0 ? watch : NULL;
    return 0;
}

/* "localhost", "v6.test" and digits: all are the one server. */
static void finish_lookup(struct net *net, struct net_lookup *slot)
{
    struct pl_client_lookup *lookup = slot->lookup;
    struct pl_address addresses[2] = {{.family = PL_ADDRESS_IPV6, .port = slot->port},
                                      {.family = PL_ADDRESS_IPV4, .port = slot->port}};
    struct pl_error err = {0};
    slot->lookup = NULL;
    addresses[0].bytes[0] = IPV6_PREFIX;
    addresses[1].bytes[0] = 127;
    addresses[1].bytes[3] = 1;
    if (!net->is_calm && sim_chance(&net->rng, net->faults.no_name)) {
        pl_error_set(&err, PL_E_NOT_FOUND, "no such name");
        lookup->on_done(lookup, NULL, 0, PL_E_NOT_FOUND, &err);
    } else if (net->has_ipv6) {
        lookup->on_done(lookup, addresses, 2, 0, &err);
    } else {
        lookup->on_done(lookup, addresses + 1, 1, 0, &err);
    }
}

static int env_wait(void *user, struct pl_client_ready *out, int max, int timeout_ms)
{
    struct net *net = user;
    uint32_t first = net->is_calm ? 0 : sim_below(&net->rng, NET_CONNS_MAX);
    int count = 0;
    PL_ASSERT(timeout_ms == 0); /* time does not pass in here */
    net->is_awake = false;
    for (size_t i = 0; i < NET_LOOKUPS_MAX; i++) {
        if (net->lookups[i].lookup != NULL && net->lookups[i].due_ms <= net->now_ms) {
            finish_lookup(net, &net->lookups[i]);
        }
    }
    for (uint32_t i = 0; i < NET_CONNS_MAX && count < max; i++) {
        struct net_conn *conn = net->conns[(first + i) % NET_CONNS_MAX];
        if (conn != NULL && conn->watch != NULL && (conn->watch->wanted & net_ready(conn)) != 0) {
            out[count].watch = conn->watch;
            out[count].ready = conn->watch->wanted & net_ready(conn);
            count++;
        }
    }
    return count;
}

static int env_wait_ms(void *user)
{
    const struct net *net = user;
    int64_t next_ms = -1;
    for (size_t i = 0; i < NET_LOOKUPS_MAX; i++) {
        const struct net_lookup *slot = &net->lookups[i];
        if (slot->lookup != NULL && (next_ms < 0 || slot->due_ms < next_ms)) {
            next_ms = slot->due_ms;
        }
    }
    return next_ms < 0 ? -1 : (int)pl_i64_max(next_ms - net->now_ms, 0);
}

static void env_wake(void *user)
{
    struct net *net = user;
    net->is_awake = true;
}

static int env_fd(void *user)
{
    (void)user;
    return -1;
}

static int env_lookup(void *user, struct pl_client_lookup *lookup, struct pl_str host,
                      uint16_t port, struct pl_error *err)
{
    struct net *net = user;
    (void)host;
    (void)err;
    for (size_t i = 0; i < NET_LOOKUPS_MAX; i++) {
        if (net->lookups[i].lookup == NULL) {
            net->lookups[i] = (struct net_lookup){lookup, net->now_ms + net_delay(net), port};
            lookup->state = &net->lookups[i];
            return 0;
        }
    }
    return PL_E_NOMEM;
}

static void env_cancel_lookup(void *user, struct pl_client_lookup *lookup)
{
    struct net *net = user;
    for (size_t i = 0; i < NET_LOOKUPS_MAX; i++) {
        if (net->lookups[i].lookup == lookup) {
            net->lookups[i].lookup = NULL;
        }
    }
}

struct pl_client_env net_env(struct net *net)
{
    return (struct pl_client_env){
        .now_ms = env_now_ms,
        .unix_ms = env_unix_ms,
        .random = env_random,
        .connect = env_connect,
        .connected = env_connected,
        .read = env_read,
        .write = env_write,
        .close = env_close,
        .watch = env_watch,
        .wait = env_wait,
        .wait_ms = env_wait_ms,
        .wake = env_wake,
        .fd = env_fd,
        .lookup = env_lookup,
        .cancel_lookup = env_cancel_lookup,
        .user = net,
    };
}
