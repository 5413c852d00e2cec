/* A listener: accepts in batches, and refuses quickly what it cannot take. */
#include "io/listener.h"

#include "base/alloc.h"
#include "net/peers.h"
#include "net/socket.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 32
#define FULL_LOG_PERIOD_MS 10000
#define SWALLOW_READS 4 /* of 4 KiB: more than a request head */

#define REFUSAL_HEADERS "Content-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"

struct refusal {
    const char *reason;
    enum pl_metric metric;
    const char *answer;
};

static const char unavailable[] = "HTTP/1.1 503 Service Unavailable\r\n" REFUSAL_HEADERS;
static const char too_many[] = "HTTP/1.1 429 Too Many Requests\r\n" REFUSAL_HEADERS;

static const struct refusal no_files = {"open_files", PL_METRIC_REFUSED_OPEN_FILES, unavailable};
static const struct refusal set_is_full = {"connection_limit", PL_METRIC_REFUSED_CONNECTION_LIMIT,
                                           unavailable};
static const struct refusal listener_is_full = {"listener_limit", PL_METRIC_REFUSED_LISTENER_LIMIT,
                                                unavailable};
static const struct refusal address_is_full = {"address_connections",
                                               PL_METRIC_REFUSED_ADDRESS_CONNECTIONS, too_many};
static const struct refusal address_is_fast = {"address_rate", PL_METRIC_REFUSED_ADDRESS_RATE,
                                               too_many};

struct pl_listener {
    struct pl_listener_config config;
    struct pl_watch watch;
    size_t count_max; /* of its own; 0: none */
    int reserve_fd; /* given up for a moment when descriptors run out, to refuse instead of hang */
    struct pl_log_limit full_log;
};

/* Take what has arrived: closing a socket with unread input would throw the refusal away. */
static void swallow(int fd)
{
    char bytes[4096];
    for (int i = 0; i < SWALLOW_READS && recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0; i++) {
    }
}

/* Behind TLS nothing is said: who expects a handshake cannot read it, and one would cost more than
 * all the rest. */
static void say(const struct pl_listener *listener, int fd, const char *answer)
{
    if (!listener->config.is_secure) {
        ssize_t written = send(fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)written; /* a courtesy */
    }
}

static void refuse(struct pl_listener *listener, int fd, const struct pl_address *peer,
                   const struct refusal *refusal)
{
    struct pl_conn_set *conns = listener->config.conns;
    char ip[PL_ADDRESS_TEXT_MAX];
    say(listener, fd, refusal->answer);
    shutdown(fd, SHUT_WR);
    swallow(fd);
    close(fd);
    pl_metrics_add(conns->metrics, refusal->metric, 1);
    if (!pl_log_limited(listener->config.log, &listener->full_log, pl_loop_now_ms(conns->loop),
                        PL_LOG_WARN, "conn.refused", "reason=%s ip=%s connections=%zu",
                        refusal->reason, pl_address_format_host(ip, peer), conns->count)) {
        pl_metrics_add(conns->metrics, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}

/* No descriptor is left: the reserve one makes room for a refusal. */
static void refuse_without_descriptor(struct pl_listener *listener)
{
    struct pl_address peer;
    int fd = -1;
    if (listener->reserve_fd >= 0) {
        close(listener->reserve_fd);
    }
    fd = pl_socket_accept(&peer, listener->watch.fd);
    if (fd >= 0) {
        refuse(listener, fd, &peer, &no_files);
    }
    listener->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool is_full(const struct pl_listener *listener)
{
    const struct pl_conn_source *source = listener->config.source;
    return listener->count_max > 0 && source != NULL &&
           atomic_load_explicit(&source->count, memory_order_relaxed) >= listener->count_max;
}

/* Why a newcomer cannot stay; NULL when it can. */
static const struct refusal *find_refusal(const struct pl_listener *listener,
                                          const struct pl_address *peer)
{
    const struct pl_conn_set *conns = listener->config.conns;
    if (conns->count_max > 0 && conns->count >= conns->count_max) {
        return &set_is_full;
    }
    if (is_full(listener)) {
        return &listener_is_full;
    }
    if (conns->peers == NULL) {
        return NULL;
    }
    switch (pl_peers_admit(conns->peers, peer, pl_loop_now_ms(conns->loop))) {
    case PL_PEERS_ADMITTED:
        return NULL;
    case PL_PEERS_TOO_MANY:
        return &address_is_full;
    case PL_PEERS_TOO_FAST:
        return &address_is_fast;
    }
    return NULL;
}

static void take_or_refuse(struct pl_listener *listener, int fd, const struct pl_address *peer)
{
    const struct refusal *refusal = find_refusal(listener, peer);
    if (refusal != NULL) {
        refuse(listener, fd, peer, refusal);
    } else {
        listener->config.on_accept(listener->config.user, fd, peer);
    }
}

static void on_ready(struct pl_watch *watch, unsigned ready)
{
    struct pl_listener *listener = PL_CONTAINER_OF(watch, struct pl_listener, watch);
    (void)ready;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct pl_address peer;
        int fd = pl_socket_accept(&peer, watch->fd);
        if (fd == PL_E_AGAIN) {
            return;
        }
        if (fd == PL_E_FULL) {
            refuse_without_descriptor(listener);
        } else if (fd >= 0) {
            take_or_refuse(listener, fd, &peer);
        }
    }
}

int pl_listener_create(struct pl_listener **out, const struct pl_listener_config *config,
                       struct pl_error *err)
{
    struct pl_listener *listener = pl_alloc(sizeof(*listener));
    int rc = 0;
    listener->config = *config;
    listener->full_log = (struct pl_log_limit){.period_ms = FULL_LOG_PERIOD_MS, .burst = 1};
    listener->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    listener->watch = (struct pl_watch){.fd = config->fd, .on_ready = on_ready};
    rc = pl_watch_start(config->conns->loop, &listener->watch, PL_READY_READ, err);
    if (rc < 0) {
        pl_listener_destroy(listener);
        return rc;
    }
    *out = listener;
    return 0;
}

void pl_listener_destroy(struct pl_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    if (listener->watch.fd >= 0) {
        pl_watch_stop(listener->config.conns->loop, &listener->watch);
        close(listener->watch.fd);
    }
    if (listener->reserve_fd >= 0) {
        close(listener->reserve_fd);
    }
    pl_free(listener);
}

void pl_listener_set_limit(struct pl_listener *listener, size_t count_max)
{
    listener->count_max = count_max;
}

int pl_listener_fd(const struct pl_listener *listener)
{
    return listener->watch.fd;
}
