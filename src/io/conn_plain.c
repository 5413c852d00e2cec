/* Plain sockets: the transport that adds nothing. */
#include "io/conn_internal.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

static ptrdiff_t plain_read(struct pl_conn *conn, struct pl_span out)
{
    ssize_t got = recv(conn->watch.fd, out.ptr, out.len, 0);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? PL_E_AGAIN : PL_E_IO;
    }
    pl_metrics_add(conn->set->metrics, PL_METRIC_NETWORK_BYTES_IN, got);
    return got;
}

static ptrdiff_t plain_write(struct pl_conn *conn, const struct iovec *parts, size_t count)
{
    /* sendmsg writes nothing there, whatever its type says */
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};
    ssize_t sent = 0;
    do {
        sent = sendmsg(conn->watch.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN ? PL_E_AGAIN : PL_E_IO;
    }
    pl_metrics_add(conn->set->metrics, PL_METRIC_NETWORK_BYTES_OUT, sent);
    return sent;
}

static bool plain_end(struct pl_conn *conn)
{
    shutdown(conn->watch.fd, SHUT_WR);
    return true;
}

const struct pl_conn_transport pl_conn_plain = {
    .read = plain_read,
    .write = plain_write,
    .end = plain_end,
};
