/* Request heads with their bodies: nothing crashes, facts never contradict each other, the result
 * does not depend on where the input was cut, and values that are read further are in bounds. */
#include "fuzz.h"

#include "base/alloc.h"
#include "codec/http_body.h"
#include "codec/http_date.h"
#include "codec/http_etag.h"
#include "codec/http_range.h"
#include "codec/http_upgrade.h"

#define HEAD_LIMIT 4096
#define BODY_LIMIT 1000

/* Up to `len` bytes of the body; returns what the last read returned, or 1 when done. */
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

static void check_body(const struct pl_http_request *request, struct pl_str in)
{
    struct pl_http_body whole;
    struct pl_http_body bytewise;
    uint32_t whole_hash = 0;
    uint32_t bytewise_hash = 0;
    pl_http_body_init(&whole, request, BODY_LIMIT);
    pl_http_body_init(&bytewise, request, BODY_LIMIT);
    struct pl_str rest = in;
    int rc = read_body(&whole, &whole_hash, &rest);

    int bytewise_rc = pl_http_body_is_done(&bytewise) ? 1 : 0;
    size_t at = 0;
    for (; at < in.len && bytewise_rc == 0; at++) {
        struct pl_str one = pl_str_first(pl_str_from(in, at), 1);
        bytewise_rc = read_body(&bytewise, &bytewise_hash, &one);
    }
    PL_ASSERT(rc == bytewise_rc);
    PL_ASSERT(whole_hash == bytewise_hash);
    PL_ASSERT(rc != 1 || at == in.len - rest.len);
}

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
        check_body(&request, pl_str_from(in, (size_t)rc));
    }
    return 0;
}
