/* Socket.IO as the server does it: namespaces, events, acknowledgements, recovery. Events are made
 * from their numbers (content.h), so that what is to be caught up needs no store. */
#include "server.h"

#include "base/alloc.h"
#include "codec/json_read.h"
#include "codec/sio_write.h"
#include "content.h"
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX ((size_t)1 << 20)

struct auth {
    struct pl_str pid;
    struct pl_str offset;
};

struct pl_str server_nsp_name(uint32_t nsp)
{
    static const struct pl_str names[SERVER_NAMESPACES] = {PL_STR_INIT("/"), PL_STR_INIT("/a"),
                                                           PL_STR_INIT("/b")};
    return names[nsp];
}

void server_socket_sid(char out[24], const struct server_socket *socket)
{
    snprintf(out, 24, "socket-%u", socket->index);
}

static uint32_t nsp_of(struct pl_str name)
{
    for (uint32_t i = 0; i < SERVER_NAMESPACES; i++) {
        if (pl_str_eq(name, server_nsp_name(i))) {
            return i;
        }
    }
    sim_fail("no namespace " PL_STR_FMT, PL_STR_ARG(name));
}

/* --- sending --- */

static struct pl_buf message_begin(void)
{
    struct pl_buf buf;
    pl_buf_init(&buf, PACKET_MAX);
    pl_buf_add_char(&buf, '4');
    return buf;
}

static void message_end(struct server_session *session, struct pl_buf *buf)
{
    PL_ASSERT(!pl_buf_failed(buf));
    eio_send(session, false, pl_buf_str(buf));
    pl_buf_fini(buf);
}

static void send_attachment(struct server_session *session, uint64_t n)
{
    struct pl_buf bytes;
    pl_buf_init(&bytes, PACKET_MAX);
    content_bytes(&bytes, n);
    if (bytes.len > 0) {
        eio_send(session, true, pl_buf_str(&bytes));
    }
    pl_buf_fini(&bytes);
}

static void send_event(struct server_socket *socket, const char *name, uint64_t n, bool is_asking)
{
    struct pl_buf args;
    struct pl_buf text = message_begin();
    char offset[32] = "";
    struct pl_sio_event event = {.nsp = server_nsp_name(socket->nsp),
                                 .name = pl_str_of_cstr(name),
                                 .attachment_count = content_bytes_len(n) > 0,
                                 .has_id = is_asking,
                                 .id = n};
    pl_buf_init(&args, PACKET_MAX);
    content_raw_args(&args, socket->index, n);
    event.raw_args = pl_buf_str(&args);
    if (socket->server->options.has_recovery && !is_asking) {
        snprintf(offset, sizeof(offset), "%u.%llu", socket->index, (unsigned long long)n);
        event.offset = pl_str_of_cstr(offset);
    }
    pl_sio_write_event(&text, &event);
    message_end(socket->session, &text);
    send_attachment(socket->session, n);
    pl_buf_fini(&args);
}

void server_emit(struct server_socket *socket)
{
    uint64_t n = socket->emitted_count++;
    if (socket->session != NULL) {
        send_event(socket, "s", n, false);
    }
}

void server_ask(struct server_socket *socket)
{
    if (socket->session != NULL) {
        send_event(socket, "q", socket->asked_count++, true);
    }
}

void server_ack(struct server_socket *socket, uint64_t id, uint64_t n)
{
    struct pl_buf args;
    struct pl_buf text;
    if (socket->session == NULL) {
        return;
    }
    text = message_begin();
    pl_buf_init(&args, PACKET_MAX);
    content_raw_args(&args, -1, n);
    pl_sio_write_ack(&text, server_nsp_name(socket->nsp), id, pl_buf_str(&args),
                     content_bytes_len(n) > 0);
    message_end(socket->session, &text);
    send_attachment(socket->session, n);
    pl_buf_fini(&args);
}

void server_send_late(struct server_socket *socket)
{
    for (size_t i = 0; i < socket->late_count; i++) {
        server_ack(socket, socket->late[i][0], socket->late[i][1]);
    }
    socket->late_count = 0;
}

