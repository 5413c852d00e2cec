/* Talo sockets from the upgrade to the end. The heartbeat of spec 1.4 is one timer for all of them,
 * but each has its own beats, 30 s from one to the next: the list is in the order of the next beat,
 * so that a turn looks only at those that are due. */
#include "base/alloc.h"
#include "codec/http_chars.h"
#include "dialect/encodings.h"
#include "dialect/talo/socket_internal.h"

#define BEAT_MS 30000
#define BEATS_PER_TURN 64
#define LOG_PERIOD_MS 10000
#define LOG_BURST 10
#define PATH_LOG_BYTES 128

/* --- heartbeat --- */

/* Until its next beat; not above 0 when that is due. */
static int32_t beat_in_ms(const struct pl_talo_socket *socket)
{
    return (int32_t)(socket->beat_ms - (uint32_t)pl_hub_now_ms(socket->dialect->params.hub));
}

static void set_beat_timer(struct pl_talo_dialect *dialect)
{
    struct pl_hub *hub = dialect->params.hub;
    struct pl_list *first = dialect->sockets.next;
    if (first != &dialect->sockets) {
        struct pl_talo_socket *socket = PL_CONTAINER_OF(first, struct pl_talo_socket, by_beat);
        pl_timer_set(pl_hub_timers(hub), &dialect->beat_timer,
                     pl_hub_now_ms(hub) + beat_in_ms(socket));
    }
}

static void beat_next_time(struct pl_talo_socket *socket)
{
    struct pl_talo_dialect *dialect = socket->dialect;
    socket->beat_ms = (uint32_t)pl_hub_now_ms(dialect->params.hub) + BEAT_MS;
    pl_list_remove(&socket->by_beat);
    pl_list_push_back(&dialect->sockets, &socket->by_beat);
}

static void beat(struct pl_talo_socket *socket)
{
    struct pl_talo_dialect *dialect = socket->dialect;
    if (!socket->is_alive) {
        pl_metrics_add(dialect->params.metrics, PL_METRIC_TALO_TIMED_OUT, 1);
        pl_ws_abort(socket->ws);
        return;
    }
    socket->is_alive = false;
    beat_next_time(socket);
    pl_ws_ping(socket->ws, PL_STR(""));
}

static void on_beat_timer(struct pl_timer *timer)
{
    struct pl_talo_dialect *dialect = PL_CONTAINER_OF(timer, struct pl_talo_dialect, beat_timer);
    for (size_t i = 0; i < BEATS_PER_TURN && !pl_list_is_empty(&dialect->sockets); i++) {
        struct pl_talo_socket *first =
            PL_CONTAINER_OF(dialect->sockets.next, struct pl_talo_socket, by_beat);
        if (beat_in_ms(first) > 0) {
            break;
        }
        beat(first);
    }
    set_beat_timer(dialect);
}

void pl_talo_socket_note_life(struct pl_talo_socket *socket)
{
    socket->is_alive = true;
    pl_talo_rate_decay(&socket->rate);
}

/* --- the end --- */

static void free_socket(struct pl_deferred *deferred)
{
    pl_free(PL_CONTAINER_OF(deferred, struct pl_talo_socket, free));
}

static void on_closed(struct pl_ws *ws, uint16_t code, struct pl_str reason, enum pl_conn_end end)
{
    struct pl_talo_socket *socket = pl_ws_user(ws);
    (void)code;
    (void)reason;
    (void)end;
    socket->ws = NULL;
    if (pl_list_is_linked(&socket->by_beat)) { /* it had a ticket */
        pl_list_remove(&socket->by_beat);
        pl_metrics_add(socket->dialect->params.metrics, PL_METRIC_TALO_SOCKETS, -1);
        pl_talo_conn_close(&socket->conn);
        pl_session_close(&socket->conn.session);
    }
    socket->free = (struct pl_deferred){.run = free_socket};
    pl_loop_defer(pl_web_conns(socket->dialect->params.web)->loop, &socket->free);
}

