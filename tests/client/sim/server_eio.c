/* Engine.IO as the server does it: sessions, polling, the upgrade, the heartbeat. */
#include "server.h"

#include "base/alloc.h"
#include "codec/eio_handshake.h"
#include "codec/eio_payload.h"
#include "codec/eio_query.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

#define UPGRADE_MS 10000
#define PAYLOAD_MAX ((size_t)16 << 20)

static void deliver(struct server_session *session, const struct pl_eio_packet *packet);

/* --- sending --- */

static void send_packet(struct server_conn *conn, const struct server_packet *packet)
{
    server_conn_ws_send(conn, packet->is_binary ? PL_WS_BINARY : PL_WS_TEXT, packet->data);
}

static void write_packet(struct pl_eio_payload_writer *writer, const struct server_packet *packet)
{
    if (packet->is_binary) {
        struct pl_eio_packet binary = pl_eio_packet_of_bytes(packet->data);
        pl_eio_payload_add(writer, &binary);
    } else {
        pl_eio_payload_add_text(writer, packet->data);
    }
}

/* Everything that waits, or now and then only the first part of it. */
static void answer_poll(struct server_session *session)
{
    struct server *server = session->server;
    struct server_conn *conn = session->parked;
    struct pl_eio_payload_writer writer;
    struct pl_buf body;
    pl_buf_init(&body, PAYLOAD_MAX);
    pl_eio_payload_writer_init(&writer, &body);
    do {
        struct pl_list *node = pl_list_pop_front(&session->queue);
        write_packet(&writer, PL_CONTAINER_OF(node, struct server_packet, node));
        pl_free(PL_CONTAINER_OF(node, struct server_packet, node));
    } while (!pl_list_is_empty(&session->queue) &&
             (server->options.is_neat || !sim_chance(&server->rng, 10)));
    session->parked = NULL;
    conn->session = NULL;
    server_conn_answer(conn, 200, "text/plain; charset=UTF-8", pl_buf_str(&body));
    pl_buf_fini(&body);
}

static void release_poll(struct server_session *session, struct pl_str text)
{
    struct server_conn *conn = session->parked;
    if (conn != NULL) {
        session->parked = NULL;
        conn->session = NULL;
        server_conn_answer(conn, 200, "text/plain; charset=UTF-8", text);
    }
}

static void flush(struct server_session *session)
{
    while (session->ws != NULL && !pl_list_is_empty(&session->queue)) {
        struct pl_list *node = pl_list_pop_front(&session->queue);
        send_packet(session->ws, PL_CONTAINER_OF(node, struct server_packet, node));
        pl_free(PL_CONTAINER_OF(node, struct server_packet, node));
    }
    if (session->parked != NULL && !pl_list_is_empty(&session->queue)) {
        answer_poll(session);
    }
}

void eio_send(struct server_session *session, bool is_binary, struct pl_str data)
{
    struct server_packet *packet = NULL;
    char *copy = NULL;
    if (session->is_closed) {
        return;
    }
    packet = pl_alloc(sizeof(*packet) + data.len);
    copy = (char *)(packet + 1);
    memcpy(copy, data.ptr, data.len);
    packet->is_binary = is_binary;
    packet->data = pl_str_make(copy, data.len);
    pl_list_push_back(&session->queue, &packet->node);
    if (session->server->options.is_neat || !sim_chance(&session->server->rng, 20)) {
        flush(session); /* otherwise with the next */
    }
}

/* --- its life --- */

void eio_close(struct server_session *session)
{
    struct server *server = session->server;
    struct pl_list *node = NULL;
    if (session->is_closed) {
        return;
    }
    session->is_closed = true;
    pl_timer_stop(&server->timers, &session->ping_timer);
    pl_timer_stop(&server->timers, &session->pong_timer);
    pl_timer_stop(&server->timers, &session->upgrade_timer);
    release_poll(session, PL_STR("1"));
    if (session->ws != NULL) {
        server_conn_ws_close(session->ws, 1000);
        session->ws->session = NULL;
        server_conn_close(session->ws);
    }
    if (session->probing != NULL) {
        session->probing->session = NULL;
        server_conn_close(session->probing);
    }
    sio_session_ended(session);
    while ((node = pl_list_pop_front(&session->queue)) != NULL) {
        pl_free(PL_CONTAINER_OF(node, struct server_packet, node));
    }
    pl_list_remove(&session->node);
    pl_list_push_back(&server->dead_sessions, &session->node);
}

static void on_ping_due(struct pl_timer *timer)
{
    struct server_session *session = PL_CONTAINER_OF(timer, struct server_session, ping_timer);
    struct server *server = session->server;
    pl_timer_set(&server->timers, &session->pong_timer,
                 server->net->now_ms + server->options.ping_timeout_ms);
    eio_send(session, false, PL_STR("2"));
    flush(session);
}

