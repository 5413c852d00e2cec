/* A listener: accepts in batches, and refuses quickly what it cannot take. */
#include "io/listener.h"

#include "base/alloc.h"
#include "net/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_PER_TURN 128
#define FULL_LOG_PERIOD_MS 10000
#define SWALLOW_READS 4 /* of 4 KiB: more than a request head */

static const char refusal[] = "HTTP/1.1 503 Service Unavailable\r\n"
                              "Content-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n";

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

static void refuse(struct pl_listener *listener, int fd, const char *reason, enum pl_metric metric)
{
    ssize_t written = send(fd, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)written; /* a courtesy */
    shutdown(fd, SHUT_WR);
    swallow(fd);
    close(fd);
    pl_metrics_add(listener->config.conns->metrics, metric, 1);
    pl_log_limited(listener->config.log, &listener->full_log,
                   pl_loop_now_ms(listener->config.conns->loop), PL_LOG_WARN, "conn.refused",
                   "reason=%s connections=%zu", reason, listener->config.conns->count);
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
        refuse(listener, fd, "open_files", PL_METRIC_REFUSED_OPEN_FILES);
    }
    listener->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool is_full(const struct pl_listener *listener)
{
    const struct pl_conn_source *source = listener->config.source;
    return listener->count_max > 0 && source != NULL &&
           atomic_load_explicit(&source->count, memory_order_relaxed) >= listener->count_max;
}

static void on_ready(struct pl_watch *watch, unsigned ready)
{
    struct pl_listener *listener = PL_CONTAINER_OF(watch, struct pl_listener, watch);
    struct pl_conn_set *conns = listener->config.conns;
    (void)ready;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct pl_address peer;
        int fd = pl_socket_accept(&peer, watch->fd);
        if (fd == PL_E_AGAIN) {
            return;
        }
        if (fd == PL_E_FULL) {
            refuse_without_descriptor(listener);
        } else if (fd >= 0 && conns->count_max > 0 && conns->count >= conns->count_max) {
            refuse(listener, fd, "connection_limit", PL_METRIC_REFUSED_CONNECTION_LIMIT);
        } else if (fd >= 0 && is_full(listener)) {
            refuse(listener, fd, "listener_limit", PL_METRIC_REFUSED_LISTENER_LIMIT);
        } else if (fd >= 0) {
            listener->config.on_accept(listener->config.user, fd, &peer);
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
