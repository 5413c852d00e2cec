/* Long-polling: a GET that is always under way, and POSTs one after the other, each on a kept
 * connection of its own. */
#include "client/eio_internal.h"

#include "codec/eio_payload.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#define POST_ANSWER_MAX 65536 /* "ok", or some proxy's page about an error */
#define SHOWN_MAX 120         /* bytes of a server's message */
#define TARGET_MAX SIZE_MAX
#define CONTENT_TYPE "text/plain;charset=UTF-8"

/* --- answers that are no success --- */

/* The server's message: of {"code":1,"message":"Session ID unknown"} the words, else what it is. */
static struct pl_str find_message(char *out, size_t room, struct pl_str body)
{
    struct pl_str raw;
    ptrdiff_t len = -1;
    if (pl_json_validate(body, 8, NULL) == 0 &&
        pl_json_object_find(&raw, body, PL_STR("message")) && raw.len <= room) {
        len = pl_json_string_copy(out, raw);
    }
    if (len >= 0) {
        return pl_str_make(out, (size_t)len);
    }
    body = pl_str_first(pl_str_trim(body), room);
    if (body.len > 0) {
        memcpy(out, body.ptr, body.len);
    }
    return pl_str_make(out, body.len);
}

/* What a server wrote ends up in logs and terminals. */
static void make_printable(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            text[i] = text[i] == '\n' || text[i] == '\r' ? ' ' : '?';
        }
    }
}

static int error_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
    case 407:
        return PL_E_DENIED;
    case 413:
        return PL_E_TOO_BIG;
    default:
        return PL_E_PROTO;
    }
}

static void refused(struct pl_client_eio *eio, const char *method, int status, struct pl_str body)
{
    char text[SHOWN_MAX];
    struct pl_error err;
    struct pl_str message = find_message(text, sizeof(text), body);
    make_printable(text, message.len);
    pl_error_set(&err, error_of_status(status), "%s answered with status %d%s" PL_STR_FMT, method,
                 status, message.len > 0 ? ": " : "", PL_STR_ARG(message));
    pl_client_eio_fail(eio, err.code, err.text);
}

/* --- GET --- */

/* Take packets from the front of *body until the turn's budget is used up. Returns whether there are
 * more, which *body then is. */
static bool take_packets(struct pl_client_eio *eio, struct pl_str *body)
{
    struct pl_eio_payload_reader reader;
    struct pl_eio_packet packet;
    struct pl_arena arena;
    struct pl_error err = {0};
    int rc = 1;
    pl_arena_init(&arena, SIZE_MAX / 2);
    pl_eio_payload_reader_init(&reader, *body);
    do {
        rc = pl_eio_payload_next(&packet, &reader, &arena, &err);
        if (rc > 0) {
            pl_client_eio_take(eio, &packet);
        }
        pl_arena_fini(&arena); /* one packet's bytes at a time */
    } while (rc > 0 && eio->state != PL_CLIENT_EIO_ENDED &&
             (reader.is_over || !pl_client_is_over_budget(eio->client)));
    if (rc < 0) {
        pl_client_eio_take_failed(eio, rc, &err);
    }
    *body = reader.rest;
    return rc > 0 && eio->state != PL_CLIENT_EIO_ENDED;
}

/* Keep the rest of an answer for the next turn. False without memory: then it is taken now. */
static bool hold(struct pl_client_eio *eio, struct pl_str rest)
{
    pl_buf_init(&eio->held, SIZE_MAX);
    pl_buf_add_str(&eio->held, rest);
    if (pl_buf_failed(&eio->held)) {
        pl_buf_fini(&eio->held);
        return false;
    }
    eio->is_holding = true;
    pl_client_run_next(eio->client, &eio->resume);
    return true;
}

static void answer_taken(struct pl_client_eio *eio)
{
    pl_client_eio_poll_on(eio);
    pl_client_eio_upgrade_step(eio);
}

void pl_client_eio_resume(struct pl_client_eio *eio)
{
    struct pl_buf held = eio->held; /* ours: callbacks borrow from it, and may end the session */
    struct pl_str rest = pl_str_from(pl_buf_str(&held), eio->held_at);
    pl_buf_init(&eio->held, SIZE_MAX);
    eio->held_at = 0;
    if (take_packets(eio, &rest)) {
        eio->held = held;
        eio->held_at = held.len - rest.len;
        pl_client_run_next(eio->client, &eio->resume);
        return;
    }
    pl_buf_fini(&held);
    eio->is_holding = false;
    answer_taken(eio);
}

static void on_polled(struct pl_client_http *http, int status, struct pl_span body, void *user)
{
    struct pl_client_eio *eio = user;
    struct pl_str rest = pl_str_of_span(body);
    (void)http;
    if (status != 200) {
        refused(eio, "GET", status, rest);
        return;
    }
    while (take_packets(eio, &rest)) {
        if (hold(eio, rest)) {
            return;
        }
    }
    answer_taken(eio);
}

