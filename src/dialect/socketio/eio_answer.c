/* Answers to the requests of long-polling (spec 1.5.2): their headers, the form of their payload,
 * and how much of a queue goes into one. */
#include "dialect/socketio/eio_internal.h"

/* Old Internet Explorers take a text answer for a page and filter it. */
static bool wants_xss_header(struct pl_web_request *request)
{
    struct pl_str agent = pl_http_header_find(pl_web_request_head(request), PL_STR("User-Agent"));
    return agent.ptr != NULL && (memmem(agent.ptr, agent.len, ";MSIE", 5) != NULL ||
                                 memmem(agent.ptr, agent.len, "Trident/", 8) != NULL);
}

static void respond_ok(struct pl_eio_engine *engine, struct pl_web_request *request,
                       struct pl_str type, struct pl_str body, bool is_initial)
{
    struct pl_web_header headers[3] = {
        {PL_STR("Content-Type"), type},
        {PL_STR("cache-control"), PL_STR("no-store")},
        {PL_STR("X-XSS-Protection"), PL_STR("0")},
    };
    if (engine->handler.headers != NULL) {
        engine->handler.headers(engine->handler.user, request, is_initial);
    }
    pl_web_respond(request, &(struct pl_web_response){
                                .status = 200,
                                .headers = headers,
                                .header_count = wants_xss_header(request) ? 3 : 2,
                                .body = body,
                            });
}

void pl_eio_answer_ok(struct pl_eio_engine *engine, struct pl_web_request *request)
{
    respond_ok(engine, request, PL_STR("text/html"), PL_STR("ok"), false);
}

/* The payload as a script. */
static void answer_jsonp(const struct pl_eio_polling *polling, struct pl_web_request *request,
                         struct pl_str payload, bool is_initial)
{
    struct pl_buf script;
    pl_buf_init(&script, SIZE_MAX / 2);
    pl_eio3_jsonp_write(&script, polling->jsonp_index, payload);
    if (pl_buf_failed(&script)) {
        pl_web_respond_empty(request, 503);
    } else {
        respond_ok(polling->session->engine, request, PL_STR("text/javascript; charset=UTF-8"),
                   pl_buf_str(&script), is_initial);
    }
    pl_buf_fini(&script);
}

void pl_eio_answer_payload(const struct pl_eio_polling *polling, struct pl_web_request *request,
                           struct pl_str payload, bool is_initial)
{
    if (polling->is_jsonp) {
        answer_jsonp(polling, request, payload, is_initial);
        return;
    }
    respond_ok(polling->session->engine, request,
               pl_eio3_payload_is_binary(payload) ? PL_STR("application/octet-stream")
                                                  : PL_STR("text/plain; charset=UTF-8"),
               payload, is_initial);
}

/* The frames that go into one answer: all, but no more than maxPayload once there is one. A group
 * is never split.
 * Returns their bytes, separators included. */
static size_t choose_frames(const struct pl_eio_polling *polling, struct pl_frame **frames,
                            size_t max, size_t *count)
{
    size_t limit = polling->session->engine->config.max_http_buffer_size;
    size_t available = pl_outq_peek(&polling->sink.outq, frames, max);
    size_t bytes = 0;
    *count = 0;
    while (*count < available) {
        size_t with_next = bytes + (*count > 0) + frames[*count]->len;
        if (*count > 0 && with_next > limit) {
            break;
        }
        bytes = with_next;
        (*count)++;
    }
    return bytes;
}

#define FRAMES_PER_ANSWER 1024

void pl_eio_answer_queue(struct pl_eio_polling *polling, struct pl_web_request *request,
                         bool is_initial)
{
    struct pl_eio_engine *engine = polling->session->engine;
    struct pl_frame *frames[FRAMES_PER_ANSWER];
    struct pl_buf payload;
    size_t count = 0;
    size_t bytes = choose_frames(polling, frames, FRAMES_PER_ANSWER, &count);
    pl_buf_init(&payload, bytes + count * PL_EIO3_PREFIX_MAX);
    (void)pl_buf_reserve(&payload, bytes);
    pl_eio_session_rules(polling->session)->join(&payload, frames, count);
    if (pl_buf_failed(&payload)) {
        pl_web_respond_empty(request, 503);
    } else {
        for (size_t i = 0; i < count; i++) {
            struct pl_frame *frame = pl_outq_pop(&polling->sink.outq, &engine->conns->fanout->pool);
            pl_frame_unref(&frame);
        }
        pl_eio_answer_payload(polling, request, pl_buf_str(&payload), is_initial);
    }
    pl_buf_fini(&payload);
}