void pl_talo_on_revoked(struct pl_talo_conn *conn)
{
    struct pl_talo_socket *socket = pl_talo_socket_of(conn);
    if (socket->ws != NULL) {
        pl_ws_close(socket->ws, PL_TALO_CLOSE_CODE, PL_STR(""));
    }
}

void pl_talo_sockets_leave(struct pl_talo_dialect *dialect, uint16_t code)
{
    while (!pl_list_is_empty(&dialect->sockets)) { /* on_closed takes each off the list */
        struct pl_talo_socket *first =
            PL_CONTAINER_OF(dialect->sockets.next, struct pl_talo_socket, by_beat);
        pl_ws_close(first->ws, code, PL_STR(""));
    }
}

/* --- messages --- */

static void on_message(struct pl_ws *ws, bool is_text, struct pl_span bytes)
{
    struct pl_talo_socket *socket = pl_ws_user(ws);
    struct pl_metrics *metrics = socket->dialect->params.metrics;
    pl_metrics_add(metrics, PL_METRIC_TALO_MESSAGES_IN, 1);
    pl_metrics_add(metrics, PL_METRIC_TALO_BYTES_IN, (int64_t)bytes.len);
    if (!pl_session_receive(socket->conn.session, is_text ? PL_MESSAGE_TEXT : PL_MESSAGE_BINARY,
                            bytes)) {
        pl_ws_close(ws, PL_TALO_CLOSE_CODE, PL_STR("")); /* no memory */
    }
}

static void on_pong(struct pl_ws *ws, struct pl_span payload)
{
    (void)payload;
    pl_talo_socket_note_life(pl_ws_user(ws));
}

static const struct pl_ws_handler handler = {
    .on_message = on_message, .on_pong = on_pong, .on_closed = on_closed};

/* --- the upgrade --- */

/* The first one counts (spec 1.1); a NULL pointer when there is none. */
static struct pl_str find_ticket(struct pl_web_request *request)
{
    struct pl_str rest = pl_web_request_url(request)->query;
    struct pl_http_query_pair pair;
    while (pl_http_query_next(&pair, &rest)) {
        struct pl_str ticket = PL_STR("");
        if (pl_http_form_eq(pair.name, PL_STR("ticket"))) {
            return pl_http_form_decode(&ticket, pair.value, pl_web_request_arena(request), NULL) < 0
                       ? PL_STR("")
                       : ticket;
        }
    }
    return (struct pl_str){NULL, 0};
}

/* Who has no ticket may be looking for another endpoint: a mistyped path of Socket.IO ends here. */
static void log_stranger(struct pl_talo_dialect *dialect, struct pl_web_request *request)
{
    char ip[PL_ADDRESS_TEXT_MAX];
    char path[PATH_LOG_BYTES];
    pl_address_format_host(ip, pl_web_request_peer(request));
    pl_log_quote(path, sizeof(path), pl_web_request_url(request)->path);
    if (!pl_log_limited(dialect->params.log, &dialect->log_limit,
                        pl_hub_now_ms(dialect->params.hub), PL_LOG_INFO, "talo.no_ticket",
                        "ip=%s path=%s", ip, path)) {
        pl_metrics_add(dialect->params.metrics, PL_METRIC_LOG_SUPPRESSED, 1);
    }
}

/* Subprotocols that a client offers: the first one is as good as none. */
static void echo_subprotocol(struct pl_web_request *request)
{
    const struct pl_http_request *head = pl_web_request_head(request);
    struct pl_str name = PL_STR("Sec-WebSocket-Protocol");
    struct pl_str offers = pl_http_header_find(head, name);
    struct pl_str first = pl_str_trim(pl_str_split(&offers, ','));
    if (first.len > 0 && pl_http_chars_span(first, PL_HTTP_CHAR_TOKEN) == first.len) {
        (void)!pl_web_request_add_header(request, name, first, NULL); /* then it has none */
    }
}

