/* What proxies say. The first byte chooses: a PROXY header, which must be read alike however it is
 * cut, or a list of Forwarded or X-Forwarded-For, to which nothing that stands left of a proxy's own
 * element may do anything. */
#include "fuzz.h"

#include "base/alloc.h"
#include "codec/http_forwarded.h"
#include "codec/proxy_header.h"

/* A copy that ends where its memory ends. */
static char *copy_of(struct pl_str text)
{
    char *copy = pl_alloc(text.len + 1);
    if (text.len > 0) {
        memcpy(copy + 1, text.ptr, text.len);
    }
    return copy;
}

static void check_header(struct pl_str in)
{
    struct pl_proxy_header whole = {0};
    ptrdiff_t rc = pl_proxy_header_read(&whole, in, NULL);
    PL_ASSERT(rc <= (ptrdiff_t)in.len && rc <= (ptrdiff_t)PL_PROXY_HEADER_MAX);
    for (size_t len = 0; len <= in.len; len++) {
        struct pl_proxy_header part = {0};
        char *copy = copy_of(pl_str_first(in, len));
        ptrdiff_t got = pl_proxy_header_read(&part, pl_str_make(copy + 1, len), NULL);
        pl_free(copy);
        if (rc > 0) {
            PL_ASSERT(got == (len < (size_t)rc ? 0 : rc));
        } else {
            PL_ASSERT(got == 0 || got == rc);
        }
        PL_ASSERT(got <= 0 || (part.source == whole.source && part.port == whole.port &&
                               memcmp(&part.ip, &whole.ip, sizeof(part.ip)) == 0 &&
                               part.is_secure == whole.is_secure));
    }
}

static void check_hop(const struct pl_hop *hop, int rc)
{
    PL_ASSERT(rc == 0 || (rc == PL_E_PROTO && hop->ip.version == 0 && hop->port == 0));
    PL_ASSERT(hop->ip.version == 0 || hop->ip.version == 4 || hop->ip.version == 6);
}

static void check_list(struct pl_str in)
{
    struct pl_str rest = in;
    struct pl_str item;
    size_t left = in.len + 1;
    while (pl_forwarded_last(&item, &rest)) {
        struct pl_hop hop;
        PL_ASSERT(item.len > 0 && item.ptr >= in.ptr && item.ptr + item.len <= in.ptr + in.len);
        PL_ASSERT(rest.len < left);
        left = rest.len;
        check_hop(&hop, pl_forwarded_read(&hop, item, NULL));
        check_hop(&hop, pl_forwarded_for_read(&hop, item, NULL));
    }
}

/* A client writes `in`, its proxy an element behind: that is the last one, whatever `in` is. */
static void check_appended(struct pl_str in)
{
    static const struct pl_str own = PL_STR_INIT("for=\"[2001:db8::1]:80\";proto=https");
    size_t len = in.len + 2 + own.len;
    char *text = pl_alloc(len);
    struct pl_str rest = pl_str_make(text, len);
    struct pl_str item;
    struct pl_hop hop;
    memcpy(text, in.ptr, in.len);
    memcpy(text + in.len, ", ", 2);
    memcpy(text + in.len + 2, own.ptr, own.len);
    PL_ASSERT(pl_forwarded_last(&item, &rest) && pl_str_eq(item, own));
    PL_ASSERT(pl_forwarded_read(&hop, item, NULL) == 0);
    PL_ASSERT(hop.ip.version == 6 && hop.port == 80 && hop.scheme == PL_HOP_HTTPS);
    pl_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str rest = pl_str_make((const char *)data, size);
    if (size < 1) {
        return 0;
    }
    rest = pl_str_from(rest, 1);
    if ((data[0] & 1) == 0) {
        check_header(pl_str_first(rest, 512)); /* cut everywhere: longer ones take too long */
    } else {
        check_list(rest);
        check_appended(rest);
    }
    return 0;
}
