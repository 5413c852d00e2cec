/* Answers, head and body, as a client reads them: nothing crashes, facts never contradict each
 * other, and the result does not depend on where the input was cut. The first byte chooses the
 * method. */
#include "fuzz.h"
#include "http_body.h"

#include "base/alloc.h"
#include "codec/http_answer.h"

#define HEAD_LIMIT 4096

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
        struct pl_http_body body;
        pl_http_body_init_framed(&body, answer.framing, answer.content_length, BODY_LIMIT);
        check_body(body, pl_str_from(in, (size_t)rc));
    }
    return 0;
}
