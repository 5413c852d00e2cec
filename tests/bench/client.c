/* One connection of the load generator. Its masking key is constant, but not zero: a server may
 * skip the unmasking for a key of zeroes, and ws on Node does. */
#include "client.h"

#include "codec/ws_frame.h"
#include "codec/ws_mask.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    OUT_LIMIT_BYTES = 4 * 1024 * 1024, /* a server that stops reading must not eat our memory */
    IN_LIMIT_BYTES = 4 * 1024 * 1024,
};

static const uint8_t mask_key[PL_WS_KEY_BYTES] = {0x5b, 0xc3, 0x1e, 0xa7};

/* The key of RFC 6455 section 1.3, and its answer. */
#define UPGRADE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define UPGRADE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define UPGRADE_COMMON                                                                             \
    "Connection: Upgrade\r\n"                                                                      \
    "Upgrade: websocket\r\n"                                                                       \
    "Sec-WebSocket-Version: 13\r\n"                                                                \
    "Sec-WebSocket-Key: " UPGRADE_KEY "\r\n"                                                       \
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

static const char *const head_fields[] = {
    [PL_LOAD_HEAD_CHROMIUM] =
        "Pragma: no-cache\r\n"
        "Cache-Control: no-cache\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36\r\n"
        "Origin: http://127.0.0.1:7350\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\n"
        "Accept-Language: en-US,en;q=0.9\r\n" UPGRADE_COMMON,
    [PL_LOAD_HEAD_NODE] = UPGRADE_COMMON,
};

#define TICKET_PATH "ticket:"
#define TICKET_MEMBER "{\"ticket\":\""

static int fail_io(struct pl_error *err, const char *what, int code)
{
    return pl_error_set(err, PL_E_IO, "%s: %s", what, strerror(code));
}

/* Before connecting, when the window and the segments are agreed on. */
static void set_link(int fd, const struct pl_load_link *link)
{
    if (link->receive_bytes > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &link->receive_bytes, sizeof(int));
    }
    if (link->segment_bytes > 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &link->segment_bytes, sizeof(int));
    }
}

static int open_socket(int *out, const struct sockaddr_in *source, const struct sockaddr_in *target,
                       const struct pl_load_link *link, struct pl_error *err)
{
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return fail_io(err, "socket", errno);
    }
    set_link(fd, link);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* The port is chosen when connecting, so that only the whole 4-tuple must be free. */
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    int rc = 0;
    if (bind(fd, (const struct sockaddr *)source, sizeof(*source)) != 0) {
        rc = fail_io(err, "bind", errno);
    } else if (connect(fd, (const struct sockaddr *)target, sizeof(*target)) != 0 &&
               errno != EINPROGRESS) {
        rc = fail_io(err, "connect", errno);
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    *out = fd;
    return 0;
}

static void queue_upgrade(struct pl_load_client *client, const char *path)
{
    client->state = PL_LOAD_UPGRADING;
    pl_buf_addf(&client->out, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", path,
                head_fields[client->head]);
}

/* Of Talo's clients; the key is all of the path behind "ticket:". */
static void queue_ticket_request(struct pl_load_client *client, const char *key)
{
    client->state = PL_LOAD_ASKING;
    pl_buf_addf(
        &client->out,
        "POST /v1/socket-tickets HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n",
        key);
}

int pl_load_client_open(struct pl_load_client *client, const struct sockaddr_in *source,
                        const struct sockaddr_in *target, const char *path, enum pl_load_head head,
                        const struct pl_load_link *link, struct pl_load_tls_context *tls,
                        struct pl_error *err)
{
    int rc = open_socket(&client->fd, source, target, link, err);
    if (rc < 0) {
        return rc;
    }
    client->tls = tls == NULL ? NULL : pl_load_tls_create(tls, client->fd);
    if (tls != NULL && client->tls == NULL) {
        close(client->fd);
        return pl_error_set(err, PL_E_IO, "no TLS connection");
    }
    pl_buf_init(&client->in, IN_LIMIT_BYTES);
    pl_buf_init(&client->out, OUT_LIMIT_BYTES);
    client->head = head;
    client->received = 0;
    if (strncmp(path, TICKET_PATH, sizeof(TICKET_PATH) - 1) == 0) {
        queue_ticket_request(client, path + sizeof(TICKET_PATH) - 1);
    } else {
        queue_upgrade(client, path);
    }
    return 0;
}

void pl_load_client_close(struct pl_load_client *client)
{
    if (client->state == PL_LOAD_CLOSED) {
        return;
    }
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(client->fd);
    client->fd = -1;
    pl_load_tls_destroy(client->tls);
    client->tls = NULL;
    client->state = PL_LOAD_CLOSED;
    pl_buf_fini(&client->in);
    pl_buf_fini(&client->out);
}