static void on_pong_late(struct pl_timer *timer)
{
    eio_close(PL_CONTAINER_OF(timer, struct server_session, pong_timer));
}

static void on_upgrade_late(struct pl_timer *timer)
{
    struct server_session *session = PL_CONTAINER_OF(timer, struct server_session, upgrade_timer);
    struct server_conn *conn = session->probing;
    session->probing = NULL;
    session->is_upgrading = false;
    if (conn != NULL) {
        conn->session = NULL;
        server_conn_close(conn);
    }
}

static void set_ping(struct server_session *session)
{
    struct server *server = session->server;
    pl_timer_stop(&server->timers, &session->pong_timer);
    pl_timer_set(&server->timers, &session->ping_timer,
                 server->net->now_ms + server->options.ping_interval_ms);
}

static struct server_session *open_session(struct server *server, bool is_websocket)
{
    struct server_session *session = pl_alloc(sizeof(*session));
    struct pl_eio_handshake handshake = {
        .offers_websocket = !is_websocket && server->options.offers_websocket,
        .ping_interval_ms = server->options.ping_interval_ms,
        .ping_timeout_ms = server->options.ping_timeout_ms,
        .max_payload_bytes = sim_chance(&server->rng, 20) ? 2000 : 1000000,
    };
    struct pl_buf buf;
    session->server = server;
    snprintf(session->sid, sizeof(session->sid), "session-%u", ++server->sid_count);
    session->ping_timer.on_due = on_ping_due;
    session->pong_timer.on_due = on_pong_late;
    session->upgrade_timer.on_due = on_upgrade_late;
    pl_list_init(&session->queue);
    pl_sio_decoder_init(&session->decoder, &server->limits);
    pl_list_push_back(&server->sessions, &session->node);
    pl_buf_init(&buf, 4096);
    handshake.sid = pl_str_of_cstr(session->sid);
    pl_eio_handshake_write(&buf, &handshake);
    eio_send(session, false, pl_buf_str(&buf));
    pl_buf_fini(&buf);
    set_ping(session);
    return session;
}

static struct server_session *find_session(struct server *server, struct pl_str sid)
{
    PL_LIST_EACH(node, &server->sessions)
    {
        struct server_session *session = PL_CONTAINER_OF(node, struct server_session, node);
        if (pl_str_eq(sid, pl_str_of_cstr(session->sid))) {
            return session;
        }
    }
    return NULL;
}

/* --- requests --- */

static void refuse(struct server_conn *conn, enum pl_eio_error error)
{
    struct pl_buf buf;
    pl_buf_init(&buf, 4096);
    pl_eio_error_write(&buf, error, PL_STR(""));
    server_conn_answer(conn, 400, "application/json", pl_buf_str(&buf));
    pl_buf_fini(&buf);
}

static void take_poll(struct server_conn *conn, struct server_session *session)
{
    if (session->ws != NULL) {
        sim_fail("it polls by HTTP after it changed over");
    }
    if (session->parked != NULL) {
        eio_close(session);
        server_conn_answer(conn, 400, "text/html", PL_STR(""));
        return;
    }
    conn->kind = SERVER_PARKED;
    conn->session = session;
    session->parked = conn;
    flush(session);
    if (session->parked != NULL && session->is_upgrading) {
        release_poll(session, PL_STR("6"));
    }
}

static void take_post(struct server_conn *conn, struct server_session *session)
{
    struct pl_eio_payload_reader reader;
    struct pl_eio_packet packet;
    struct pl_error err = {0};
    struct pl_arena arena;
    int rc = 0;
    if (session->ws != NULL) {
        sim_fail("it posts after it changed over");
    }
    pl_arena_init(&arena, PAYLOAD_MAX);
    pl_eio_payload_reader_init(&reader, pl_buf_str(&conn->body_bytes));
    while (!session->is_closed && (rc = pl_eio_payload_next(&packet, &reader, &arena, &err)) > 0) {
        if (packet.type == PL_EIO_CLOSE) {
            release_poll(session, PL_STR("6"));
            eio_close(session);
        } else {
            deliver(session, &packet);
        }
    }
    if (rc < 0) {
        sim_fail("a bad payload: %s", err.text);
    }
    pl_arena_fini(&arena);
    server_conn_answer(conn, 200, "text/html", PL_STR("ok"));
}

static void take_websocket(struct server_conn *conn, struct server_session *session)
{
    struct server *server = conn->server;
    if (session->ws != NULL || session->probing != NULL ||
        sim_chance(&server->rng, server->options.refuse_probe_percent / 2)) {
        server_conn_answer(conn, 400, "text/html", PL_STR("Bad request"));
        return;
    }
    conn->session = session;
    session->probing = conn;
    pl_timer_set(&server->timers, &session->upgrade_timer, server->net->now_ms + UPGRADE_MS);
}

