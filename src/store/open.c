/* Opening a store by its URL. */
#include "store/store.h"

#include "base/alloc.h"
#include "store/postgres/store.h"
#include "store/sqlite/store.h"
#include "store/url.h"

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
    struct pl_store_url url;
    int rc = pl_store_url_read(&url, config->url, err);
    if (rc < 0) {
        return rc;
    }
    return url.backend == PL_STORE_SQLITE ? open_sqlite(out, config, url.path, may_migrate, err)
                                          : open_postgres(out, config, may_migrate, err);
}