static void queue_frame(struct pl_load_client *client, unsigned opcode, struct pl_str payload)
{
    uint8_t header[PL_WS_HEADER_MAX];
    size_t header_len = pl_ws_header_write(header, opcode, true, payload.len, mask_key);
    if (!pl_buf_reserve(&client->out, header_len + payload.len)) {
        return; /* has_failed: the flush reports it */
    }
    pl_buf_add(&client->out, header, header_len);
    pl_buf_add_str(&client->out, payload);
    struct pl_span body = {client->out.ptr + client->out.len - payload.len, payload.len};
    pl_ws_mask_apply(body, mask_key, 0);
}

void pl_load_client_queue(struct pl_load_client *client, struct pl_str message)
{
    queue_frame(client, PL_WS_TEXT, message);
}

int pl_load_client_flush(struct pl_load_client *client)
{
    struct pl_buf *out = &client->out;
    if (pl_buf_failed(out)) {
        return PL_E_IO;
    }
    ssize_t sent = out->len == 0         ? 0
                   : client->tls != NULL ? pl_load_tls_write(client->tls, out->ptr, out->len)
                                         : send(client->fd, out->ptr, out->len, MSG_NOSIGNAL);
    if (sent < 0) {
        return errno == EAGAIN ? 0 : PL_E_IO;
    }
    if ((size_t)sent == out->len) {
        pl_buf_clear(out);
    } else {
        pl_buf_consume(out, (size_t)sent);
    }
    return 0;
}

ssize_t pl_load_client_receive(struct pl_load_client *client, void *out, size_t size)
{
    return client->tls != NULL ? pl_load_tls_read(client->tls, out, size)
                               : recv(client->fd, out, size, 0);
}

ptrdiff_t pl_load_client_read_ticket(struct pl_load_client *client, struct pl_str in,
                                     struct pl_error *err)
{
    const char *ticket = memmem(in.ptr, in.len, TICKET_MEMBER, sizeof(TICKET_MEMBER) - 1);
    const char *end =
        ticket == NULL ? NULL : memmem(ticket, (size_t)(in.ptr + in.len - ticket), "\"}", 2);
    if (!pl_str_starts_with(in, pl_str_first(PL_STR("HTTP/1.1 200 "), in.len))) {
        return pl_error_set(err, PL_E_DENIED, "no ticket: " PL_STR_FMT,
                            PL_STR_ARG(pl_str_first(in, pl_str_find_char(in, '\r'))));
    }
    if (end == NULL) {
        return 0;
    }
    char path[64] = "";
    ticket += sizeof(TICKET_MEMBER) - 1;
    struct pl_str text = pl_str_first(pl_str_make(ticket, (size_t)(end - ticket)), 40);
    (void)snprintf(path, sizeof(path), "/?ticket=" PL_STR_FMT, PL_STR_ARG(text));
    queue_upgrade(client, path);
    return end + 2 - in.ptr;
}

ptrdiff_t pl_load_client_read_upgrade(struct pl_str in, struct pl_error *err)
{
    const char *end = memmem(in.ptr, in.len, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    size_t len = (size_t)(end - in.ptr) + 4;
    if (!pl_str_starts_with(in, PL_STR("HTTP/1.1 101 ")) ||
        memmem(in.ptr, len, UPGRADE_ACCEPT, sizeof(UPGRADE_ACCEPT) - 1) == NULL) {
        struct pl_str line = pl_str_first(in, pl_str_find_char(in, '\r'));
        return pl_error_set(err, PL_E_DENIED, "upgrade refused: " PL_STR_FMT, PL_STR_ARG(line));
    }
    return (ptrdiff_t)len;
}

ptrdiff_t pl_load_client_read(struct pl_load_client *client, struct pl_str *message,
                              bool *is_compressed, struct pl_str in, struct pl_error *err)
{
    struct pl_ws_header header;
    ptrdiff_t used = pl_ws_header_read(&header, in, PL_WS_CLIENT, PL_WS_RSV1, err);
    if (used <= 0) {
        return used;
    }
    if (header.payload_len > IN_LIMIT_BYTES || !header.is_final) {
        return pl_error_set(err, PL_E_PROTO, "a fragmented or very long message");
    }
    if (in.len - (size_t)used < header.payload_len) {
        return 0;
    }
    struct pl_str payload = {in.ptr + used, (size_t)header.payload_len};
    *message = pl_str_make(NULL, 0);
    *is_compressed = (header.rsv & PL_WS_RSV1) != 0;
    switch (header.opcode) {
    case PL_WS_CLOSE:
        return pl_error_set(err, PL_E_CLOSED, "the server closed the WebSocket");
    case PL_WS_PING:
        queue_frame(client, PL_WS_PONG, payload);
        break;
    case PL_WS_PONG:
        break;
    default:
        *message = payload;
        break;
    }
    return used + (ptrdiff_t)payload.len;
}
