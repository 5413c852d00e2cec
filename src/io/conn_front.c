/* Bytes are looked at before they are taken, and taken when it is known whose they are. What is
 * incomplete is taken too and kept here, for the loop would tell again and again of bytes that stay
 * in the socket. */
#include "io/conn_front.h"

#include "base/alloc.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct front_conn {
    const struct pl_conn_front *front;
    struct pl_buf so_far; /* of the front; has no memory when all comes at once */
};

static ptrdiff_t receive(struct pl_conn *conn, uint8_t *out, size_t size, int flags)
{
    ssize_t got = recv(conn->watch.fd, out, size, flags);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? PL_E_AGAIN : PL_E_IO;
    }
    if (flags == 0) {
        pl_metrics_add(conn->set->metrics, PL_METRIC_NETWORK_BYTES_IN, got);
    }
    return got;
}

static void front_free(struct pl_conn *conn)
{
    struct front_conn *self = conn->transport_data;
    pl_buf_fini(&self->so_far);
    pl_free(self);
}

/* Go on behind the front. */
static ptrdiff_t leave(struct pl_conn *conn, struct pl_span out)
{
    const struct pl_conn_front *front = ((struct front_conn *)conn->transport_data)->front;
    front_free(conn);
    conn->transport = &pl_conn_plain;
    conn->transport_data = NULL;
    front->on_whole(conn, front->user);
    return conn->state == PL_CONN_OPEN ? conn->transport->read(conn, out) : PL_E_AGAIN;
}

static ptrdiff_t front_read(struct pl_conn *conn, struct pl_span out)
{
    struct front_conn *self = conn->transport_data;
    struct pl_buf *so_far = &self->so_far;
    size_t limit = pl_size_min(self->front->limit_bytes, out.len);
    size_t kept = so_far->len;
    ptrdiff_t there = 0;
    ptrdiff_t whole = 0;
    size_t taken = 0;
    if (conn->state == PL_CONN_DRAINING) {
        return receive(conn, out.ptr, out.len, 0);
    }
    there = kept < limit ? receive(conn, out.ptr + kept, limit - kept, MSG_PEEK) : PL_E_IO;
    if (there <= 0) {
        return there;
    }
    if (kept > 0) {
        memcpy(out.ptr, so_far->ptr, kept);
    }
    whole = self->front->read(conn, pl_str_make((const char *)out.ptr, kept + (size_t)there),
                              self->front->user);
    if (whole < 0) {
        return PL_E_IO;
    }
    taken = whole > 0 ? (size_t)whole - kept : (size_t)there;
    there = receive(conn, out.ptr + kept, taken, 0);
    if (there < 0 || (size_t)there < taken) {
        return PL_E_IO; /* they were there a moment ago */
    }
    if (whole > 0) {
        return leave(conn, out);
    }
    pl_buf_add(so_far, out.ptr + kept, taken);
    return pl_buf_failed(so_far) ? PL_E_NOMEM : PL_E_AGAIN;
}

/* Whoever has not said who it is gets no answer. */
static ptrdiff_t front_write(struct pl_conn *conn, const struct iovec *parts, size_t count)
{
    size_t len = 0;
    (void)conn;
    for (size_t i = 0; i < count; i++) {
        len += parts[i].iov_len;
    }
    return (ptrdiff_t)len;
}

static bool front_end(struct pl_conn *conn)
{
    shutdown(conn->watch.fd, SHUT_WR);
    return true;
}

static const struct pl_conn_transport front_transport = {
    .read = front_read,
    .write = front_write,
    .end = front_end,
    .free = front_free,
};

void pl_conn_front_start(struct pl_conn *conn, const struct pl_conn_front *front)
{
    struct front_conn *self = pl_alloc(sizeof(*self));
    self->front = front;
    pl_buf_init(&self->so_far, front->limit_bytes);
    conn->transport = &front_transport;
    conn->transport_data = self;
}

bool pl_conn_front_is_awaited(const struct pl_conn *conn)
{
    return conn->transport == &front_transport;
}
