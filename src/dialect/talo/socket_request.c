/* What arrives on a Talo socket: the checks of spec 1.6, in their order, and the three requests. */
#include "base/utf8.h"
#include "codec/ws_close.h"
#include "dialect/talo/socket_internal.h"

#define ARENA_SLACK 1024
#define SCOPES_TEXT_MAX 4096
#define GROWTH_MAX 8 /* of compact text: 1e20 becomes 21 digits */

static const struct pl_str none = {NULL, 0}; /* no cause */

/* A message on its way through the checks; on the stack. */
struct inbound {
    struct pl_str text; /* all of it */
    struct pl_talo_message message;
    struct pl_arena arena;
};

static void refuse(struct pl_talo_socket *socket, const struct inbound *in,
                   enum pl_talo_error_code code)
{
    pl_talo_socket_send_error(socket, code, &in->message.req, none);
}

/* --- the requests --- */

static const struct {
    enum pl_talo_error_code code;
    struct pl_str cause;
} refusals[] = {
    [PL_TALO_BAD_TOKEN] = {PL_TALO_ERROR_SOCKET_TOKEN, {NULL, 0}},
    [PL_TALO_BAD_SESSION] = {PL_TALO_ERROR_SESSION_TOKEN, {NULL, 0}},
    [PL_TALO_NO_ALIAS] = {PL_TALO_ERROR_LISTENER, PL_STR_INIT("Player alias not found")},
    [PL_TALO_NO_CHANNEL] = {PL_TALO_ERROR_LISTENER, PL_STR_INIT("Channel not found")},
    [PL_TALO_NOT_A_MEMBER] = {PL_TALO_ERROR_LISTENER, PL_STR_INIT("Player not in channel")},
    [PL_TALO_STORE_FAILED] = {PL_TALO_ERROR_LISTENER,
                              PL_STR_INIT("Something went wrong, please try again later")},
};

static void on_done(struct pl_talo_conn *conn, enum pl_talo_refusal refusal,
                    const struct pl_talo_alias *alias)
{
    struct pl_talo_socket *socket = pl_talo_socket_of(conn);
    enum pl_talo_req req = (enum pl_talo_req)socket->req;
    struct pl_session *session = conn->session;
    if (refusal != PL_TALO_OK) {
        pl_talo_socket_send_error(socket, refusals[refusal].code, &req, refusals[refusal].cause);
    } else if (alias != NULL) {
        pl_talo_socket_send_identified(socket, alias);
    }
    pl_session_resume(session); /* may handle what waits, and close the socket */
}

/* Each reads its `data`; false: it has another shape. */

static bool run_identify(struct pl_talo_socket *socket, struct inbound *in)
{
    struct pl_talo_identify data;
    if (!pl_talo_identify_read(&data, in->message.data, &in->arena)) {
        return false;
    }
    pl_session_suspend(socket->conn.session);
    pl_talo_conn_identify(&socket->conn, data.alias_id, data.socket_token, data.session_token,
                          on_done);
    return true;
}

static bool run_channel_message(struct pl_talo_socket *socket, struct inbound *in)
{
    struct pl_talo_channel_message data;
    if (!pl_talo_channel_message_read(&data, in->message.data, &in->arena)) {
        return false;
    }
    pl_session_suspend(socket->conn.session);
    pl_talo_conn_message(&socket->conn, data.channel_id, data.message, on_done);
    return true;
}

static bool run_broadcast(struct pl_talo_socket *socket, struct inbound *in)
{
    struct pl_str message;
    if (!pl_talo_broadcast_read(&message, in->message.data, &in->arena)) {
        return false;
    }
    pl_session_suspend(socket->conn.session);
    pl_talo_conn_broadcast(&socket->conn, message, on_done);
    return true;
}

static const struct {
    uint32_t scopes;
    bool needs_player;
    bool (*run)(struct pl_talo_socket *socket, struct inbound *in);
} requests[PL_TALO_REQ_COUNT] = {
    [PL_TALO_REQ_IDENTIFY] = {PL_TALO_READ_PLAYERS, false, run_identify},
    [PL_TALO_REQ_CHANNEL_MESSAGE] = {PL_TALO_WRITE_CHANNELS, true, run_channel_message},
    [PL_TALO_REQ_BROADCAST] = {PL_TALO_WRITE_BROADCASTS, true, run_broadcast},
};

/* --- the checks: true when the message is answered --- */

