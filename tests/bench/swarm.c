/* Many connections on one level-triggered epoll. Reading goes through one large buffer: what a
 * client left incomplete the last time is put in front of what it sends now. */
#include "swarm.h"

#include "base/alloc.h"
#include "packed.h"
#include "proc.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    INPUT_BYTES = 256 * 1024,
    EVENTS_PER_WAIT = 512,
    UNDER_WAY_MAX = 96, /* well below the listen backlog of any server, 511 on Node */
};

int pl_swarm_init(struct pl_swarm *swarm, const struct pl_swarm_way *way, size_t capacity,
                  struct pl_error *err)
{
    *swarm = (struct pl_swarm){.way = *way, .capacity = capacity};
    swarm->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (swarm->epoll_fd < 0) {
        return pl_error_set(err, PL_E_IO, "epoll_create1: %s", strerror(errno));
    }
    swarm->tls = way->is_secure ? pl_load_tls_context_create() : NULL;
    if (way->is_secure && swarm->tls == NULL) {
        close(swarm->epoll_fd);
        return pl_error_set(err, PL_E_IO, "no TLS");
    }
    swarm->clients = pl_alloc_array(capacity, sizeof(swarm->clients[0]));
    swarm->input = pl_alloc(INPUT_BYTES);
    swarm->packed = pl_load_packed_create();
    return 0;
}

void pl_swarm_fini(struct pl_swarm *swarm)
{
    if (swarm->clients == NULL) {
        return;
    }
    for (size_t i = 0; i < swarm->opened_count; i++) {
        pl_load_client_close(&swarm->clients[i]);
    }
    close(swarm->epoll_fd);
    pl_free(swarm->clients);
    pl_free(swarm->input);
    pl_load_packed_destroy(swarm->packed);
    pl_load_tls_context_destroy(swarm->tls);
    swarm->clients = NULL;
}

static void fail_client(struct pl_swarm *swarm, struct pl_load_client *client,
                        const struct pl_error *err)
{
    if (client->state == PL_LOAD_IDENTIFIED) {
        swarm->identified_count--;
    }
    if (swarm->failed_count++ == 0) {
        swarm->first_error = *err;
    }
    pl_load_client_close(client);
}

static void lose_client(struct pl_swarm *swarm, struct pl_load_client *client, const char *why)
{
    struct pl_error err = {0};
    (void)pl_error_set(&err, PL_E_IO, "%s", why);
    fail_client(swarm, client, &err);
}

/* Ask for EPOLLOUT exactly while something is unsent. */
static void flush_client(struct pl_swarm *swarm, struct pl_load_client *client)
{
    if (pl_load_client_flush(client) < 0) {
        lose_client(swarm, client, "connection lost while sending");
        return;
    }
    bool wants_writable = client->out.len > 0;
    if (wants_writable == client->wants_writable) {
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | (wants_writable ? (uint32_t)EPOLLOUT : 0u),
                                .data.ptr = client};
    client->wants_writable = wants_writable;
    (void)epoll_ctl(swarm->epoll_fd, EPOLL_CTL_MOD, client->fd, &event);
}

void pl_swarm_send(struct pl_swarm *swarm, struct pl_load_client *client, struct pl_str message)
{
    if (client->state != PL_LOAD_CLOSED) {
        pl_load_client_queue(client, message);
        flush_client(swarm, client);
    }
}

static void mark_identified(struct pl_swarm *swarm, struct pl_load_client *client)
{
    client->state = PL_LOAD_IDENTIFIED;
    swarm->identified_count++;
    swarm->last_identified_ns = pl_proc_now_ns();
}

static struct pl_str greeting_of(const struct pl_swarm *swarm, const struct pl_load_client *client)
{
    size_t index = (size_t)(client - swarm->clients);
    const struct pl_swarm_way *way = &swarm->way;
    return index < way->logins.count ? way->logins.items[index].greeting : way->dialect->greeting;
}

