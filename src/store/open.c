/* Opening a store by its URL. */
#include "store/store.h"

#include "base/alloc.h"
#include "store/postgres/store.h"
#include "store/sqlite/store.h"

/* What is shown of a URL: no password. */
static struct pl_str shown(struct pl_str url)
{
    size_t colon = pl_str_find_char(url, ':');
    return pl_str_first(url, colon);
}

static int open_sqlite(struct pl_store **out, const struct pl_store_config *config,
                       struct pl_str path, bool may_migrate, struct pl_error *err)
{
    char *path_cstr = pl_strdup_n(path.ptr, path.len);
    int rc = pl_sqlite_store_open(out, config, path_cstr, NULL, may_migrate, err);
    if (rc == 0) {
        char quoted[512];
        pl_log(config->log, PL_LOG_INFO, "store.opened", "backend=sqlite path=%s",
               pl_log_quote(quoted, sizeof(quoted), path));
    }
    pl_free(path_cstr);
    return rc;
}

static int open_postgres(struct pl_store **out, const struct pl_store_config *config,
                         bool may_migrate, struct pl_error *err)
{
    char *url_cstr = pl_strdup_n(config->url.ptr, config->url.len);
    int rc = pl_postgres_store_open(out, config, url_cstr, may_migrate, err);
    pl_wipe(url_cstr, config->url.len); /* a password may be in it */
    pl_free(url_cstr);
    return rc;
}

int pl_store_open(struct pl_store **out, const struct pl_store_config *config, bool may_migrate,
                  struct pl_error *err)
{
    struct pl_str sqlite = PL_STR("sqlite:");
    struct pl_str url = config->url;
    if (pl_str_starts_with(url, sqlite) && url.len > sqlite.len) {
        return open_sqlite(out, config, pl_str_from(url, sqlite.len), may_migrate, err);
    }
    if (pl_str_starts_with(url, PL_STR("postgresql://")) ||
        pl_str_starts_with(url, PL_STR("postgres://"))) {
        return open_postgres(out, config, may_migrate, err);
    }
    return pl_error_set(err, PL_E_INVALID,
                        "a store is sqlite:PATH or postgresql://..., not '" PL_STR_FMT "'",
                        PL_STR_ARG(shown(url)));
}
