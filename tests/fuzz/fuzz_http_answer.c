/* Answers, head and body, as a client reads them: nothing crashes, facts never contradict each
 * other, and the result does not depend on where the input was cut. The first byte chooses the
 * method. */
#include "fuzz.h"

#include "base/alloc.h"
#include "codec/http_answer.h"

#define HEAD_LIMIT 4096
#define BODY_LIMIT 1000

/* Up to the end of `in`; returns what the last read returned, or 1 when done. */
static int read_body(struct pl_http_body *body, uint32_t *hash, struct pl_str *in)
{
    while (in->len > 0 && !pl_http_body_is_done(body)) {
        size_t consumed;
        struct pl_str slice;
        int rc = pl_http_body_read(body, *in, &consumed, &slice, NULL);
        if (rc < 0) {
            return rc;
        }
        PL_ASSERT(consumed > 0 && consumed <= in->len && slice.len <= consumed);
        for (size_t i = 0; i < slice.len; i++) {
            *hash = *hash * 31 + (uint8_t)slice.ptr[i];
        }
        *in = pl_str_from(*in, consumed);
    }
    PL_ASSERT(body->received_bytes <= BODY_LIMIT);
    return pl_http_body_is_done(body) ? 1 : 0;
}

static void check_body(const struct pl_http_answer *answer, struct pl_str in)
{
    struct pl_http_body whole;
    struct pl_http_body bytewise;
    uint32_t whole_hash = 0;
    uint32_t bytewise_hash = 0;
    pl_http_body_init_framed(&whole, answer->framing, answer->content_length, BODY_LIMIT);
    bytewise = whole;
    struct pl_str rest = in;
    int rc = read_body(&whole, &whole_hash, &rest);
    int bytewise_rc = pl_http_body_is_done(&bytewise) ? 1 : 0;
    size_t at = 0;
    for (; at < in.len && bytewise_rc == 0; at++) {
        struct pl_str one = pl_str_first(pl_str_from(in, at), 1);
        bytewise_rc = read_body(&bytewise, &bytewise_hash, &one);
    }
    PL_ASSERT(rc == bytewise_rc);
    PL_ASSERT(rc < 0 || whole_hash == bytewise_hash);
    PL_ASSERT(rc != 1 || at == in.len - rest.len);
    PL_ASSERT(pl_http_body_is_whole(&whole) == pl_http_body_is_whole(&bytewise));
}

/* The first `len` bytes alone: the same result, or "not enough yet". */
static void check_prefix(struct pl_str in, size_t len, enum pl_http_method method,
                         ptrdiff_t whole_rc)
{
    struct pl_http_answer answer;
    char *copy = pl_alloc(len == 0 ? 1 : len);
    memcpy(copy, in.ptr, len);
    ptrdiff_t rc = pl_http_answer_read(&answer, pl_str_make(copy, len), method, HEAD_LIMIT, NULL);
    PL_ASSERT(rc == 0 || rc == whole_rc);
    PL_ASSERT(whole_rc <= 0 || (rc > 0) == (len >= (size_t)whole_rc));
    pl_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_http_answer answer;
    if (size == 0) {
        return 0;
    }
    enum pl_http_method method = data[0] == 'H' ? PL_HTTP_HEAD : PL_HTTP_GET;
    struct pl_str in = pl_str_make((const char *)data + 1, size - 1);
    ptrdiff_t rc = pl_http_answer_read(&answer, in, method, HEAD_LIMIT, NULL);
    size_t step = size / 64 + 1;
    for (size_t len = 0; len < in.len; len += step) {
        check_prefix(in, len, method, rc);
    }
    if (rc > 0) {
        PL_ASSERT((size_t)rc <= HEAD_LIMIT);
        PL_ASSERT(answer.status >= 100 && answer.status <= 599);
        PL_ASSERT(answer.framing == PL_HTTP_FRAMING_LENGTH || answer.content_length == 0);
        PL_ASSERT(!answer.keep_alive || answer.framing != PL_HTTP_FRAMING_UNTIL_CLOSE);
        check_body(&answer, pl_str_from(in, (size_t)rc));
    }
    return 0;
}
