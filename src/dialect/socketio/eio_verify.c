/* Engine.IO requests: checked in the order of spec 1.9, then handed to their transport. Hooks of
 * the application may answer later. */
#include "dialect/socketio/eio_internal.h"

#include "base/base64.h"
#include "web/handover.h"

#define DEFAULT_SID_BYTES 15 /* 120 random bits, 20 characters */

/* A question to the application about one request. */
struct pl_eio_decision {
    struct pl_eio_engine *engine;
    struct pl_web_request *request; /* NULL when the client has left */
    void (*then)(struct pl_eio_engine *engine, struct pl_web_request *request, bool is_upgrade);
    enum pl_eio_error error; /* when it is refused */
    bool is_upgrade;
};

static void tell_application(struct pl_eio_engine *engine, struct pl_web_request *request,
                             enum pl_eio_error error, struct pl_str message)
{
    if (engine->handler.on_refused != NULL) {
        engine->handler.on_refused(engine->handler.user, request, error, message);
    }
}

static void answer_json(struct pl_web_request *request, enum pl_eio_error error, struct pl_str text,
                        bool must_close)
{
    struct pl_web_header json = {PL_STR("Content-Type"), PL_STR("application/json")};
    struct pl_buf body;
    pl_buf_init(&body, 4096);
    pl_eio_error_write(&body, error, text);
    pl_web_respond(request,
                   &(struct pl_web_response){.status = pl_eio_error_get(error)->http_status,
                                             .headers = &json,
                                             .header_count = 1,
                                             .body = pl_buf_str(&body),
                                             .must_close = must_close});
    pl_buf_fini(&body);
}

static void refuse(struct pl_eio_engine *engine, struct pl_web_request *request, bool is_upgrade,
                   enum pl_eio_error error, struct pl_str text)
{
    struct pl_str message = text.len > 0 ? text : pl_eio_error_get(error)->message;
    pl_metrics_add(engine->conns->metrics,
                   error == PL_EIO_ERROR_FORBIDDEN ? PL_METRIC_REFUSED_FORBIDDEN
                                                   : PL_METRIC_ERROR_ENGINEIO_HANDSHAKE,
                   1);
    tell_application(engine, request, error, message);
    if (is_upgrade) { /* raw text, and the connection ends (spec 1.6) */
        struct pl_web_header type = {PL_STR("Content-type"), PL_STR("text/html")};
        pl_web_respond(request, &(struct pl_web_response){.status = 400,
                                                          .headers = &type,
                                                          .header_count = 1,
                                                          .body = message,
                                                          .must_close = true});
        return;
    }
    answer_json(request, error, text, false);
}

/* A page whose origin is not allowed. The web server has counted and logged it; a handshake of
 * WebSocket is told by its status as well, so the connection ends. */
void pl_eio_on_foreign(struct pl_web_request *request, void *engine)
{
    tell_application(engine, request, PL_EIO_ERROR_FORBIDDEN,
                     pl_eio_error_get(PL_EIO_ERROR_FORBIDDEN)->message);
    answer_json(request, PL_EIO_ERROR_FORBIDDEN, PL_STR(""), true);
}

/* --- hooks --- */

static void on_request_lost(struct pl_web_request *request, void *user)
{
    struct pl_eio_decision *decision = user;
    (void)request;
    decision->request = NULL;
}

static struct pl_eio_decision *
ask(struct pl_eio_engine *engine, struct pl_web_request *request, bool is_upgrade,
    enum pl_eio_error error, void (*then)(struct pl_eio_engine *, struct pl_web_request *, bool))
{
    struct pl_eio_decision *decision = pl_alloc(sizeof(*decision));
    *decision = (struct pl_eio_decision){engine, request, then, error, is_upgrade};
    pl_web_request_on_abort(request, on_request_lost, decision);
    return decision;
}

struct pl_web_request *pl_eio_decision_request(const struct pl_eio_decision *decision)
{
    return decision->request;
}

