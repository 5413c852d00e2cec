/* What the server says to one Talo socket alone. */
#include "dialect/talo/encode.h"
#include "dialect/talo/socket_internal.h"

/* Besides what is quoted in a cause, which an inbound message bounds: each byte may become \u00xx. */
#define ANSWER_BYTES ((size_t)64 * 1024)
#define ESCAPED_MAX 6

static const struct {
    struct pl_str code;
    struct pl_str message;
} errors[] = {
    [PL_TALO_ERROR_RATE] = {PL_STR_INIT("RATE_LIMIT_EXCEEDED"), PL_STR_INIT("Rate limit exceeded")},
    [PL_TALO_ERROR_ROUTING] = {PL_STR_INIT("ROUTING_ERROR"),
                               PL_STR_INIT("An error occurred while routing the message")},
    [PL_TALO_ERROR_MESSAGE] = {PL_STR_INIT("INVALID_MESSAGE"),
                               PL_STR_INIT("Invalid message request")},
    [PL_TALO_ERROR_SIGNATURE] = {PL_STR_INIT("INVALID_SIGNATURE"),
                                 PL_STR_INIT("Invalid signature")},
    [PL_TALO_ERROR_NO_PLAYER] = {PL_STR_INIT("NO_PLAYER_FOUND"),
                                 PL_STR_INIT(
                                     "You must identify a player before sending this request")},
    [PL_TALO_ERROR_SCOPES] = {PL_STR_INIT("MISSING_ACCESS_KEY_SCOPES"), PL_STR_INIT("")},
    [PL_TALO_ERROR_DATA] = {PL_STR_INIT("INVALID_MESSAGE_DATA"),
                            PL_STR_INIT("Invalid message data for request")},
    [PL_TALO_ERROR_LISTENER] = {PL_STR_INIT("LISTENER_ERROR"),
                                PL_STR_INIT("An error occurred while processing the message")},
    [PL_TALO_ERROR_SOCKET_TOKEN] = {PL_STR_INIT("INVALID_SOCKET_TOKEN"),
                                    PL_STR_INIT("Invalid socket token")},
    [PL_TALO_ERROR_SESSION_TOKEN] = {PL_STR_INIT("INVALID_SESSION_TOKEN"),
                                     PL_STR_INIT("Invalid session token")},
};

/* Counted here, since the frame of a publish is counted where it is delivered. */
static void send(struct pl_talo_socket *socket, struct pl_frame *frame)
{
    struct pl_metrics *metrics = socket->dialect->params.metrics;
    if (frame != NULL) {
        pl_metrics_add(metrics, PL_METRIC_TALO_MESSAGES_OUT, 1);
        pl_metrics_add(metrics, PL_METRIC_TALO_BYTES_OUT, (int64_t)frame->len);
    }
    pl_ws_send_frame(socket->ws, frame);
}

void pl_talo_socket_send_connected(struct pl_talo_socket *socket)
{
    send(socket, pl_ws_frame_create(true, PL_STR("{\"res\":\"v1.connected\",\"data\":{}}")));
}

void pl_talo_socket_send_heartbeat(struct pl_talo_socket *socket)
{
    send(socket, pl_ws_frame_create(true, PL_STR(PL_TALO_HEARTBEAT)));
}

void pl_talo_socket_send_identified(struct pl_talo_socket *socket,
                                    const struct pl_talo_alias *alias)
{
    struct pl_talo_response response;
    pl_talo_response_begin(&response, PL_STR("v1.players.identify.success"), SIZE_MAX);
    pl_talo_write_alias(&response.json, alias, PL_TALO_WITH_AUTH);
    send(socket, pl_talo_response_end(&response));
}

static void put(struct pl_json_writer *out, struct pl_str key, struct pl_str value)
{
    pl_json_key(out, key);
    pl_json_put_string(out, value);
}

void pl_talo_socket_send_error(struct pl_talo_socket *socket, enum pl_talo_error_code code,
                               const enum pl_talo_req *req, struct pl_str cause)
{
    struct pl_talo_response response;
    bool is_message = code == PL_TALO_ERROR_SCOPES;
    pl_talo_response_begin(&response, PL_STR("v1.error"), ANSWER_BYTES + cause.len * ESCAPED_MAX);
    pl_json_object_begin(&response.json);
    put(&response.json, PL_STR("req"), req == NULL ? PL_STR("unknown") : pl_talo_req_name(*req));
    put(&response.json, PL_STR("message"), is_message ? cause : errors[code].message);
    put(&response.json, PL_STR("errorCode"), errors[code].code);
    if (cause.ptr != NULL && !is_message) {
        put(&response.json, PL_STR("cause"), cause);
    }
    pl_json_object_end(&response.json);
    send(socket, pl_talo_response_end(&response));
}
