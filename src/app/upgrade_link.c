/* A stream socket keeps descriptors beside the first byte they were sent with, so that they are
 * here when their message is whole. */
#include "app/upgrade_link.h"

#include "base/env.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 * 1024)
#define IN_MAX (PL_HANDOVER_PAYLOAD_MAX + PL_HANDOVER_HEADER_BYTES + READ_BYTES)

void pl_upgrade_link_init(struct pl_upgrade_link *link, int fd)
{
    *link = (struct pl_upgrade_link){.fd = fd};
    pl_buf_init(&link->in, IN_MAX);
}

/* Forget the first `count` descriptors; those that nobody took are closed. */
static void drop_fds(struct pl_upgrade_link *link, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (link->fds[i] >= 0) {
            close(link->fds[i]);
        }
    }
    link->fd_count -= count;
    memmove(link->fds, link->fds + count, link->fd_count * sizeof(link->fds[0]));
}

void pl_upgrade_link_close(struct pl_upgrade_link *link)
{
    drop_fds(link, link->fd_count);
    link->fds_of_message = 0;
    pl_buf_fini(&link->in);
    link->read_bytes = 0;
    if (link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
    }
}

/* Returns 0 or PL_E_TIMEOUT. */
static int wait_for(const struct pl_upgrade_link *link, short events, int64_t deadline_ms,
                    struct pl_error *err)
{
    struct pollfd ready = {.fd = link->fd, .events = events};
    for (;;) {
        int64_t left_ms = deadline_ms - pl_clock_monotonic_ms();
        int wait_ms = deadline_ms < 0    ? -1
                      : left_ms <= 0     ? 0
                      : left_ms > 100000 ? 100000
                                         : (int)left_ms;
        int count = poll(&ready, 1, wait_ms);
        if (count > 0) {
            return 0;
        }
        if (count == 0 && left_ms <= 0 && deadline_ms >= 0) {
            return pl_error_set(err, PL_E_TIMEOUT, "the other process does not answer in time");
        }
    }
}

/* --- sending --- */

/* One try. Returns the bytes sent, 0 when there is no room, or an error. */
static ptrdiff_t send_some(const struct pl_upgrade_link *link, struct pl_str bytes, int fd,
                           struct pl_error *err)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.space = {0}};
    struct iovec part = {(void *)(uintptr_t)bytes.ptr, bytes.len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control.space);
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    }
    ssize_t sent = sendmsg(link->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
        return sent;
    }
    switch (errno) {
    case EAGAIN:
    case EINTR:
        return 0;
    case EPIPE:
    case ECONNRESET:
        return pl_error_set(err, PL_E_CLOSED, "the other process has gone");
    default:
        return pl_error_set(err, PL_E_IO, "hand-over: %s", strerror(errno));
    }
}

int pl_upgrade_link_send(struct pl_upgrade_link *link, struct pl_str messages, int fd,
                         int64_t deadline_ms, struct pl_error *err)
{
    while (messages.len > 0) {
        ptrdiff_t sent = send_some(link, messages, fd, err);
        int rc = sent == 0 ? wait_for(link, POLLOUT, deadline_ms, err) : 0;
        if (sent < 0 || rc < 0) {
            return sent < 0 ? (int)sent : rc;
        }
        if (sent > 0) {
            fd = -1; /* it has gone with the first byte */
        }
        messages = pl_str_from(messages, (size_t)sent);
    }
    return 0;
}

/* --- receiving --- */

static int keep_fds(struct pl_upgrade_link *link, struct msghdr *message, struct pl_error *err)
{
    int rc = (message->msg_flags & MSG_CTRUNC) != 0 ? PL_E_PROTO : 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd = -1;
            memcpy(&fd, CMSG_DATA(at) + i * sizeof(fd), sizeof(fd));
            if (link->fd_count < PL_UPGRADE_LINK_FDS_MAX) {
                link->fds[link->fd_count++] = fd;
            } else {
                close(fd);
                rc = PL_E_PROTO;
            }
        }
    }
    return rc < 0 ? pl_error_set(err, rc, "too many descriptors in the hand-over") : 0;
}

/* Read what is there. Returns 1, 0 when there is nothing, or an error. */
static int receive(struct pl_upgrade_link *link, struct pl_error *err)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * 8)];
    } control;
    if (!pl_buf_reserve(&link->in, READ_BYTES)) {
        return pl_error_set(err, PL_E_NOMEM, "out of memory");
    }
    struct iovec part = {link->in.ptr + link->in.len, READ_BYTES};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control.space)};
    ssize_t got = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (got < 0 && errno != ECONNRESET) {
        return pl_error_set(err, PL_E_IO, "hand-over: %s", strerror(errno));
    }
    if (got <= 0) {
        link->has_ended = true;
        return pl_error_set(err, PL_E_CLOSED, "the other process has gone");
    }
    link->in.len += (size_t)got;
    int rc = keep_fds(link, &message, err);
    return rc < 0 ? rc : 1;
}

/* A message that is here as a whole. Returns 1, 0 or an error. */
static int take_message(struct pl_handover_message *out, struct pl_upgrade_link *link,
                        struct pl_error *err)
{
    ptrdiff_t len =
        pl_handover_read(out, pl_str_from(pl_buf_str(&link->in), link->read_bytes), err);
    if (len <= 0) {
        return (int)len;
    }
    if (out->fd_count > link->fd_count) {
        return pl_error_set(err, PL_E_PROTO, "a descriptor of the hand-over is missing");
    }
    link->read_bytes += (size_t)len;
    link->fds_of_message = out->fd_count;
    return 1;
}

/* The last message is done with. */
static void let_go(struct pl_upgrade_link *link)
{
    drop_fds(link, link->fds_of_message);
    link->fds_of_message = 0;
}

int pl_upgrade_link_next(struct pl_handover_message *out, struct pl_upgrade_link *link,
                         struct pl_error *err)
{
    let_go(link);
    for (;;) {
        int rc = take_message(out, link, err);
        if (rc != 0) {
            return rc;
        }
        pl_buf_consume(&link->in, link->read_bytes);
        link->read_bytes = 0;
        rc = link->has_ended ? pl_error_set(err, PL_E_CLOSED, "the other process has gone")
                             : receive(link, err);
        if (rc <= 0) {
            return rc;
        }
    }
}

int pl_upgrade_link_wait(struct pl_handover_message *out, struct pl_upgrade_link *link,
                         int64_t deadline_ms, struct pl_error *err)
{
    for (;;) {
        int rc = pl_upgrade_link_next(out, link, err);
        if (rc == 0) {
            rc = wait_for(link, POLLIN, deadline_ms, err);
        }
        if (rc != 0) {
            return rc;
        }
    }
}

int pl_upgrade_link_take_fd(struct pl_upgrade_link *link)
{
    for (size_t i = 0; i < link->fds_of_message; i++) {
        int fd = link->fds[i];
        if (fd >= 0) {
            link->fds[i] = -1;
            return fd;
        }
    }
    return -1;
}
