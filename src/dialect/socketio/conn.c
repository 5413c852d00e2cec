/* Connections: what one Engine.IO session carries. Messages are put together to packets; breaking
 * the rules ends all of its sockets. */
#include "dialect/socketio/conn.h"

#include "base/alloc.h"
#include "codec/sio_msgpack.h"
#include "dialect/socketio/connect.h"
#include "dialect/socketio/disconnect.h"
#include "dialect/socketio/dispatch.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/revision4.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/sockets.h"

#define ARENA_SLACK 4096 /* beside a packet's own text */

/* --- life --- */

struct pl_sio_conn *pl_sio_conn_ref(struct pl_sio_conn *conn)
{
    conn->refs++;
    return conn;
}

void pl_sio_conn_unref(struct pl_sio_conn *conn)
{
    if (conn == NULL || --conn->refs > 0) {
        return;
    }
    if (conn->former != NULL) {
        pl_sio_names_fini(conn->former);
        pl_free(conn->former);
    }
    pl_free(conn);
}

static void timer_in(struct pl_sio_conn *conn, uint32_t in_ms)
{
    pl_timer_set(pl_sio_timers(conn->io), &conn->timer, pl_hub_now_ms(conn->io->hub) + in_ms);
}

/* No namespace was joined in time, or attachments did not come. */
static void on_timer(struct pl_timer *timer)
{
    struct pl_sio_conn *conn = PL_CONTAINER_OF(timer, struct pl_sio_conn, timer);
    if (pl_sio_decoder_is_waiting(&conn->decoder)) {
        pl_sio_count(conn->io, PL_METRIC_ERROR_SOCKETIO_ATTACHMENT, 1);
    }
    pl_sio_conn_close(conn, PARLEY_FORCED_CLOSE);
}

void pl_sio_conn_open(void *user, struct pl_eio_session *session)
{
    struct parley_io *io = user;
    struct pl_sio_conn *conn = pl_alloc(sizeof(*conn));
    conn->refs = 1;
    conn->io = io;
    conn->eio = session;
    conn->is_revision4 = pl_eio_session_revision(session) == 3;
    pl_list_init(&conn->sockets);
    pl_list_init(&conn->joinings);
    conn->timer.on_due = on_timer;
    pl_sio_decoder_init(&conn->decoder, &io->limits);
    pl_rate_init(&conn->rate, io->config.messages_per_second, io->config.messages_burst,
                 pl_hub_now_ms(io->hub));
    timer_in(conn, io->config.connect_timeout_ms);
    pl_eio_session_set_user(session, conn);
    if (pl_sio_conn_is_revision4(conn)) {
        pl_sio_conn_ref(conn); /* the application may end it at once */
        pl_sio_revision4_open(conn);
        pl_sio_conn_unref(conn);
    }
}

static void end_sockets(struct pl_sio_conn *conn, enum parley_reason reason)
{
    while (!pl_list_is_empty(&conn->sockets)) {
        pl_sio_socket_end(PL_CONTAINER_OF(conn->sockets.next, struct parley_socket, in_conn),
                          reason);
    }
}

void pl_sio_conn_closed(void *user, struct pl_eio_session *session, enum pl_eio_reason reason)
{
    struct pl_sio_conn *conn = pl_eio_session_user(session);
    (void)user;
    conn->is_closing = true;
    pl_timer_stop(pl_sio_timers(conn->io), &conn->timer);
    pl_sio_decoder_fini(&conn->decoder);
    end_sockets(conn, pl_sio_reason_of(reason));
    pl_sio_conn_abandon_joinings(conn);
    conn->eio = NULL;
    pl_eio_session_set_user(session, NULL);
    pl_sio_conn_unref(conn);
}

/* A handler may have seen to it already; or one is about to look at its socket's rooms. */
static void close_if_wanted(struct pl_sio_conn *conn)
{
    if (conn->wants_close && conn->ending_count == 0 && conn->eio != NULL) {
        conn->wants_close = false;
        pl_eio_session_close(conn->eio);
    }
}

