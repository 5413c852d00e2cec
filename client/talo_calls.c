/* Requests one after the other on a kept connection. A call is queued by the public functions, sent
 * in a tick, and ends in one: with an answer, a failure, or too late. */
#include "client/talo_internal.h"

#include "base/alloc.h"

#define IDLE_MAX_MS 4000 /* servers close after five seconds, just when a request is on its way */
#define PLAYER_FORGOTTEN "the player was forgotten meanwhile"
#define ARENA_MIN 65536
#define ARENA_PER_BYTE 4 /* of an answer: what a service really sends takes less than three */

void pl_talo_call_destroy(struct pl_talo_call *call)
{
    if (call != NULL) {
        pl_buf_fini(&call->target);
        pl_talo_fini_secret(&call->body);
        pl_free(call);
    }
}

/* --- the queue --- */

static int check_call(struct parley_talo *talo, const struct pl_talo_call *call)
{
    if (call == NULL) {
        return pl_client_fail(talo->client, PL_E_NOMEM, "no memory for a request");
    }
    if (pl_buf_failed(&call->body) || pl_buf_failed(&call->target)) {
        return pl_client_fail(talo->client, PL_E_NOMEM,
                              "no memory for a request, or it is larger "
                              "than 1 MiB");
    }
    return 0;
}

static int check_room(struct parley_talo *talo)
{
    if (talo->call_count >= talo->config.requests_max) {
        return pl_client_fail(talo->client, PL_E_FULL,
                              "%d requests wait already (requests_max): tick, and try later",
                              talo->call_count);
    }
    return 0;
}

static void queue_before(struct parley_talo *talo, struct pl_list *place, struct pl_talo_call *call)
{
    pl_list_push_back(place, &call->node);
    talo->call_count++;
    pl_client_flush_later(talo->client, &talo->pump);
}

void pl_talo_call_again(struct parley_talo *talo, struct pl_talo_call *call)
{
    queue_before(talo, talo->calls.next, call);
}

int pl_talo_call_make(struct parley_talo *talo, struct pl_talo_call *call)
{
    int rc = check_call(talo, call);
    rc = rc < 0 ? rc : check_room(talo);
    if (rc < 0) {
        pl_talo_call_destroy(call);
        return rc;
    }
    call->is_of_player = call->is_of_player || talo->alias != NULL;
    queue_before(talo, &talo->calls, call);
    return 0;
}

int pl_talo_call_make_first(struct parley_talo *talo, struct pl_talo_call *call)
{
    int rc = check_call(talo, call);
    if (rc < 0) {
        pl_talo_call_destroy(call);
        return rc;
    }
    pl_talo_call_again(talo, call);
    return 0;
}

void pl_talo_calls_forget(struct parley_talo *talo, pl_talo_after *after)
{
    PL_LIST_EACH(node, &talo->calls)
    {
        struct pl_talo_call *call = PL_CONTAINER_OF(node, struct pl_talo_call, node);
        if (call->after == after) {
            pl_list_remove(&call->node);
            pl_talo_call_destroy(call);
            talo->call_count--;
        }
    }
}

static void disown(struct pl_talo_call *call)
{
    if (call->is_of_player) {
        call->error = PL_E_CLOSED;
    }
}

void pl_talo_calls_disown(struct parley_talo *talo)
{
    PL_LIST_EACH(node, &talo->calls)
    {
        disown(PL_CONTAINER_OF(node, struct pl_talo_call, node));
    }
    if (talo->current != NULL) {
        disown(talo->current);
    }
    pl_client_flush_later(talo->client, &talo->pump);
}

void pl_talo_calls_drop(struct parley_talo *talo)
{
    struct pl_list *node = NULL;
    pl_client_later_cancel(&talo->pump);
    pl_client_http_destroy(&talo->http);
    pl_talo_call_destroy(talo->current);
    talo->current = NULL;
    while ((node = pl_list_pop_front(&talo->calls)) != NULL) {
        pl_talo_call_destroy(PL_CONTAINER_OF(node, struct pl_talo_call, node));
    }
    talo->call_count = 0;
}

/* --- how a call ends --- */

/* Make the change in here, and tell. */
static void end_call(struct parley_talo *talo, struct pl_talo_call *call,
                     struct parley_talo_result *result, struct pl_str body)
{
    if (call->after != NULL && call->after(talo, call, result, body)) {
        return; /* it is another one now */
    }
    if (call->done != NULL && !talo->is_destroyed) {
        pl_client_count_callback(talo->client);
        call->done(talo, result, call->user);
    }
    pl_talo_call_destroy(call);
}

/* A call that was refused for an old session, or for none, is made again behind a refresh: where
 * there is a token for that. */
static bool renew(struct parley_talo *talo, struct pl_talo_call *call,
                  const struct parley_talo_result *result)
{
    struct pl_talo_call *refresh = NULL;
    if (!pl_talo_is_session_over(result) || call->was_refused ||
        call->after == pl_talo_after_refresh) {
        return false;
    }
    refresh = pl_talo_refresh_call(talo);
    if (refresh == NULL || pl_buf_failed(&refresh->body) || pl_buf_failed(&refresh->target)) {
        pl_talo_call_destroy(refresh);
        return false;
    }
    refresh->is_renewing = true;
    call->was_refused = true;
    pl_talo_call_again(talo, call);
    pl_talo_call_again(talo, refresh);
    return true;
}

/* The one that a refresh was for. */
static struct pl_talo_call *take_refused(struct parley_talo *talo)
{
    PL_LIST_EACH(node, &talo->calls)
    {
        struct pl_talo_call *call = PL_CONTAINER_OF(node, struct pl_talo_call, node);
        if (call->was_refused) {
            pl_list_remove(&call->node);
            talo->call_count--;
            return call;
        }
    }
    return NULL;
}