static int handle_message(struct pl_swarm *swarm, struct pl_load_client *client,
                          struct pl_str message, struct pl_error *err)
{
    const struct pl_load_dialect *dialect = swarm->way.dialect;
    enum pl_load_event event = dialect->classify(message);
    switch (event) {
    case PL_LOAD_OTHER:
        break;
    case PL_LOAD_GREETED:
        pl_load_client_queue(client, greeting_of(swarm, client));
        break;
    case PL_LOAD_READY:
        if (client->state == PL_LOAD_OPEN) {
            mark_identified(swarm, client);
        }
        break;
    case PL_LOAD_PING:
        pl_load_client_queue(client, dialect->pong);
        break;
    case PL_LOAD_ECHO:
    case PL_LOAD_BROADCAST:
        if (swarm->on_message != NULL) {
            swarm->on_message(swarm->user, client, event, message);
        }
        break;
    case PL_LOAD_REFUSED:
        return pl_error_set(err, PL_E_DENIED, "refused: " PL_STR_FMT,
                            PL_STR_ARG(pl_str_first(message, 80)));
    }
    return 0;
}

/* The next thing at the front of `in`.
 * Returns the bytes consumed, 0 for more, or the reason to close. */
static ptrdiff_t handle_front(struct pl_swarm *swarm, struct pl_load_client *client,
                              struct pl_str in, struct pl_error *err)
{
    struct pl_str message;
    bool is_compressed = false;
    if (client->state == PL_LOAD_ASKING) {
        return pl_load_client_read_ticket(client, in, err);
    }
    if (client->state == PL_LOAD_UPGRADING) {
        ptrdiff_t used = pl_load_client_read_upgrade(in, err);
        if (used > 0) {
            client->state = PL_LOAD_OPEN;
            if (swarm->way.dialect->is_ready_at_once) {
                mark_identified(swarm, client);
            }
        }
        return used;
    }
    ptrdiff_t used = pl_load_client_read(client, &message, &is_compressed, in, err);
    if (used > 0 && message.ptr != NULL) {
        int rc = is_compressed ? pl_load_packed_read(swarm->packed, &message, err) : 0;
        rc = rc < 0 ? rc : handle_message(swarm, client, message, err);
        return rc < 0 ? rc : used;
    }
    return used;
}

static void handle_input(struct pl_swarm *swarm, struct pl_load_client *client, struct pl_str in)
{
    struct pl_error err = {0};
    while (in.len > 0) {
        ptrdiff_t used = handle_front(swarm, client, in, &err);
        if (used < 0) {
            fail_client(swarm, client, &err);
            return;
        }
        if (used == 0) {
            break;
        }
        in = pl_str_from(in, (size_t)used);
    }
    pl_buf_clear(&client->in);
    pl_buf_add_str(&client->in, in);
    if (client->out.len > 0) {
        flush_client(swarm, client);
    }
}

/* Returns whether something came. */
static bool read_once(struct pl_swarm *swarm, struct pl_load_client *client)
{
    size_t kept = client->in.len;
    if (kept >= INPUT_BYTES) {
        lose_client(swarm, client, "a message that is too long for the load generator");
        return false;
    }
    memcpy(swarm->input, kept > 0 ? client->in.ptr : swarm->input, kept);
    ssize_t got = pl_load_client_receive(client, swarm->input + kept, INPUT_BYTES - kept);
    if (got < 0 && errno == EAGAIN) {
        return false;
    }
    if (got <= 0) {
        lose_client(swarm, client, got == 0 ? "closed by the server" : strerror(errno));
        return false;
    }
    handle_input(swarm, client, pl_str_make((const char *)swarm->input, kept + (size_t)got));
    return true;
}

static void read_client(struct pl_swarm *swarm, struct pl_load_client *client)
{
    bool has_more = read_once(swarm, client);
    while (has_more && client->tls != NULL) { /* records that were read ahead wake nobody */
        has_more = read_once(swarm, client);
    }
    if (client->tls != NULL && client->out.len > 0) {
        flush_client(swarm, client); /* what waited for the handshake */
    }
}

