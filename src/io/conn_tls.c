/* TLS on a connection: the adapter works in memory, this file moves its bytes. A connection holds
 * ciphertext only while the socket takes no more; records are made one at a time, so that a slow
 * peer's messages stay in its queue, where they are counted. */
#include "io/conn_tls.h"

#include "base/alloc.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define CIPHERTEXT_BYTES                                                                           \
    ((size_t)64 * 1024) /* plaintext is shorter, so the loop's buffer has room */
#define BAD_PEERS_PERIOD_MS 10000
#define BAD_PEERS_BURST 10

/* One connection after another uses it. */
struct pl_conn_tls_memory {
    struct pl_log_limit bad_peers;
    uint8_t *ciphertext; /* what one read call brought */
    uint8_t *record;     /* frames gathered for encryption */
    struct pl_buf spare; /* memory of an output buffer that is empty */
};

struct conn_tls {
    const struct pl_conn_tls *shared;
    struct pl_tls *tls;
    bool is_ready; /* the handshake was counted */
};

/* --- what the connections of a loop share --- */

static struct pl_conn_tls_memory *memory_of(const struct pl_conn *conn)
{
    struct pl_conn_tls_memory *memory = conn->set->tls;
    if (memory == NULL) {
        memory = pl_alloc(sizeof(*memory));
        *memory = (struct pl_conn_tls_memory){
            .bad_peers = {.period_ms = BAD_PEERS_PERIOD_MS, .burst = BAD_PEERS_BURST},
            .ciphertext = pl_alloc(CIPHERTEXT_BYTES),
            .record = pl_alloc(PL_TLS_RECORD_BYTES),
        };
        conn->set->tls = memory;
    }
    return memory;
}

void pl_conn_tls_memory_destroy(struct pl_conn_tls_memory *memory)
{
    if (memory != NULL) {
        pl_free(memory->ciphertext);
        pl_free(memory->record);
        pl_buf_fini(&memory->spare);
        pl_free(memory);
    }
}

/* --- reading --- */

static ptrdiff_t receive(struct pl_conn *conn, uint8_t *out, size_t size)
{
    ssize_t got = recv(conn->watch.fd, out, size, 0);
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? PL_E_AGAIN : PL_E_IO;
    }
    pl_metrics_add(conn->set->metrics, PL_METRIC_NETWORK_BYTES_IN, got);
    return got;
}

static void on_ready(struct pl_conn *conn, struct conn_tls *self)
{
    self->is_ready = true;
    pl_metrics_add(conn->set->metrics,
                   pl_tls_is_resumed(self->tls) ? PL_METRIC_TLS_HANDSHAKES_RESUMED
                                                : PL_METRIC_TLS_HANDSHAKES_FULL,
                   1);
}

