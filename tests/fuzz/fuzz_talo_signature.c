/* Target: signatures of requests (spec talo, 2.2). What is taken apart lies inside the text or the
 * struct's own space, and is what a right signature has. */
#include "fuzz.h"

#include "service/talo/signature.h"

static bool is_inside(struct pl_str part, const char *from, size_t len)
{
    return part.ptr >= from && part.ptr + part.len <= from + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str text = pl_str_make((const char *)data, size);
    static struct pl_talo_signature out;
    if (!pl_talo_signature_parse(&out, text)) {
        return 0;
    }
    PL_ASSERT(is_inside(out.version, text.ptr, text.len));
    PL_ASSERT(is_inside(out.head, text.ptr, text.len));
    PL_ASSERT(pl_str_find_char(out.version, '|') == out.version.len);
    PL_ASSERT(pl_str_find_char(out.head, '.') == out.head.len);
    PL_ASSERT(is_inside(out.rid, out.space, sizeof(out.space)));
    PL_ASSERT(is_inside(out.payload, out.space, sizeof(out.space)));
    PL_ASSERT(out.payload.len >= 2 && out.payload.ptr[0] == '"');
    PL_ASSERT(out.timestamp_ms - out.timestamp_ms == 0); /* finite */
    return 0;
}
