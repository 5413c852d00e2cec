/* Request heads with their bodies: nothing crashes, facts never contradict each other, the result
 * does not depend on where the input was cut, and values that are read further are in bounds. */
#include "fuzz.h"
#include "http_body.h"

#include "base/alloc.h"
#include "codec/http_date.h"
#include "codec/http_etag.h"
#include "codec/http_range.h"
#include "codec/http_upgrade.h"

#define HEAD_LIMIT 4096

static void check_headers(const struct pl_http_request *request)
{
    struct pl_http_upgrade upgrade;
    if (pl_http_upgrade_read(&upgrade, request, NULL) == 0) {
        PL_ASSERT(upgrade.key.len == 24 && request->wants_upgrade);
    }
    for (size_t i = 0; i < request->header_count; i++) {
        struct pl_str value = request->headers[i].value;
        struct pl_http_range range;
        int64_t unix_s;
        PL_ASSERT(value.ptr != NULL && pl_str_find_char(value, '\n') == value.len);
        if (pl_http_range_read(&range, value, 100) == PL_HTTP_RANGE_SATISFIABLE) {
            PL_ASSERT(range.first <= range.last && range.last < 100);
        }
        if (pl_http_date_read(&unix_s, value, 1700000000, NULL) == 0) {
            char date[PL_HTTP_DATE_LEN];
            pl_http_date_write(date, unix_s);
        }
        (void)pl_http_etag_list_has(value, PL_STR("W/\"a\""));
    }
}

/* The same input as a prefix of `len` bytes: consumed like the whole, refused like the whole, or
 * not enough yet. */
static void check_prefix(struct pl_str in, size_t len, ptrdiff_t whole_rc, int whole_status)
{
    struct pl_http_request request;
    char *copy = pl_alloc(len == 0 ? 1 : len);
    memcpy(copy, in.ptr, len);
    ptrdiff_t rc = pl_http_request_read(&request, pl_str_make(copy, len), HEAD_LIMIT, NULL);
    PL_ASSERT(rc == 0 || rc == whole_rc);
    PL_ASSERT(rc >= 0 || request.refusal_status == whole_status);
    PL_ASSERT(whole_rc <= 0 || (rc > 0) == (len >= (size_t)whole_rc));
    pl_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_http_request request;
    struct pl_str in = pl_str_make((const char *)data, size);
    if (size == 0) {
        return 0;
    }
    ptrdiff_t rc = pl_http_request_read(&request, in, HEAD_LIMIT, NULL);
    PL_ASSERT((rc < 0) == (request.refusal_status != 0));
    size_t step = size / 64 + 1;
    for (size_t len = 0; len < size; len += step) {
        check_prefix(in, len, rc, request.refusal_status);
    }
    if (rc > 0) {
        PL_ASSERT((size_t)rc <= HEAD_LIMIT);
        PL_ASSERT(!request.is_chunked || !request.has_content_length);
        PL_ASSERT(request.has_host || request.version_minor == 0);
        check_headers(&request);
        struct pl_http_body body;
        pl_http_body_init(&body, &request, BODY_LIMIT);
        check_body(body, pl_str_from(in, (size_t)rc));
    }
    return 0;
}