/* Fill in what the ticket stands for. False when there is none that is good: used up in any case. */
static bool take_ticket(struct pl_talo_socket *socket, struct pl_str text)
{
    struct pl_talo *talo = socket->dialect->params.talo;
    struct pl_talo_conn *conn = &socket->conn;
    struct pl_talo_ticket ticket;
    const struct pl_talo_key *key = NULL;
    const struct pl_talo_game *game = NULL;
    if (!pl_talo_take_ticket(&ticket, talo, text)) {
        return false;
    }
    key = pl_talo_find_key(talo, ticket.key_id);
    game = key == NULL || key->revoked_ms != 0 ? NULL : pl_talo_find_game(talo, key->game_id);
    if (game == NULL) {
        return false;
    }
    conn->game_id = game->id;
    conn->key_id = key->id;
    conn->scopes = key->scopes;
    conn->verifies_requests = game->verifies_requests;
    conn->is_dev_build = ticket.is_dev_build;
    return true;
}

static void open_socket(struct pl_talo_socket *socket)
{
    static const struct pl_session_ops ops = {.on_message = pl_talo_socket_on_message};
    struct pl_talo_dialect *dialect = socket->dialect;
    socket->conn.session =
        pl_session_open(dialect->params.hub, &(struct pl_session_params){
                                                 .ops = &ops,
                                                 .user = socket,
                                                 .sink = pl_ws_sink(socket->ws),
                                                 .encoding = pl_ws_encoding(socket->ws),
                                             });
    socket->is_alive = true;
    pl_metrics_add(dialect->params.metrics, PL_METRIC_TALO_SOCKETS, 1);
    pl_metrics_add(dialect->params.metrics, PL_METRIC_TALO_SOCKETS_OPENED, 1);
    beat_next_time(socket);
    if (!pl_timer_is_set(&dialect->beat_timer)) {
        set_beat_timer(dialect);
    }
    pl_talo_socket_send_connected(socket);
    pl_talo_conn_open(dialect->params.talo, &socket->conn);
}

static int accept(struct pl_talo_socket *socket, struct pl_web_request *request)
{
    const struct pl_talo_limits *limits = &socket->dialect->params.limits;
    echo_subprotocol(request);
    return pl_web_accept_websocket(&socket->ws, request,
                                   &(struct pl_ws_params){
                                       .handler = &handler,
                                       .user = socket,
                                       .message_limit_bytes = limits->message_bytes,
                                       .send_limit_bytes = limits->send_bytes,
                                       .encoding = PL_ENCODING_TALO,
                                   },
                                   NULL);
}

/* The upgrade is accepted whatever the ticket (spec 1.1). */
static void on_upgrade(struct pl_web_request *request, void *user)
{
    struct pl_talo_dialect *dialect = user;
    struct pl_str ticket = find_ticket(request);
    struct pl_talo_socket *socket = pl_try_alloc(sizeof(*socket));
    bool may_come_in = false;
    if (socket == NULL) {
        pl_web_respond_empty(request, 503);
        return;
    }
    *socket = (struct pl_talo_socket){.dialect = dialect};
    if (ticket.ptr == NULL) {
        log_stranger(dialect, request);
    }
    may_come_in = take_ticket(socket, ticket) && !dialect->is_leaving; /* while there is its text */
    if (accept(socket, request) < 0) {
        pl_web_respond_empty(request, 503);
        pl_free(socket);
        return;
    }
    if (may_come_in) {
        open_socket(socket);
    } else {
        pl_metrics_add(dialect->params.metrics, PL_METRIC_REFUSED_TICKET, 1);
        pl_ws_close(socket->ws, PL_TALO_CLOSE_CODE, PL_STR(""));
    }
}

int pl_talo_sockets_open(struct pl_talo_dialect *dialect, struct pl_error *err)
{
    struct pl_route route = {
        .match = PL_ROUTE_FALLBACK, .owner = "talo", .user = dialect, .on_upgrade = on_upgrade};
    pl_list_init(&dialect->sockets);
    dialect->beat_timer.on_due = on_beat_timer;
    dialect->log_limit = (struct pl_log_limit){.period_ms = LOG_PERIOD_MS, .burst = LOG_BURST};
    return pl_web_route_add(dialect->params.web, &route, err);
}
