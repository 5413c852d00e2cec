/* What a store's URL says, and what may be shown of it. */
#include "store/url.h"

static struct pl_str scheme_of(struct pl_str url)
{
    return pl_str_first(url, pl_str_find_char(url, ':'));
}

int pl_store_url_read(struct pl_store_url *out, struct pl_str url, struct pl_error *err)
{
    struct pl_str sqlite = PL_STR("sqlite:");
    *out = (struct pl_store_url){0};
    if (pl_str_starts_with(url, sqlite) && url.len > sqlite.len) {
        out->backend = PL_STORE_SQLITE;
        out->path = pl_str_from(url, sqlite.len);
        return 0;
    }
    if (pl_str_starts_with(url, PL_STR("postgresql://")) ||
        pl_str_starts_with(url, PL_STR("postgres://"))) {
        out->backend = PL_STORE_POSTGRES;
        return 0;
    }
    return pl_error_set(err, PL_E_INVALID,
                        "a store is sqlite:PATH or postgresql://..., not '" PL_STR_FMT "...'",
                        PL_STR_ARG(pl_str_first(scheme_of(url), 32)));
}

/* "postgresql://user:password@host/database?password=..." without what stands between the second colon
 * and the last '@', and without the options. */
static void show_postgres(struct pl_buf *out, struct pl_str url)
{
    struct pl_str scheme = pl_str_first(url, scheme_of(url).len + 3);
    struct pl_str rest = pl_str_from(url, scheme.len);
    rest = pl_str_first(rest, pl_str_find_char(rest, '?'));
    pl_buf_add_str(out, scheme);
    for (size_t i = rest.len; i-- > 0;) {
        if (rest.ptr[i] == '@') {
            struct pl_str user = pl_str_first(rest, i);
            pl_buf_add_str(out, pl_str_first(user, pl_str_find_char(user, ':')));
            rest = pl_str_from(rest, i);
            break;
        }
    }
    pl_buf_add_str(out, rest);
}

void pl_store_url_show(struct pl_buf *out, struct pl_str url)
{
    if (pl_str_starts_with(url, PL_STR("postgres"))) {
        show_postgres(out, url);
    } else {
        pl_buf_add_str(out, url);
    }
}