/* The call is on no list and no longer current. */
static void settle(struct parley_talo *talo, struct pl_talo_call *call,
                   struct parley_talo_result *result, struct pl_str body)
{
    struct parley_talo_result forgotten;
    bool is_for_another = false;
    talo->call_count--;
    if (call->error < 0 && call->after != NULL) { /* it would change who is playing now */
        pl_talo_result_fail(&forgotten, call->error, PLAYER_FORGOTTEN);
        result = &forgotten;
    }
    is_for_another = call->is_renewing && result->error < 0;
    if (renew(talo, call, result)) {
        return;
    }
    end_call(talo, call, result, body);
    if (is_for_another && !talo->is_destroyed) {
        call = take_refused(talo);
        if (call != NULL) {
            end_call(talo, call, result, PL_STR(""));
        }
    }
}

static void settle_failed(struct parley_talo *talo, struct pl_talo_call *call, int error,
                          const char *reason)
{
    struct parley_talo_result result;
    struct pl_error words;
    pl_error_set(&words, error, "%s", reason);
    pl_talo_result_fail(&result, error, words.text);
    settle(talo, call, &result, PL_STR(""));
}

static struct pl_talo_call *take_current(struct parley_talo *talo)
{
    struct pl_talo_call *call = talo->current;
    talo->current = NULL;
    talo->idle_since_ms = pl_client_now_ms(talo->client);
    pl_client_timer_stop(talo->client, &talo->call_timer);
    return call;
}

/* --- what HTTP tells --- */

static void send_next(struct parley_talo *talo);

static void on_answer(struct pl_client_http *http, int status, struct pl_span body, void *user)
{
    struct parley_talo *talo = user;
    struct pl_talo_call *call = take_current(talo);
    struct parley_talo_result result;
    struct pl_arena arena;
    struct pl_str raw = pl_str_of_span(body);
    (void)http;
    pl_arena_init(&arena, ARENA_MIN + raw.len * ARENA_PER_BYTE);
    pl_talo_result_read(&result, &arena, status, raw);
    settle(talo, call, &result, result.data == NULL ? PL_STR("") : raw);
    parley_val_unref(result.data);
    pl_arena_fini(&arena);
    send_next(talo);
}

static void on_failed(struct pl_client_http *http, int error, const char *reason, void *user)
{
    struct parley_talo *talo = user;
    (void)http;
    settle_failed(talo, take_current(talo), error == PL_E_CLOSED ? PL_E_IO : error, reason);
    send_next(talo);
}

static const struct pl_client_http_owner http_owner = {on_answer, on_failed};

void pl_talo_calls_on_timer(struct pl_timer *timer)
{
    struct parley_talo *talo = PL_CONTAINER_OF(timer, struct parley_talo, call_timer);
    struct pl_error err;
    pl_client_http_destroy(&talo->http); /* what it still answers is nobody's */
    pl_error_set(&err, PL_E_TIMEOUT, "no answer after %d ms", talo->config.request_timeout_ms);
    settle_failed(talo, take_current(talo), PL_E_TIMEOUT, err.text);
    send_next(talo);
}

/* --- sending --- */

static int prepare_http(struct parley_talo *talo, struct pl_error *err)
{
    if (talo->http != NULL && pl_client_now_ms(talo->client) - talo->idle_since_ms > IDLE_MAX_MS) {
        pl_client_http_destroy(&talo->http);
    }
    return talo->http != NULL
               ? 0
               : pl_client_http_create(&talo->http, talo->client, &talo->api, talo->api.message_max,
                                       &http_owner, talo, err);
}

static int send_call(struct parley_talo *talo, const struct pl_talo_call *call,
                     struct pl_error *err)
{
    bool has_body = strcmp(call->method, "GET") != 0;
    struct pl_buf target;
    struct pl_buf headers;
    int rc = prepare_http(talo, err);
    if (rc < 0) {
        return rc;
    }
    pl_buf_init(&target, SIZE_MAX / 2);
    pl_buf_init(&headers, SIZE_MAX / 2);
    pl_talo_write_base(&target, &talo->api);
    pl_buf_add_str(&target, pl_buf_str(&call->target));
    pl_talo_write_headers(&headers, talo, call);
    if (pl_buf_failed(&target) || pl_buf_failed(&headers)) {
        rc = pl_error_set(err, PL_E_NOMEM, "no memory for a request");
    } else {
        rc =
            pl_client_http_send(talo->http, call->method, pl_buf_str(&target), pl_buf_str(&headers),
                                has_body ? "application/json" : NULL, pl_buf_str(&call->body), err);
    }
    pl_talo_fini_secret(&headers);
    pl_buf_fini(&target);
    return rc;
}

static void send_next(struct parley_talo *talo)
{
    struct pl_list *node = NULL;
    while (!talo->is_destroyed && talo->current == NULL &&
           (node = pl_list_pop_front(&talo->calls)) != NULL) {
        struct pl_talo_call *call = PL_CONTAINER_OF(node, struct pl_talo_call, node);
        struct pl_error err = {0};
        int rc = call->error < 0 ? pl_error_set(&err, call->error, PLAYER_FORGOTTEN)
                                 : send_call(talo, call, &err);
        if (rc < 0) {
            settle_failed(talo, call, rc, err.text);
            continue;
        }
        talo->current = call;
        pl_client_timer_set(talo->client, &talo->call_timer, talo->config.request_timeout_ms);
    }
}

void pl_talo_calls_pump(struct pl_client_later *later)
{
    struct parley_talo *talo = PL_CONTAINER_OF(later, struct parley_talo, pump);
    pl_talo_session_settle(talo);
    send_next(talo);
}