/* --- sockets --- */

static void free_socket(struct server_socket *socket)
{
    pl_list_remove(&socket->node);
    pl_free(socket);
}

void server_kick(struct server_socket *socket)
{
    struct server_session *session = socket->session;
    struct pl_buf text = message_begin();
    PL_ASSERT(session != NULL);
    pl_sio_write_disconnect(&text, server_nsp_name(socket->nsp));
    message_end(session, &text);
    session->sockets[socket->nsp] = NULL;
    session->was_kicked[socket->nsp] = true;
    free_socket(socket);
}

void sio_session_ended(struct server_session *session)
{
    for (uint32_t i = 0; i < SERVER_NAMESPACES; i++) {
        struct server_socket *socket = session->sockets[i];
        if (socket != NULL && session->server->options.has_recovery) {
            socket->session = NULL;
            socket->late_count = 0;
        } else if (socket != NULL) {
            free_socket(socket);
        }
        session->sockets[i] = NULL;
    }
    pl_sio_decoder_fini(&session->decoder);
}

static void read_auth(struct auth *out, struct pl_str json)
{
    struct pl_json_reader reader;
    struct pl_json_token key;
    struct pl_json_token value;
    struct pl_str raw;
    *out = (struct auth){0};
    if (json.len == 0) {
        return;
    }
    pl_json_reader_init(&reader, json, 8);
    if (pl_json_next(&key, &reader, NULL) < 0 || key.kind != PL_JSON_OBJECT_BEGIN) {
        sim_fail("CONNECT with something that is no object");
    }
    while (pl_json_next(&key, &reader, NULL) == 0 && key.kind == PL_JSON_KEY) {
        if (pl_json_next(&value, &reader, NULL) < 0 ||
            pl_json_skip(&raw, &reader, &value, NULL) < 0) {
            sim_fail("CONNECT with bad JSON");
        }
        if (pl_str_eq(key.raw, PL_STR("\"pid\""))) {
            out->pid = pl_str_first(pl_str_from(raw, 1), raw.len - 2);
        } else if (pl_str_eq(key.raw, PL_STR("\"offset\""))) {
            out->offset = pl_str_first(pl_str_from(raw, 1), raw.len - 2);
        }
    }
}

/* The socket that is away, and what was its last event that arrived; NULL when it is not known. */
static struct server_socket *find_away(struct server *server, const struct auth *auth, uint32_t nsp,
                                       uint64_t *from)
{
    struct pl_str rest = auth->offset;
    struct pl_str index = pl_str_split(&rest, '.');
    uint64_t n = 0;
    if (!server->options.has_recovery || !pl_str_to_u64(&n, rest, UINT32_MAX)) {
        return NULL;
    }
    PL_LIST_EACH(node, &server->sockets)
    {
        struct server_socket *socket = PL_CONTAINER_OF(node, struct server_socket, node);
        char text[24];
        snprintf(text, sizeof(text), "%u", socket->index);
        if (socket->session == NULL && socket->nsp == nsp && n < socket->emitted_count &&
            pl_str_eq(index, pl_str_of_cstr(text)) && auth->pid.len > 4 &&
            pl_str_eq(pl_str_from(auth->pid, 4), index)) {
            *from = n + 1;
            return socket;
        }
    }
    return NULL;
}

static void answer_connect(struct server_socket *socket)
{
    struct pl_buf text = message_begin();
    char sid[24];
    char pid[24];
    server_socket_sid(sid, socket);
    snprintf(pid, sizeof(pid), "pid-%u", socket->index);
    pl_sio_write_connect(&text, server_nsp_name(socket->nsp), pl_str_of_cstr(sid),
                         socket->server->options.has_recovery ? pl_str_of_cstr(pid) : PL_STR(""));
    message_end(socket->session, &text);
}

static void refuse_connect(struct server_session *session, uint32_t nsp)
{
    struct pl_buf text = message_begin();
    pl_sio_write_connect_error(&text, server_nsp_name(nsp), PL_STR("not now"),
                               PL_STR("{\"later\":true}"));
    message_end(session, &text);
}