void pl_eio_decision_accept(struct pl_eio_decision *decision)
{
    struct pl_eio_decision answered = *decision;
    pl_free(decision);
    if (answered.request != NULL && !pl_web_request_is_answered(answered.request)) {
        pl_web_request_on_abort(answered.request, NULL, NULL);
        answered.then(answered.engine, answered.request, answered.is_upgrade);
    }
}

void pl_eio_decision_refuse(struct pl_eio_decision *decision, struct pl_str text)
{
    struct pl_eio_decision answered = *decision;
    pl_free(decision);
    if (answered.request != NULL && !pl_web_request_is_answered(answered.request)) {
        struct pl_str words = answered.error == PL_EIO_ERROR_FORBIDDEN ? text : PL_STR("");
        pl_web_request_on_abort(answered.request, NULL, NULL);
        refuse(answered.engine, answered.request, answered.is_upgrade, answered.error, words);
    }
}

void pl_eio_decision_drop(struct pl_eio_decision *decision)
{
    if (decision->request != NULL) {
        pl_web_request_on_abort(decision->request, NULL, NULL);
    }
    pl_free(decision);
}

/* --- a new session --- */

static bool is_sid(struct pl_str sid)
{
    for (size_t i = 0; i < sid.len; i++) {
        char c = sid.ptr[i];
        bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_word && c != '-' && c != '_') {
            return false;
        }
    }
    return sid.len > 0;
}

/* Returns the length of the id in `out`, 0 when there is none. */
static size_t make_sid(struct pl_eio_engine *engine, struct pl_web_request *request,
                       char out[PL_EIO_SID_MAX + 1])
{
    uint8_t random[DEFAULT_SID_BYTES];
    struct pl_str sid;
    if (engine->handler.generate_id == NULL) {
        pl_hub_random(engine->hub, random, sizeof(random));
        return pl_base64url_encode(out, random, sizeof(random));
    }
    memset(out, 0, PL_EIO_SID_MAX + 1);
    if (engine->handler.generate_id(engine->handler.user, request, out, PL_EIO_SID_MAX + 1) < 0) {
        return 0;
    }
    sid = pl_str_make(out, strnlen(out, PL_EIO_SID_MAX));
    return is_sid(sid) && pl_eio_engine_find(engine, sid) == NULL ? sid.len : 0;
}

static void open_session(struct pl_eio_engine *engine, struct pl_web_request *request,
                         bool is_upgrade)
{
    struct pl_eio_query query;
    char sid[PL_EIO_SID_MAX + 1];
    size_t sid_len = 0;
    if (engine->is_departing) { /* meanwhile */
        pl_web_request_hold(request);
        return;
    }
    pl_eio_query_read(&query, pl_web_request_url(request)->query);
    if (query.revision != 4 && !engine->config.allows_revision_3) {
        refuse(engine, request, is_upgrade, PL_EIO_ERROR_REVISION, PL_STR(""));
        return;
    }
    sid_len = make_sid(engine, request, sid);
    if (sid_len == 0) {
        refuse(engine, request, is_upgrade, PL_EIO_ERROR_ID_GENERATION, PL_STR(""));
    } else if (is_upgrade) {
        pl_eio_websocket_open(engine, request, pl_str_make(sid, sid_len), &query);
    } else {
        pl_eio_polling_open(engine, request, pl_str_make(sid, sid_len), &query);
    }
}

static void handle_newcomer(struct pl_eio_engine *engine, struct pl_web_request *request,
                            bool is_upgrade, const struct pl_eio_query *query)
{
    bool is_get = pl_web_request_head(request)->method == PL_HTTP_GET;
    if (!is_get) {
        refuse(engine, request, is_upgrade, PL_EIO_ERROR_METHOD, PL_STR(""));
    } else if ((query->transport == PL_EIO_TRANSPORT_WEBSOCKET) != is_upgrade) {
        refuse(engine, request, is_upgrade, PL_EIO_ERROR_TRANSPORT_HANDSHAKE, PL_STR(""));
    } else if (engine->handler.allow_request != NULL) {
        engine->handler.allow_request(
            engine->handler.user, request,
            ask(engine, request, is_upgrade, PL_EIO_ERROR_FORBIDDEN, open_session));
    } else {
        open_session(engine, request, is_upgrade);
    }
}