size_t pl_swarm_pump(struct pl_swarm *swarm, int timeout_ms)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    int count = epoll_wait(swarm->epoll_fd, events, EVENTS_PER_WAIT, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct pl_load_client *client = events[i].data.ptr;
        if ((events[i].events & EPOLLOUT) != 0) {
            flush_client(swarm, client);
        }
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0 && client->state != PL_LOAD_CLOSED) {
            read_client(swarm, client);
        }
    }
    return count < 0 ? 0 : (size_t)count;
}

static void open_next(struct pl_swarm *swarm)
{
    struct pl_error err = {0};
    const struct pl_swarm_way *way = &swarm->way;
    size_t index = swarm->opened_count++;
    struct pl_load_client *client = &swarm->clients[index];
    struct sockaddr_in target = way->server;
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index % way->source_count));
    target.sin_addr.s_addr = htonl(ntohl(target.sin_addr.s_addr) +
                                   (uint32_t)(index / way->source_count % way->target_count));
    const char *path =
        index < way->logins.count ? way->logins.items[index].target : way->dialect->target;
    if (pl_load_client_open(client, &source, &target, path, way->head, &way->link, swarm->tls,
                            &err) < 0) {
        fail_client(swarm, client, &err);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(swarm->epoll_fd, EPOLL_CTL_ADD, client->fd, &event) != 0) {
        lose_client(swarm, client, "epoll_ctl failed");
        return;
    }
    flush_client(swarm, client);
}

static size_t under_way(const struct pl_swarm *swarm)
{
    return swarm->opened_count - swarm->identified_count - swarm->failed_count;
}

bool pl_swarm_open_some(struct pl_swarm *swarm, size_t target_count)
{
    target_count = pl_size_min(target_count, swarm->capacity);
    while (swarm->opened_count < target_count && under_way(swarm) < UNDER_WAY_MAX) {
        open_next(swarm);
    }
    return swarm->opened_count >= target_count && under_way(swarm) == 0;
}

int pl_swarm_open_all(struct pl_swarm *swarm, size_t target_count, int64_t deadline_ns,
                      struct pl_error *err)
{
    while (!pl_swarm_open_some(swarm, target_count)) {
        if (pl_proc_now_ns() > deadline_ns) {
            return pl_error_set(err, PL_E_TIMEOUT, "%zu of %zu connections are open",
                                swarm->identified_count, target_count);
        }
        pl_swarm_pump(swarm, 100);
    }
    if (swarm->failed_count > 0) {
        *err = swarm->first_error;
        return PL_E_IO;
    }
    return 0;
}

/* Names and numbers, as in the JSON of applications: zlib makes about a third of them. */
static void fill_with_words(char *out, size_t len)
{
    static const char *const words[] = {"id ",    "name ",  "position ", "player ", "true ",
                                        "score ", "level ", "message ",  "null ",   "created "};
    uint32_t state = 1;
    for (size_t at = 0; at < len;) {
        char item[32];
        state = state * 1664525u + 1013904223u;
        snprintf(item, sizeof(item), "%s%u ", words[(state >> 24) % PL_ARRAY_LEN(words)],
                 (unsigned)(state >> 16 & 1023));
        size_t part = pl_size_min(strlen(item), len - at);
        memcpy(out + at, item, part);
        at += part;
    }
}

char *pl_swarm_message_create(const struct pl_load_shape *shape, size_t size, char fill)
{
    size_t least = shape->head.len + shape->tail.len;
    size_t len = pl_size_max(size, least);
    char *message = pl_alloc(len + 1);
    if (fill == PL_SWARM_FILL_WORDS) {
        fill_with_words(message, len);
    } else {
        memset(message, fill, len);
    }
    memcpy(message, shape->head.ptr, shape->head.len);
    memcpy(message + len - shape->tail.len, shape->tail.ptr, shape->tail.len);
    return message;
}