static struct server_socket *create_socket(struct server_session *session, uint32_t nsp)
{
    struct server *server = session->server;
    struct server_socket *socket = pl_alloc(sizeof(*socket));
    socket->server = server;
    socket->nsp = nsp;
    socket->index = ++server->socket_count;
    pl_list_push_back(&server->sockets, &socket->node);
    return socket;
}

static void take_connect(struct server_session *session, const struct pl_sio_packet *packet)
{
    struct server *server = session->server;
    uint32_t nsp = nsp_of(packet->nsp);
    struct auth auth;
    uint64_t from = 0;
    struct server_socket *socket = NULL;
    bool is_recovered = false;
    read_auth(&auth, packet->payload);
    session->connect_count[nsp]++;
    if (session->sockets[nsp] != NULL && session->connect_count[nsp] > 2) {
        eio_close(session); /* it left and came back while it was being disconnected */
        return;
    }
    if (session->sockets[nsp] != NULL) {
        sim_fail("it connects twice to " PL_STR_FMT, PL_STR_ARG(packet->nsp));
    }
    session->was_kicked[nsp] = false;
    if (sim_chance(&server->rng, server->options.refuse_nsp_percent)) {
        refuse_connect(session, nsp);
        return;
    }
    socket = find_away(server, &auth, nsp, &from);
    is_recovered = socket != NULL;
    if (socket == NULL) {
        socket = create_socket(session, nsp);
    }
    session->sockets[nsp] = socket;
    socket->session = session;
    for (; from > 0 && from < socket->emitted_count; from++) {
        send_event(socket, "s", from, false);
    }
    answer_connect(socket);
    server->owner->on_connect(socket, is_recovered, server->user);
}

static void take_disconnect(struct server_session *session, struct server_socket *socket)
{
    struct server *server = session->server;
    server->owner->on_disconnect(socket, server->user);
    session->sockets[socket->nsp] = NULL;
    free_socket(socket);
}

static void take(struct server_session *session, const struct pl_sio_message *message)
{
    struct server *server = session->server;
    const struct pl_sio_packet *packet = &message->packet;
    uint32_t nsp = nsp_of(packet->nsp);
    struct server_socket *socket = session->sockets[nsp];
    if (packet->type == PL_SIO_CONNECT) {
        take_connect(session, packet);
        return;
    }
    if (socket == NULL) {
        if (!session->was_kicked[nsp]) {
            sim_fail("a packet of type %d before CONNECT", (int)packet->type);
        }
        return;
    }
    switch (packet->type) {
    case PL_SIO_DISCONNECT:
        take_disconnect(session, socket);
        break;
    case PL_SIO_EVENT:
    case PL_SIO_BINARY_EVENT:
        server->owner->on_event(socket, message, server->user);
        break;
    case PL_SIO_ACK:
    case PL_SIO_BINARY_ACK:
        server->owner->on_ack(socket, message, server->user);
        break;
    case PL_SIO_CONNECT:
    case PL_SIO_CONNECT_ERROR:
        break;
    }
}

/* --- what comes --- */

static void feed(struct server_session *session, bool is_text, struct pl_str data)
{
    struct pl_arena arena;
    struct pl_sio_message message = {0};
    struct pl_error err = {0};
    int rc = 0;
    if (session->is_closed) {
        return;
    }
    pl_arena_init(&arena, PACKET_MAX);
    rc = is_text ? pl_sio_decoder_feed_text(&message, &session->decoder, data, &arena, &err)
                 : pl_sio_decoder_feed_binary(&message, &session->decoder, data, &arena, &err);
    if (rc < 0) {
        sim_fail("a bad packet: %s", err.text);
    }
    if (rc > 0) {
        take(session, &message);
        pl_sio_message_fini(&message);
    }
    pl_arena_fini(&arena);
}

void sio_text(struct server_session *session, struct pl_str text)
{
    feed(session, true, text);
}

void sio_binary(struct server_session *session, struct pl_str bytes)
{
    feed(session, false, bytes);
}