void pl_sio_conn_close(struct pl_sio_conn *conn, enum parley_reason reason)
{
    if (conn->is_closing || conn->eio == NULL) {
        return;
    }
    pl_sio_conn_ref(conn);
    conn->is_closing = true;
    pl_timer_stop(pl_sio_timers(conn->io), &conn->timer);
    end_sockets(conn, reason);
    conn->wants_close = true;
    close_if_wanted(conn);
    pl_sio_conn_unref(conn);
}

void pl_sio_conn_ending_begin(struct pl_sio_conn *conn)
{
    conn->ending_count++;
}

void pl_sio_conn_ending_end(struct pl_sio_conn *conn)
{
    conn->ending_count--;
    close_if_wanted(conn);
}

void pl_sio_conn_violation(struct pl_sio_conn *conn)
{
    pl_sio_count(conn->io, PL_METRIC_ERROR_SOCKETIO_STATE, 1);
    pl_sio_conn_close(conn, PARLEY_FORCED_SERVER_CLOSE);
}

/* --- its sockets --- */

struct parley_socket *pl_sio_conn_find(const struct pl_sio_conn *conn, struct pl_str ns)
{
    for (struct pl_list *node = conn->sockets.next; node != &conn->sockets; node = node->next) {
        struct parley_socket *socket = PL_CONTAINER_OF(node, struct parley_socket, in_conn);
        if (pl_str_eq(pl_sio_name_str(socket->ns->name), ns)) {
            return socket;
        }
    }
    return NULL;
}

struct parley_socket *pl_sio_session_socket(struct pl_session *session, const struct pl_sio_ns *ns)
{
    const struct pl_sio_conn *conn = pl_eio_session_user(pl_eio_session_of(session));
    if (conn == NULL) {
        return NULL;
    }
    for (struct pl_list *node = conn->sockets.next; node != &conn->sockets; node = node->next) {
        struct parley_socket *socket = PL_CONTAINER_OF(node, struct parley_socket, in_conn);
        if (socket->ns == ns) {
            return socket;
        }
    }
    return NULL;
}

void pl_sio_conn_joined(struct pl_sio_conn *conn)
{
    if (conn->has_joined) {
        return;
    }
    conn->has_joined = true;
    pl_timer_stop(pl_sio_timers(conn->io), &conn->timer);
    if (pl_sio_decoder_is_waiting(&conn->decoder)) {
        timer_in(conn, conn->io->config.attachments_timeout_ms);
    }
}

void pl_sio_conn_note_former(struct pl_sio_conn *conn, struct pl_str ns)
{
    if (conn->eio == NULL) {
        return;
    }
    if (conn->former == NULL) {
        conn->former = pl_alloc(sizeof(*conn->former));
    }
    if (conn->former->count >= conn->io->config.namespaces_max) { /* the oldest is long over */
        pl_sio_names_remove(conn->former, pl_sio_name_str(conn->former->names[0]));
    }
    pl_sio_names_add(conn->former, ns);
}

/* --- messages --- */

