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

/* What one answer is like. */
struct answer {
    struct pl_str body;
    bool is_initial;            /* it opens the session */
    size_t compress_from_bytes; /* as in struct pl_web_response */
};

static void respond_ok(struct pl_eio_engine *engine, struct pl_web_request *request,
                       struct pl_str type, const struct answer *answer)
{
    struct pl_web_header headers[3] = {
        {PL_STR("Content-Type"), type},
        {PL_STR("cache-control"), PL_STR("no-store")},
        {PL_STR("X-XSS-Protection"), PL_STR("0")},
    };
    if (engine->handler.headers != NULL) {
        engine->handler.headers(engine->handler.user, request, answer->is_initial);
    }
    pl_web_respond(request, &(struct pl_web_response){
                                .status = 200,
                                .headers = headers,
                                .header_count = wants_xss_header(request) ? 3 : 2,
                                .body = answer->body,
                                .compress_from_bytes = answer->compress_from_bytes,
                            });
}

void pl_eio_answer_ok(struct pl_eio_engine *engine, struct pl_web_request *request)
{
    respond_ok(engine, request, PL_STR("text/html"), &(struct answer){.body = PL_STR("ok")});
}

/* How a session's answers are wrapped. */
struct form {
    bool is_jsonp;
    uint32_t jsonp_index;
};

static struct form form_of(const struct pl_eio_polling *polling)
{
    return (struct form){polling->is_jsonp, polling->jsonp_index};
}

/* The payload as a script. */
static void answer_jsonp(struct pl_eio_engine *engine, struct pl_web_request *request,
                         uint32_t jsonp_index, const struct answer *answer)
{
    struct answer scripted = *answer;
    struct pl_buf script;
    pl_buf_init(&script, SIZE_MAX / 2);
    pl_eio3_jsonp_write(&script, jsonp_index, answer->body);
    scripted.body = pl_buf_str(&script);
    if (pl_buf_failed(&script)) {
        pl_web_respond_empty(request, 503);
    } else {
        respond_ok(engine, request, PL_STR("text/javascript; charset=UTF-8"), &scripted);
    }
    pl_buf_fini(&script);
}

static void answer_packets(struct pl_eio_engine *engine, struct pl_web_request *request,
                           struct form form, const struct answer *answer)
{
    if (form.is_jsonp) {
        answer_jsonp(engine, request, form.jsonp_index, answer);
        return;
    }
    respond_ok(engine, request,
               pl_eio3_payload_is_binary(answer->body) ? PL_STR("application/octet-stream")
                                                       : PL_STR("text/plain; charset=UTF-8"),
               answer);
}

void pl_eio_answer_payload(const struct pl_eio_polling *polling, struct pl_web_request *request,
                           struct pl_str payload)
{
    answer_packets(polling->session->engine, request, form_of(polling),
                   &(struct answer){.body = payload});
}

void pl_eio_answer_departed(struct pl_eio_engine *engine, struct pl_web_request *request,
                            const struct pl_eio_query *query)
{
    const struct pl_eio_revision *rules = pl_eio_revision_get(query->revision);
    struct form form = {rules->has_jsonp && query->has_jsonp_index, query->jsonp_index};
    answer_packets(engine, request, form, &(struct answer){.body = rules->noop_close_payload});
}

/* At least one packet has to allow it (spec 1.5.5). */
static size_t compress_from(const struct pl_eio_engine *engine, struct pl_frame *const *frames,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((frames[i]->flags & PL_FRAME_NO_COMPRESS) == 0) {
            return engine->config.http_compression_threshold_bytes;
        }
    }
    return 0;
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
    struct answer answer = {.is_initial = is_initial};
    size_t count = 0;
    size_t bytes = choose_frames(polling, frames, FRAMES_PER_ANSWER, &count);
    pl_buf_init(&payload, bytes + count * PL_EIO3_PREFIX_MAX);
    (void)pl_buf_reserve(&payload, bytes);
    pl_eio_session_rules(polling->session)->join(&payload, frames, count);
    answer.compress_from_bytes = compress_from(engine, frames, count);
    if (pl_buf_failed(&payload)) {
        pl_web_respond_empty(request, 503);
    } else {
        for (size_t i = 0; i < count; i++) {
            struct pl_frame *frame = pl_outq_pop(&polling->sink.outq, &engine->conns->fanout->pool);
            pl_frame_unref(&frame);
        }
        answer.body = pl_buf_str(&payload);
        answer_packets(engine, request, form_of(polling), &answer);
    }
    pl_buf_fini(&payload);
}