static void take_old(struct server_conn *conn, const struct pl_eio_query *query, bool wants_ws)
{
    struct server_session *session = find_session(conn->server, query->sid);
    if (session == NULL) {
        refuse(conn, PL_EIO_ERROR_SID_UNKNOWN);
    } else if (wants_ws) {
        take_websocket(conn, session);
    } else if (conn->method == PL_HTTP_GET) {
        take_poll(conn, session);
    } else if (conn->method == PL_HTTP_POST) {
        take_post(conn, session);
    } else {
        sim_fail("a strange method");
    }
}

void eio_request(struct server_conn *conn)
{
    struct pl_str query_text = pl_str_of_cstr(conn->target);
    struct pl_str path = pl_str_split(&query_text, '?');
    struct pl_eio_query query;
    bool wants_ws = conn->ws_key[0] != '\0';
    pl_eio_query_read(&query, query_text);
    if (!pl_str_eq(path, PL_STR("/socket.io/")) || query.revision != 4 ||
        query.transport == PL_EIO_TRANSPORT_UNKNOWN ||
        wants_ws != (query.transport == PL_EIO_TRANSPORT_WEBSOCKET)) {
        sim_fail("a strange request: %s", conn->target);
    }
    if (query.has_sid) {
        take_old(conn, &query, wants_ws);
    } else if (wants_ws && !conn->server->options.offers_websocket) {
        server_conn_answer(conn, 400, "text/html", PL_STR("Transport unknown"));
    } else if (!wants_ws) {
        struct server_session *session = open_session(conn->server, false);
        take_poll(conn, session);
    }
}

/* --- what comes --- */

static void deliver(struct server_session *session, const struct pl_eio_packet *packet)
{
    session->server->packet_count++;
    switch (packet->type) {
    case PL_EIO_MESSAGE:
        sio_text(session, packet->data);
        break;
    case PL_EIO_BINARY:
        sio_binary(session, packet->data);
        break;
    case PL_EIO_PONG:
        set_ping(session);
        break;
    case PL_EIO_CLOSE:
        eio_close(session);
        break;
    case PL_EIO_OPEN:
    case PL_EIO_PING:
    case PL_EIO_UPGRADE:
    case PL_EIO_NOOP:
        sim_fail("a client sends no packet of type %d", (int)packet->type);
    }
}

static void finish_upgrade(struct server_session *session)
{
    session->ws = session->probing;
    session->probing = NULL;
    session->is_upgrading = false;
    session->server->upgrade_count++;
    pl_timer_stop(&session->server->timers, &session->upgrade_timer);
    release_poll(session, PL_STR("6"));
    flush(session);
}

static void take_probe(struct server_conn *conn, struct pl_str text)
{
    struct server_session *session = conn->session;
    struct server *server = conn->server;
    if (pl_str_eq(text, PL_STR("2probe"))) {
        if (sim_chance(&server->rng, server->options.refuse_probe_percent / 2)) {
            return; /* it is never answered */
        }
        session->is_upgrading = true;
        server_conn_ws_send(conn, PL_WS_TEXT, PL_STR("3probe"));
        if (session->parked != NULL) {
            release_poll(session, PL_STR("6"));
        }
    } else if (pl_str_eq(text, PL_STR("5")) && session->is_upgrading) {
        finish_upgrade(session);
    } else {
        sim_fail("on a WebSocket that is being tried: " PL_STR_FMT, PL_STR_ARG(text));
    }
}

void eio_ws_message(struct server_conn *conn, bool is_text, struct pl_str payload)
{
    struct server_session *session = conn->session;
    struct pl_eio_packet packet = pl_eio_packet_of_bytes(payload);
    struct pl_error err = {0};
    if (is_text && payload.len == 0) { /* it has just been opened */
        if (session == NULL) {
            session = open_session(conn->server, true);
            conn->session = session;
            session->ws = conn;
            flush(session);
        }
        return;
    }
    if (session == NULL) {
        return; /* its session is over */
    }
    if (conn == session->probing) {
        take_probe(conn, payload);
        return;
    }
    if (is_text && pl_eio_packet_read(&packet, payload, NULL, &err) < 0) {
        sim_fail("a bad packet: %s", err.text);
    }
    deliver(session, &packet);
}

void eio_conn_ended(struct server_conn *conn)
{
    struct server_session *session = conn->session;
    conn->session = NULL;
    if (session == NULL) {
        return;
    }
    if (session->probing == conn) {
        session->probing = NULL;
        session->is_upgrading = false;
        pl_timer_stop(&session->server->timers, &session->upgrade_timer);
        return;
    }
    if (session->parked == conn) {
        session->parked = NULL;
    }
    if (session->ws == conn) {
        session->ws = NULL;
    }
    eio_close(session);
}
