/* The world as it is: epoll, which names lookup and wakes share with the sockets. */
#include "client/env_system.h"

#include "base/alloc.h"
#include "base/env.h"
#include "client/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 64

struct system {
    int epoll_fd;
    int wake_fd; /* an eventfd; epoll has the system's own address for it */
    struct pl_resolver *resolver;
};

static int64_t system_now_ms(void *user)
{
    (void)user;
    return pl_clock_monotonic_ms();
}

static int64_t system_unix_ms(void *user)
{
    (void)user;
    return pl_clock_unix_us() / 1000;
}

static void system_random(void *user, void *out, size_t size)
{
    (void)user;
    pl_random_bytes(out, size);
}

/* --- sockets --- */

static int fail_socket(struct pl_error *err, int error)
{
    int code = PL_E_IO;
    if (error == EACCES || error == EPERM) {
        code = PL_E_DENIED;
    } else if (error == EMFILE || error == ENFILE) {
        code = PL_E_FULL;
    } else if (error == ENOMEM || error == ENOBUFS) {
        code = PL_E_NOMEM;
    }
    return pl_error_set(err, code, "%s", strerror(error));
}

static int system_connect(void *user, const struct pl_address *to, struct pl_error *err)
{
    struct sockaddr_storage sockaddr;
    socklen_t len = pl_address_to_sockaddr(&sockaddr, to);
    int on = 1;
    int fd = socket(sockaddr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)user;
    if (fd < 0) {
        return fail_socket(err, errno);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* slower without, but it works */
    if (connect(fd, (const struct sockaddr *)&sockaddr, len) < 0 && errno != EINPROGRESS &&
        errno != EINTR) {
        int error = errno;
        close(fd);
        return fail_socket(err, error);
    }
    return fd;
}

static int system_connected(void *user, int handle, struct pl_error *err)
{
    struct pollfd state = {.fd = handle, .events = POLLOUT};
    int error = 0;
    socklen_t len = sizeof(error);
    (void)user;
    if (poll(&state, 1, 0) == 0) {
        return PL_E_AGAIN;
    }
    if (getsockopt(handle, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
        error = errno;
    }
    return error == 0 ? 0 : pl_error_set(err, PL_E_IO, "%s", strerror(error));
}

static ptrdiff_t system_read(void *user, int handle, struct pl_span into, struct pl_error *err)
{
    ssize_t got = 0;
    int error = 0;
    (void)user;
    do {
        got = recv(handle, into.ptr, into.len, 0);
        error = errno;
    } while (got < 0 && error == EINTR);
    if (got >= 0) {
        return got;
    }
    return error == EAGAIN ? PL_E_AGAIN : pl_error_set(err, PL_E_IO, "%s", strerror(error));
}

static ptrdiff_t system_write(void *user, int handle, struct pl_str from, struct pl_error *err)
{
    ssize_t sent = 0;
    int error = 0;
    (void)user;
    do {
        sent = send(handle, from.ptr, from.len, MSG_NOSIGNAL);
        error = errno;
    } while (sent < 0 && error == EINTR);
    if (sent > 0) {
        return sent;
    }
    return sent == 0 || error == EAGAIN ? PL_E_AGAIN
                                        : pl_error_set(err, PL_E_IO, "%s", strerror(error));
}

static void system_close(void *user, int handle)
{
    const struct system *system = user;
    epoll_ctl(system->epoll_fd, EPOLL_CTL_DEL, handle, NULL); /* a forked child may keep it open */
    close(handle);
}

/* --- waiting --- */

static int system_watch(void *user, struct pl_client_watch *watch, unsigned wanted)
{
    const struct system *system = user;
    struct epoll_event event = {.data.ptr = watch};
    int how = watch->wanted == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    event.events |= (wanted & PL_WATCH_READ) != 0 ? (uint32_t)EPOLLIN : 0;
    event.events |= (wanted & PL_WATCH_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0;
    if (wanted != watch->wanted && epoll_ctl(system->epoll_fd, how, watch->handle, &event) < 0 &&
        how == EPOLL_CTL_ADD) {
        return PL_E_NOMEM;
    }
    watch->wanted = wanted;
    return 0;
}

static void clear_wake(const struct system *system)
{
    uint64_t count = 0;
    if (read(system->wake_fd, &count, sizeof(count)) < 0) {
        return; /* somebody else's wait took it */
    }
}

static unsigned from_epoll(uint32_t events)
{
    unsigned ready = 0;
    ready |= (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 ? PL_WATCH_READ : 0u;
    ready |= (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 ? PL_WATCH_WRITE : 0u;
    return ready;
}

static int system_wait_ms(void *user)
{
    const struct system *system = user;
    return pl_resolver_wait_ms(system->resolver);
}

static int system_wait(void *user, struct pl_client_ready *out, int max, int timeout_ms)
{
    struct system *system = user;
    struct epoll_event events[EVENTS_MAX];
    int due_ms = timeout_ms == 0 ? -1 : system_wait_ms(system);
    int count = 0;
    int ready_count = 0;
    if (due_ms >= 0 && (timeout_ms < 0 || due_ms < timeout_ms)) {
        timeout_ms = due_ms;
    }
    count = epoll_wait(system->epoll_fd, events, max < EVENTS_MAX ? max : EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) { /* none when a signal came */
        if (events[i].data.ptr == system) {
            clear_wake(system);
        } else if (pl_resolver_owns(events[i].data.u64)) {
            pl_resolver_on_ready(system->resolver, events[i].data.u64, events[i].events);
        } else {
            out[ready_count++] =
                (struct pl_client_ready){events[i].data.ptr, from_epoll(events[i].events)};
        }
    }
    pl_resolver_run(system->resolver);
    return ready_count;
}

static void system_wake(void *user)
{
    const struct system *system = user;
    uint64_t one = 1;
    ssize_t written = write(system->wake_fd, &one, sizeof(one));
    (void)written; /* it fails only when 2^64 wakes wait, and then it is awake */
}

static int system_fd(void *user)
{
    const struct system *system = user;
    return system->epoll_fd;
}

/* --- names --- */

static int system_lookup(void *user, struct pl_client_lookup *lookup, struct pl_str host,
                         uint16_t port, struct pl_error *err)
{
    const struct system *system = user;
    return pl_resolver_lookup(system->resolver, lookup, host, port, err);
}

static void system_cancel_lookup(void *user, struct pl_client_lookup *lookup)
{
    const struct system *system = user;
    pl_resolver_cancel(system->resolver, lookup);
}

/* --- life --- */

static void system_destroy(void *user)
{
    struct system *system = user;
    pl_resolver_destroy(system->resolver);
    if (system->wake_fd >= 0) {
        close(system->wake_fd);
    }
    if (system->epoll_fd >= 0) {
        close(system->epoll_fd);
    }
    pl_free(system);
}

static int open_descriptors(struct system *system, struct pl_error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = system};
    system->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    system->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (system->epoll_fd < 0 || system->wake_fd < 0 ||
        epoll_ctl(system->epoll_fd, EPOLL_CTL_ADD, system->wake_fd, &event) < 0) {
        return pl_error_set(err, PL_E_IO, "a client needs two descriptors: %s", strerror(errno));
    }
    return 0;
}

int pl_client_env_system_with(struct pl_client_env *out, const char *servers, struct pl_error *err)
{
    struct system *system = pl_try_alloc(sizeof(*system));
    int rc = 0;
    if (system == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a client");
    }
    *system = (struct system){.epoll_fd = -1, .wake_fd = -1};
    rc = open_descriptors(system, err);
    if (rc == 0) {
        rc = pl_resolver_create(&system->resolver, system->epoll_fd, servers);
    }
    if (rc < 0) {
        system_destroy(system);
        return rc;
    }
    *out = (struct pl_client_env){.now_ms = system_now_ms,
                                  .unix_ms = system_unix_ms,
                                  .random = system_random,
                                  .connect = system_connect,
                                  .connected = system_connected,
                                  .read = system_read,
                                  .write = system_write,
                                  .close = system_close,
                                  .watch = system_watch,
                                  .wait = system_wait,
                                  .wait_ms = system_wait_ms,
                                  .wake = system_wake,
                                  .fd = system_fd,
                                  .lookup = system_lookup,
                                  .cancel_lookup = system_cancel_lookup,
                                  .destroy = system_destroy,
                                  .user = system};
    return 0;
}

int pl_client_env_system(struct pl_client_env *out, struct pl_error *err)
{
    return pl_client_env_system_with(out, NULL, err);
}