static void on_get_failed(struct pl_client_http *http, int error, const char *reason, void *user)
{
    (void)http;
    pl_client_eio_fail(user, error, reason);
}

static const struct pl_client_http_owner get_owner = {on_polled, on_get_failed};

/* The largest answer: one message of message_max as base64, and some company. */
static size_t answer_max(const struct pl_client_eio *eio)
{
    size_t bytes = 0;
    return pl_size_mul(&bytes, eio->config.transport->message_max, 2) &&
                   pl_size_add(&bytes, bytes, POST_ANSWER_MAX)
               ? bytes
               : SIZE_MAX / 2;
}

/* One request, without a body when there is no content type. */
static int request(struct pl_client_eio *eio, struct pl_client_http *http, const char *method,
                   const char *content_type, struct pl_str body, struct pl_error *err)
{
    struct pl_buf target;
    int rc = 0;
    pl_buf_init(&target, TARGET_MAX);
    pl_client_eio_write_target(&target, eio, PL_CLIENT_EIO_POLLING);
    rc = pl_buf_failed(&target) ? pl_error_set(err, PL_E_NOMEM, "no memory for a request")
                                : pl_client_http_send(http, method, pl_buf_str(&target), PL_STR(""),
                                                      content_type, body, err);
    pl_buf_fini(&target);
    return rc;
}

int pl_client_eio_poll(struct pl_client_eio *eio, struct pl_error *err)
{
    if (eio->get == NULL) {
        int rc = pl_client_http_create(&eio->get, eio->client, eio->config.transport,
                                       answer_max(eio), &get_owner, eio, err);
        if (rc < 0) {
            return rc;
        }
    }
    return request(eio, eio->get, "GET", NULL, PL_STR(""), err);
}

void pl_client_eio_poll_on(struct pl_client_eio *eio)
{
    struct pl_error err = {0};
    int rc = 0;
    if (eio->state != PL_CLIENT_EIO_OPEN || eio->way != PL_CLIENT_EIO_POLLING ||
        eio->upgrade == PL_CLIENT_EIO_PAUSING || eio->is_holding ||
        pl_client_http_is_busy(eio->get)) {
        return;
    }
    rc = pl_client_eio_poll(eio, &err);
    if (rc < 0) {
        pl_client_eio_fail(eio, rc, err.text);
    }
}

/* --- POST --- */

static void on_posted(struct pl_client_http *http, int status, struct pl_span body, void *user)
{
    struct pl_client_eio *eio = user;
    (void)http;
    if (status != 200) {
        refused(eio, "POST", status, pl_str_of_span(body));
        return;
    }
    eio->posted_bytes = 0;
    if (eio->upgrade == PL_CLIENT_EIO_PAUSING) {
        pl_client_eio_upgrade_step(eio);
    } else if (eio->queue.first != NULL) {
        pl_client_eio_pump(eio);
    } else {
        pl_client_eio_drained(eio);
    }
}

static void on_post_failed(struct pl_client_http *http, int error, const char *reason, void *user)
{
    (void)http;
    pl_client_eio_fail(user, error, reason);
}

static const struct pl_client_http_owner post_owner = {on_posted, on_post_failed};

/* The first `count` packets are in a request. */
static void forget_posted(struct pl_client_eio *eio, size_t count)
{
    size_t before = eio->queue.bytes;
    for (size_t i = 0; i < count; i++) {
        pl_client_eio_queue_drop(&eio->queue);
    }
    eio->posted_bytes = before - eio->queue.bytes;
}

static int post_front(struct pl_client_eio *eio, struct pl_error *err)
{
    struct pl_buf body;
    size_t count = 0;
    int rc = 0;
    pl_buf_init(&body, SIZE_MAX);
    count = pl_client_eio_queue_write(&eio->queue, &body, eio->body_max);
    rc = pl_buf_failed(&body)
             ? pl_error_set(err, PL_E_NOMEM, "no memory for the body of a request")
             : request(eio, eio->post, "POST", CONTENT_TYPE, pl_buf_str(&body), err);
    pl_buf_fini(&body);
    if (rc == 0) {
        forget_posted(eio, count);
    }
    return rc;
}

int pl_client_eio_post(struct pl_client_eio *eio, struct pl_error *err)
{
    if (eio->sid == NULL || eio->queue.first == NULL) {
        return 0;
    }
    if (eio->post == NULL) {
        int rc = pl_client_http_create(&eio->post, eio->client, eio->config.transport,
                                       POST_ANSWER_MAX, &post_owner, eio, err);
        if (rc < 0) {
            return rc;
        }
    }
    return pl_client_http_is_busy(eio->post) ? 0 : post_front(eio, err);
}

bool pl_client_eio_is_requesting(const struct pl_client_eio *eio)
{
    return eio->is_holding || (eio->get != NULL && pl_client_http_is_busy(eio->get)) ||
           (eio->post != NULL && pl_client_http_is_busy(eio->post));
}
