/* What a store's URL says, and what may be shown of it. */
#include "store/url.h"

#include "base/alloc.h"
#include "store/postgres/pg_url.h"

static int check_postgres(struct pl_str url, struct pl_error *err)
{
    char *url_cstr = pl_strdup_n(url.ptr, url.len);
    int rc = pl_pg_url_check(url_cstr, err);
    pl_wipe(url_cstr, url.len); /* a password may be in it */
    pl_free(url_cstr);
    return rc;
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
        return check_postgres(url, err);
    }
    return pl_error_set(err, PL_E_INVALID,
                        "a store is sqlite:PATH or postgresql://USER:PASSWORD@HOST/NAME");
}

static void show_postgres(struct pl_buf *out, struct pl_str url)
{
    char *url_cstr = pl_strdup_n(url.ptr, url.len);
    pl_pg_url_show(out, url_cstr);
    pl_wipe(url_cstr, url.len);
    pl_free(url_cstr);
}

void pl_store_url_show(struct pl_buf *out, struct pl_str url)
{
    if (pl_str_starts_with(url, PL_STR("postgres"))) {
        show_postgres(out, url);
    } else {
        pl_buf_add_str(out, url);
    }
}