/* --- a known session --- */

static struct pl_eio_session *find_session(struct pl_eio_engine *engine, struct pl_str sid)
{
    struct pl_eio_session *session = pl_eio_engine_find(engine, sid);
    if (session != NULL && pl_eio_session_is_overdue(session)) {
        pl_eio_session_end(session, PL_EIO_PING_TIMEOUT);
        return NULL;
    }
    return session;
}

static void handle_known(struct pl_eio_engine *engine, struct pl_web_request *request,
                         bool is_upgrade, const struct pl_eio_query *query)
{
    struct pl_eio_session *session = find_session(engine, query->sid);
    enum pl_http_method method = pl_web_request_head(request)->method;
    bool is_websocket = query->transport == PL_EIO_TRANSPORT_WEBSOCKET;
    if (pl_web_request_is_answered(request)) {
        return; /* a POST of a session that has just ended over its missing pong */
    }
    if (session == NULL) {
        if (is_upgrade || !pl_eio_departed_answer(engine, request, query)) {
            refuse(engine, request, is_upgrade, PL_EIO_ERROR_SID_UNKNOWN, PL_STR(""));
        }
    } else if (is_upgrade && is_websocket && engine->config.allows_upgrades) {
        pl_eio_upgrade_start(session, request, query);
    } else if (is_upgrade || is_websocket ||
               (session->ws != NULL &&
                (session->polling == NULL || session->polling->post != request))) {
        refuse(engine, request, is_upgrade, PL_EIO_ERROR_TRANSPORT_MISMATCH, PL_STR(""));
    } else if (method == PL_HTTP_GET) {
        pl_eio_polling_get(session, request);
    } else if (method == PL_HTTP_POST) {
        pl_eio_polling_post(session, request);
    } else {
        pl_web_respond_empty(request, 500); /* spec 1.5.1 */
    }
}

/* --- every request --- */

static void verify(struct pl_eio_engine *engine, struct pl_web_request *request, bool is_upgrade)
{
    struct pl_eio_query query;
    if (pl_web_request_is_answered(request)) {
        return; /* a middleware has */
    }
    if (engine->is_departing) { /* meanwhile */
        pl_web_request_hold(request);
        return;
    }
    pl_eio_query_read(&query, pl_web_request_url(request)->query);
    if ((query.transport == PL_EIO_TRANSPORT_POLLING && engine->config.allows_polling) ||
        (query.transport == PL_EIO_TRANSPORT_WEBSOCKET && engine->config.allows_websocket)) {
        if (query.has_sid) {
            handle_known(engine, request, is_upgrade, &query);
        } else if (engine->is_shut_down) {
            pl_metrics_add(engine->conns->metrics, PL_METRIC_REFUSED_DRAINING, 1);
            pl_web_respond_empty(request, 503);
        } else {
            handle_newcomer(engine, request, is_upgrade, &query);
        }
        return;
    }
    refuse(engine, request, is_upgrade, PL_EIO_ERROR_TRANSPORT_UNKNOWN, PL_STR(""));
}

/* Whether the request would open a session, and these wait for another process. */
static bool is_held(const struct pl_eio_engine *engine, struct pl_web_request *request)
{
    struct pl_eio_query query;
    if (!engine->holds_newcomers) {
        return false;
    }
    pl_eio_query_read(&query, pl_web_request_url(request)->query);
    return !query.has_sid;
}

static void handle(struct pl_eio_engine *engine, struct pl_web_request *request, bool is_upgrade)
{
    if (is_held(engine, request)) {
        pl_web_request_hold(request);
        return;
    }
    if (engine->handler.middleware == NULL) {
        verify(engine, request, is_upgrade);
        return;
    }
    engine->handler.middleware(engine->handler.user, request,
                               ask(engine, request, is_upgrade, PL_EIO_ERROR_MIDDLEWARE, verify));
}

void pl_eio_on_request(struct pl_web_request *request, void *engine)
{
    handle(engine, request, false);
}

void pl_eio_on_upgrade(struct pl_web_request *request, void *engine)
{
    handle(engine, request, true);
}
