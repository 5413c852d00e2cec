/* What both directions of HTTP check of a body: the result does not depend on where it was cut. */
#ifndef PL_TESTS_FUZZ_HTTP_BODY_H
#define PL_TESTS_FUZZ_HTTP_BODY_H

#include "codec/http_body.h"

#define BODY_LIMIT 1000

/* Up to the end of `in`; returns what the last read returned, or 1 when done. */
static inline int read_body(struct pl_http_body *body, uint32_t *hash, struct pl_str *in)
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

/* `whole`: a body that begins with `in`, of at most BODY_LIMIT bytes. */
static inline void check_body(struct pl_http_body whole, struct pl_str in)
{
    struct pl_http_body bytewise = whole;
    uint32_t whole_hash = 0;
    uint32_t bytewise_hash = 0;
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

#endif
