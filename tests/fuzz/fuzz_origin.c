/* Targets: origins of the settings and of requests. The input is an item of the list, an Origin
 * header and a Host header, each on a line of its own. */
#include "fuzz.h"

#include "web/origin.h"

/* An item that is one origin allows itself, and nothing of another length but what differs in the
 * scheme's own port. */
static void check_exact(struct pl_str item, struct pl_str origin, struct pl_str host)
{
    PL_ASSERT(pl_origin_is_allowed(&item, 1, item, host));
    if (pl_origin_is_allowed(&item, 1, origin, host)) {
        PL_ASSERT(origin.len >= item.len && origin.len <= item.len + sizeof(":443") - 1);
    }
}

/* An item with a wildcard allows longer hosts, and never the wildcard itself. */
static void check_wildcard(struct pl_str item, struct pl_str origin, struct pl_str host)
{
    if (pl_origin_is_allowed(&item, 1, origin, host)) {
        PL_ASSERT(origin.len + 1 >= item.len);
        PL_ASSERT(!pl_str_eq(item, origin));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct pl_str any = PL_STR_INIT("*");
    struct pl_str host = pl_str_make((const char *)data, size);
    struct pl_str item = pl_str_split(&host, '\n');
    struct pl_str origin = host.ptr == NULL ? PL_STR("") : pl_str_split(&host, '\n');
    struct pl_error err = {0};
    PL_ASSERT(pl_origin_is_allowed(&any, 1, origin, host));
    PL_ASSERT(!pl_origin_is_allowed(NULL, 0, origin, host));
    if (pl_origin_check(item, &err) == 0) {
        PL_ASSERT(pl_origin_item_check(item, NULL) == 0);
        check_exact(item, origin, host);
    } else if (pl_origin_item_check(item, &err) == 0) {
        if (!pl_str_eq(item, any) && !pl_str_eq(item, PL_STR("same-origin"))) {
            check_wildcard(item, origin, host);
        }
    } else {
        PL_ASSERT(err.text[0] != '\0');
    }
    (void)pl_origin_is_allowed(&item, 1, origin, host); /* whatever the item is */
    return 0;
}
