/* Target: URLs of servers. What is read lies inside the text, in order, and has nothing in it that
 * could end a line of a request. */
#include "fuzz.h"

#include "codec/url.h"

static void check_part(struct pl_str text, struct pl_str part, const char **from)
{
    if (part.len == 0) {
        return;
    }
    PL_ASSERT(part.ptr >= *from && part.ptr + part.len <= text.ptr + text.len);
    *from = part.ptr + part.len;
    for (size_t i = 0; i < part.len; i++) {
        PL_ASSERT(part.ptr[i] > ' ' && part.ptr[i] < 0x7f && part.ptr[i] != '#');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str text = pl_str_make((const char *)data, size);
    const char *from = text.ptr;
    struct pl_url url;
    struct pl_error err = {0};
    if (pl_url_read(&url, text, &err) < 0) {
        PL_ASSERT(err.text[0] != '\0');
        return 0;
    }
    PL_ASSERT(url.host.len > 0 && url.port > 0);
    PL_ASSERT(url.path.len == 0 || url.path.ptr[0] == '/');
    check_part(text, url.scheme, &from);
    check_part(text, url.userinfo, &from);
    check_part(text, url.host, &from);
    check_part(text, url.path, &from);
    check_part(text, url.query, &from);
    return 0;
}