static void log_mistake(struct pl_sio_conn *conn, const struct pl_error *err)
{
    char ip[PL_ADDRESS_TEXT_MAX];
    char text[PL_ERROR_TEXT_MAX + 16];
    struct parley_io *io = conn->io;
    bool is_logged = pl_log_limited(io->params.log, &io->error_limit, pl_hub_now_ms(io->hub),
                                    PL_LOG_WARN, "socketio.bad_packet", "ip=%s error=%s reason=%s",
                                    pl_address_format_host(ip, pl_eio_session_peer(conn->eio)),
                                    pl_error_name(err->code),
                                    pl_log_quote(text, sizeof(text), pl_str_of_cstr(err->text)));
    if (!is_logged) {
        pl_sio_count(io, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}

/* Undecodable (spec 2.9, first row): each socket is told, then all is over. */
static void fail(struct pl_sio_conn *conn, const struct pl_error *err, bool was_attachment)
{
    struct pl_sio_sockets sockets = {0};
    pl_sio_count(
        conn->io,
        was_attachment ? PL_METRIC_ERROR_SOCKETIO_ATTACHMENT : PL_METRIC_ERROR_SOCKETIO_PACKET, 1);
    log_mistake(conn, err);
    PL_LIST_EACH(node, &conn->sockets)
    {
        pl_sio_sockets_add(&sockets, PL_CONTAINER_OF(node, struct parley_socket, in_conn));
    }
    for (size_t i = 0; i < sockets.count; i++) {
        pl_sio_socket_error(sockets.sockets[i], err->text);
    }
    pl_sio_sockets_fini(&sockets);
    pl_sio_conn_close(conn, PARLEY_FORCED_CLOSE);
}

/* The wait for attachments begins or ends; before the first namespace its own timer is enough. */
static void watch_attachments(struct pl_sio_conn *conn, bool was_waiting)
{
    bool is_waiting = pl_sio_decoder_is_waiting(&conn->decoder);
    if (!conn->has_joined || is_waiting == was_waiting) {
        return;
    }
    if (is_waiting) {
        timer_in(conn, conn->io->config.attachments_timeout_ms);
    } else {
        pl_timer_stop(pl_sio_timers(conn->io), &conn->timer);
    }
}

static bool may_send_more(struct pl_sio_conn *conn)
{
    const struct pl_sio_config *config = &conn->io->config;
    int64_t now_ms = pl_hub_now_ms(conn->io->hub);
    if (config->messages_per_second == 0) {
        return true;
    }
    if (conn->rate.per_second != config->messages_per_second ||
        conn->rate.burst != config->messages_burst) { /* configured anew meanwhile */
        pl_rate_change(&conn->rate, config->messages_per_second, config->messages_burst, now_ms);
    }
    if (pl_rate_take(&conn->rate, 1, now_ms)) {
        return true;
    }
    pl_sio_count(conn->io, PL_METRIC_REFUSED_MESSAGE_RATE, 1);
    pl_sio_conn_close(conn, PARLEY_TRANSPORT_ERROR);
    return false;
}

static void take(struct pl_sio_conn *conn, bool is_text, struct pl_str bytes)
{
    struct pl_arena arena;
    struct pl_sio_message message = {0};
    struct pl_error err = {0};
    bool was_waiting = pl_sio_decoder_is_waiting(&conn->decoder);
    int rc = 0;
    /* one for the name of an event, one for a text that had waited */
    pl_arena_init(&arena, conn->io->limits.packet_limit_bytes * 2 + ARENA_SLACK);
    rc = is_text ? pl_sio_decoder_feed_text(&message, &conn->decoder, bytes, &arena, &err)
                 : pl_sio_decoder_feed_binary(&message, &conn->decoder, bytes, &arena, &err);
    watch_attachments(conn, was_waiting);
    if (rc < 0) {
        fail(conn, &err, was_waiting || !is_text);
    } else if (rc > 0) {
        pl_sio_dispatch(conn, &message, &arena);
        pl_sio_message_fini(&message);
    }
    pl_arena_fini(&arena);
}

/* The msgpack parser: a packet is one message of bytes. */
static void take_msgpack(struct pl_sio_conn *conn, bool is_text, struct pl_str bytes)
{
    struct pl_arena arena;
    struct pl_buf text;
    struct pl_sio_message message = {0};
    struct pl_error err = {0};
    int rc = 0;
    pl_buf_init(&text, pl_sio_msgpack_text_max(bytes.len));
    pl_arena_init(&arena, pl_sio_msgpack_text_max(bytes.len) * 2 + ARENA_SLACK);
    rc = is_text ? pl_error_set(&err, PL_E_PROTO, "text for the msgpack parser")
                 : pl_sio_msgpack_read(&message, bytes, conn->io->limits.role, &text, &arena, &err);
    if (rc < 0) {
        fail(conn, &err, false);
    } else {
        pl_sio_dispatch(conn, &message, &arena);
        pl_sio_message_fini(&message);
    }
    pl_buf_fini(&text);
    pl_arena_fini(&arena);
}

void pl_sio_conn_message(void *user, struct pl_eio_session *session, bool is_text,
                         struct pl_span bytes)
{
    struct pl_sio_conn *conn = pl_eio_session_user(session);
    (void)user;
    if (conn == NULL || conn->is_closing) {
        return;
    }
    pl_sio_conn_ref(conn);
    if (!may_send_more(conn)) {
        /* it is closed */
    } else if (conn->io->config.parser == PL_SIO_PARSER_MSGPACK) {
        take_msgpack(conn, is_text, pl_str_of_span(bytes));
    } else {
        take(conn, is_text, pl_str_of_span(bytes));
    }
    pl_sio_conn_unref(conn);
}