static bool refuse_rate(struct pl_talo_socket *socket)
{
    struct pl_talo_dialect *dialect = socket->dialect;
    bool is_identified = socket->conn.alias_id != 0;
    enum pl_talo_rate_verdict verdict =
        pl_talo_rate_take(&socket->rate, is_identified, pl_hub_now_ms(dialect->params.hub));
    if (verdict == PL_TALO_RATE_OK) {
        return false;
    }
    pl_metrics_add(dialect->params.metrics, PL_METRIC_REFUSED_MESSAGE_RATE, 1);
    if (verdict == PL_TALO_RATE_CLOSE) {
        pl_ws_close(socket->ws, PL_WS_CLOSE_POLICY, PL_STR("RATE_LIMIT_EXCEEDED"));
    } else {
        pl_talo_socket_send_error(socket, PL_TALO_ERROR_RATE, NULL, none);
    }
    return true;
}

static bool answer_heartbeat(struct pl_talo_socket *socket, struct pl_str text)
{
    if (!pl_str_eq(text, PL_STR(PL_TALO_HEARTBEAT))) {
        return false;
    }
    pl_talo_socket_note_life(socket);
    pl_talo_socket_send_heartbeat(socket);
    return true;
}

static bool refuse_envelope(struct pl_talo_socket *socket, struct inbound *in)
{
    int rc = pl_talo_message_read(&in->message, in->text, socket->conn.verifies_requests);
    if (rc == 0) {
        return false;
    }
    pl_metrics_add(socket->dialect->params.metrics, PL_METRIC_ERROR_TALO_MESSAGE, 1);
    if (rc == PL_E_PROTO || !pl_utf8_is_valid(in->text)) { /* a binary frame's signature line */
        pl_talo_socket_send_error(socket, PL_TALO_ERROR_ROUTING, NULL, none);
    } else {
        pl_talo_socket_send_error(socket, PL_TALO_ERROR_MESSAGE, NULL, in->text);
    }
    return true;
}

static bool refuse_signature(struct pl_talo_socket *socket, const struct inbound *in)
{
    const struct pl_talo_conn *conn = &socket->conn;
    if (!conn->verifies_requests || conn->alias_id == 0 ||
        pl_talo_verify_request(socket->dialect->params.talo, conn->game_id, conn->alias_id,
                               in->message.signature, in->message.payload)) {
        return false;
    }
    refuse(socket, in, PL_TALO_ERROR_SIGNATURE);
    return true;
}

static bool refuse_stranger(struct pl_talo_socket *socket, const struct inbound *in)
{
    if (!requests[in->message.req].needs_player || socket->conn.alias_id != 0) {
        return false;
    }
    refuse(socket, in, PL_TALO_ERROR_NO_PLAYER);
    return true;
}

static bool refuse_scopes(struct pl_talo_socket *socket, const struct inbound *in)
{
    uint32_t missing =
        pl_talo_missing_scopes(socket->conn.scopes, requests[in->message.req].scopes);
    struct pl_buf text;
    if (missing == 0) {
        return false;
    }
    pl_buf_init(&text, SCOPES_TEXT_MAX);
    pl_talo_write_missing_scopes(&text, missing);
    pl_talo_socket_send_error(socket, PL_TALO_ERROR_SCOPES, &in->message.req, pl_buf_str(&text));
    pl_buf_fini(&text);
    return true;
}

static void refuse_data(struct pl_talo_socket *socket, const struct inbound *in)
{
    struct pl_buf compact;
    pl_metrics_add(socket->dialect->params.metrics, PL_METRIC_ERROR_TALO_MESSAGE, 1);
    pl_buf_init(&compact, ARENA_SLACK + in->text.len * GROWTH_MAX);
    pl_talo_message_write_compact(&compact, in->message.data);
    pl_talo_socket_send_error(socket, PL_TALO_ERROR_DATA, &in->message.req, pl_buf_str(&compact));
    pl_buf_fini(&compact);
}

static void take(struct pl_talo_socket *socket, struct inbound *in)
{
    if (refuse_envelope(socket, in) || refuse_signature(socket, in) ||
        refuse_stranger(socket, in) || refuse_scopes(socket, in)) {
        return;
    }
    socket->req = (uint8_t)in->message.req;
    pl_arena_init(&in->arena, in->text.len * 2 + ARENA_SLACK);
    if (!requests[in->message.req].run(socket, in)) {
        refuse_data(socket, in);
    }
    pl_arena_fini(&in->arena);
}

void pl_talo_socket_on_message(struct pl_session *session, enum pl_message_kind kind,
                               struct pl_span bytes)
{
    struct pl_talo_socket *socket = pl_session_user(session);
    struct inbound in = {.text = pl_str_of_span(bytes)};
    (void)kind; /* a binary frame is the same text */
    if (refuse_rate(socket) || answer_heartbeat(socket, in.text)) {
        return;
    }
    take(socket, &in);
}
