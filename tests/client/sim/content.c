/* Contents of events, made and compared. */
#include "content.h"

#include "sim.h"

#include <string.h>

size_t content_text_len(uint64_t n)
{
    static const uint32_t large[] = {130, 1000, 3000, 70000};
    return n % 23 == 7 ? large[n / 23 % PL_ARRAY_LEN(large)] : n % 17;
}

char content_char(uint64_t n)
{
    return (char)('a' + n % 26);
}

size_t content_bytes_len(uint64_t n)
{
    return n % 5 != 3 ? 0 : n % 35 == 3 ? 5000 : 1 + n % 31;
}

static void fill(struct pl_buf *out, char c, size_t len)
{
    PL_ASSERT(pl_buf_reserve(out, len));
    memset(out->ptr + out->len, c, len);
    out->len += len;
}

void content_text(struct pl_buf *out, uint64_t n)
{
    pl_buf_clear(out);
    if (content_text_len(n) > 0) {
        fill(out, content_char(n), content_text_len(n));
    }
}

void content_bytes(struct pl_buf *out, uint64_t n)
{
    pl_buf_clear(out);
    if (content_bytes_len(n) > 0) {
        fill(out, (char)(uint8_t)(n * 7), content_bytes_len(n));
    }
}

void content_raw_args(struct pl_buf *out, int64_t first, uint64_t n)
{
    if (first >= 0) {
        pl_buf_addf(out, "%lld,", (long long)first);
    }
    pl_buf_addf(out, "%llu,\"", (unsigned long long)n);
    if (content_text_len(n) > 0) {
        fill(out, content_char(n), content_text_len(n));
    }
    pl_buf_add_char(out, '"');
    if (content_bytes_len(n) > 0) {
        pl_buf_add_str(out, PL_STR(",{\"_placeholder\":true,\"num\":0}"));
    }
    PL_ASSERT(!pl_buf_failed(out));
}

struct parley_args *content_args(uint64_t n)
{
    static char text[70000];    /* scratch */
    static uint8_t bytes[5000]; /* scratch */
    struct parley_args *args = NULL;
    memset(text, content_char(n), content_text_len(n));
    memset(bytes, (uint8_t)(n * 7), content_bytes_len(n));
    args = parley_args_format("%llu,%.*s", (unsigned long long)n, (int)content_text_len(n), text);
    if (args != NULL && content_bytes_len(n) > 0 &&
        parley_args_add_bytes(args, bytes, content_bytes_len(n)) < 0) {
        parley_args_unref(args);
        return NULL;
    }
    return args;
}

static bool is_all(const char *ptr, size_t len, char c)
{
    for (size_t i = 0; i < len; i++) {
        if (ptr[i] != c) {
            return false;
        }
    }
    return true;
}

bool content_is(const struct parley_args *args, size_t at, uint64_t n)
{
    size_t len = 0;
    const char *text = parley_val_str(parley_args_get(args, at), &len);
    const char *bytes = NULL;
    if (text == NULL || len != content_text_len(n) || !is_all(text, len, content_char(n))) {
        return false;
    }
    if (content_bytes_len(n) == 0) {
        return true;
    }
    bytes = parley_val_bytes(parley_args_get(args, at + 1), &len);
    return bytes != NULL && len == content_bytes_len(n) &&
           is_all(bytes, len, (char)(uint8_t)(n * 7));
}
