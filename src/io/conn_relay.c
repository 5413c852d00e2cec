/* Two connections, one struct. An end that reads faster than the other one writes is paused. */
#include "io/conn_relay.h"

#include "base/alloc.h"

#define UNSENT_MAX ((size_t)256 * 1024)

struct relay {
    struct pl_conn *ends[2]; /* NULL: over */
    struct pl_deferred free;
};

static size_t index_of(const struct relay *relay, const struct pl_conn *conn)
{
    return relay->ends[0] == conn ? 0 : 1;
}

static struct pl_conn *other_of(const struct pl_conn *conn)
{
    const struct relay *relay = conn->protocol_data;
    return relay->ends[1 - index_of(relay, conn)];
}

static size_t on_input(struct pl_conn *conn, struct pl_span in)
{
    struct pl_conn *other = other_of(conn);
    if (other != NULL) {
        pl_conn_write(other, pl_str_of_span(in));
    }
    if (other != NULL && other->sink.outq.bytes > UNSENT_MAX) {
        pl_conn_set_reading(conn, PL_CONN_PAUSED);
    }
    return in.len;
}

static void on_flushed(struct pl_conn *conn)
{
    struct pl_conn *other = conn->protocol_data == NULL ? NULL : other_of(conn);
    if (other != NULL) {
        pl_conn_set_reading(other, PL_CONN_READING);
    }
}

static void free_relay(struct pl_deferred *deferred)
{
    pl_free(PL_CONTAINER_OF(deferred, struct relay, free));
}

static void on_end(struct pl_conn *conn, enum pl_conn_end end)
{
    struct relay *relay = conn->protocol_data;
    size_t index = index_of(relay, conn);
    struct pl_conn *other = relay->ends[1 - index];
    (void)end;
    relay->ends[index] = NULL;
    if (other != NULL) {
        pl_conn_drain(other);
    } else {
        relay->free.run = free_relay;
        pl_loop_defer(conn->set->loop, &relay->free);
    }
}

static const struct pl_conn_protocol relay_protocol = {
    .on_input = on_input,
    .on_end = on_end,
    .on_flushed = on_flushed,
};

static void join(struct relay *relay, struct pl_conn *conn, size_t index)
{
    relay->ends[index] = conn;
    conn->protocol = &relay_protocol;
    conn->protocol_data = relay;
}

int pl_conn_relay(struct pl_conn *conn, int fd, struct pl_str first, struct pl_error *err)
{
    struct pl_conn *inner = NULL;
    int rc = pl_conn_open(&inner, conn->set, fd, &conn->peer, &relay_protocol, err);
    if (rc < 0) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
        return rc;
    }
    struct relay *relay = pl_alloc(sizeof(*relay));
    join(relay, conn, 0);
    join(relay, inner, 1);
    if (first.len > 0) {
        pl_conn_write(inner, first);
    }
    pl_conn_set_reading(conn, PL_CONN_READING);
    pl_conn_input_again(conn); /* what was kept of its input, and what TLS still holds */
    return 0;
}