static void on_bad_peer(struct pl_conn *conn, struct conn_tls *self, const struct pl_error *err)
{
    char ip[PL_ADDRESS_TEXT_MAX];
    struct pl_metrics *metrics = conn->set->metrics;
    pl_metrics_add(metrics,
                   self->is_ready ? PL_METRIC_ERROR_TLS_RECORD : PL_METRIC_ERROR_TLS_HANDSHAKE, 1);
    if (!pl_log_limited(self->shared->log, &memory_of(conn)->bad_peers,
                        pl_loop_now_ms(conn->set->loop), PL_LOG_INFO, "tls.failed",
                        "ip=%s reason=\"%s\"", pl_address_format_host(ip, &conn->peer),
                        err->text)) {
        pl_metrics_add(metrics, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}

/* What the adapter makes of `in`, as a transport tells it. */
static ptrdiff_t decrypt(struct pl_conn *conn, struct pl_str in, struct pl_span out)
{
    struct conn_tls *self = conn->transport_data;
    struct pl_error err = {0};
    ptrdiff_t got = pl_tls_read(self->tls, &in, out, &err);
    if (!self->is_ready && pl_tls_is_ready(self->tls)) {
        on_ready(conn, self);
    }
    conn->has_unsent = pl_tls_out(self->tls)->len > 0;
    conn->reads_again = got > 0 && pl_tls_has_ended(self->tls);
    if (got == PL_E_PROTO) {
        on_bad_peer(conn, self, &err);
    }
    if (got == 0) {
        return PL_E_AGAIN;
    }
    return got == PL_E_CLOSED ? 0 : got;
}

static ptrdiff_t tls_read(struct pl_conn *conn, struct pl_span out)
{
    const struct conn_tls *self = conn->transport_data;
    uint8_t *ciphertext = memory_of(conn)->ciphertext;
    ptrdiff_t got = 0;
    if (conn->state == PL_CONN_DRAINING) { /* dropped: nobody needs to know what it says */
        return receive(conn, ciphertext, CIPHERTEXT_BYTES);
    }
    if (conn->reads_again) {
        return decrypt(conn, PL_STR(""), out);
    }
    if (!self->is_ready && conn->set->handshakes_left == 0) {
        pl_conn_input_again(conn); /* the next turn has steps again */
        return PL_E_AGAIN;
    }
    got = receive(conn, ciphertext, CIPHERTEXT_BYTES);
    if (got <= 0) {
        return got;
    }
    if (!self->is_ready) {
        conn->set->handshakes_left--;
    }
    return decrypt(conn, pl_str_make((const char *)ciphertext, (size_t)got), out);
}

/* --- writing --- */

/* Where we are in the parts of a gather write. */
struct cursor {
    const struct iovec *parts;
    size_t count;
    size_t skip; /* of the first */
};

/* The next plaintext, up to a record's size: a part that is long enough as it is, several gathered
 * in `record`. Empty at the end. */
static struct pl_str next_record(struct cursor *at, uint8_t *record)
{
    size_t len = 0;
    while (at->count > 0 && len < PL_TLS_RECORD_BYTES) {
        const char *from = (const char *)at->parts->iov_base + at->skip;
        size_t left = at->parts->iov_len - at->skip;
        size_t taken = pl_size_min(left, PL_TLS_RECORD_BYTES - len);
        bool is_alone = len == 0 && taken == PL_TLS_RECORD_BYTES;
        if (!is_alone && taken > 0) {
            memcpy(record + len, from, taken);
        }
        len += taken;
        at->skip += taken;
        if (taken == left) {
            at->parts++;
            at->count--;
            at->skip = 0;
        }
        if (is_alone) {
            return pl_str_make(from, len);
        }
    }
    return pl_str_make((const char *)record, len);
}

/* A buffer is needed for a moment by one connection after another: they hand one around. */
static void lend_memory(struct pl_conn_tls_memory *memory, struct pl_buf *out)
{
    if (out->cap == 0) {
        struct pl_buf empty = *out;
        *out = memory->spare;
        out->limit_bytes = empty.limit_bytes;
        memory->spare = empty;
    }
}

static void give_memory_back(struct pl_conn_tls_memory *memory, struct pl_buf *out)
{
    if (out->len > 0 || pl_buf_failed(out)) {
        return;
    }
    if (memory->spare.cap == 0) {
        struct pl_buf empty = memory->spare;
        memory->spare = *out;
        *out = empty;
        out->limit_bytes = memory->spare.limit_bytes;
    } else {
        pl_buf_fini(out);
    }
}

/* Send ciphertext. Returns 0 when all is gone, PL_E_AGAIN or PL_E_IO. */
static int send_out(struct pl_conn *conn, struct pl_buf *out)
{
    while (out->len > 0) {
        ssize_t sent = send(conn->watch.fd, out->ptr, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return errno == EAGAIN ? PL_E_AGAIN : PL_E_IO;
        }
        pl_metrics_add(conn->set->metrics, PL_METRIC_NETWORK_BYTES_OUT, sent);
        pl_buf_consume(out, (size_t)sent);
    }
    return 0;
}

/* Encrypt and send, record by record, until the parts end or the socket takes no more. */
static int write_records(size_t *taken, struct pl_conn *conn, struct cursor *at)
{
    struct conn_tls *self = conn->transport_data;
    struct pl_buf *out = pl_tls_out(self->tls);
    int rc = 0;
    do {
        struct pl_str plain = {0};
        if (out->len < PL_TLS_RECORD_BYTES) {
            plain = next_record(at, memory_of(conn)->record);
            *taken += plain.len;
            rc = pl_tls_write(self->tls, plain, NULL);
            if (rc == PL_E_NOMEM || rc == PL_E_PROTO) {
                return rc;
            } /* what cannot be said any more, or not yet, is dropped */
        }
        rc = send_out(conn, out);
    } while (rc == 0 && at->count > 0);
    return rc;
}

static ptrdiff_t tls_write(struct pl_conn *conn, const struct iovec *parts, size_t count)
{
    struct conn_tls *self = conn->transport_data;
    struct cursor at = {parts, count, 0};
    size_t taken = 0;
    int rc = 0;
    lend_memory(memory_of(conn), pl_tls_out(self->tls));
    rc = write_records(&taken, conn, &at);
    conn->has_unsent = rc == PL_E_AGAIN;
    give_memory_back(memory_of(conn), pl_tls_out(self->tls));
    if (rc < 0 && (rc != PL_E_AGAIN || taken == 0)) {
        return rc;
    }
    return (ptrdiff_t)taken;
}

/* --- the end --- */

static bool tls_end(struct pl_conn *conn)
{
    struct conn_tls *self = conn->transport_data;
    pl_tls_close(self->tls);
    if (tls_write(conn, NULL, 0) == PL_E_AGAIN) {
        return false;
    }
    shutdown(conn->watch.fd, SHUT_WR);
    return true;
}

static void tls_free(struct pl_conn *conn)
{
    struct conn_tls *self = conn->transport_data;
    pl_tls_destroy(self->tls);
    pl_free(self);
}

static const struct pl_conn_transport tls_transport = {
    .read = tls_read,
    .write = tls_write,
    .end = tls_end,
    .free = tls_free,
    .is_secure = true,
};

int pl_conn_tls_start(struct pl_conn *conn, const struct pl_conn_tls *shared, struct pl_error *err)
{
    struct pl_tls *tls = NULL;
    struct conn_tls *self = NULL;
    int rc = pl_tls_create(&tls, shared->context, err);
    if (rc < 0) {
        pl_conn_close(conn, PL_CONN_END_ERROR);
        return rc;
    }
    self = pl_alloc(sizeof(*self));
    self->shared = shared;
    self->tls = tls;
    conn->transport = &tls_transport;
    conn->transport_data = self;
    return 0;
}
