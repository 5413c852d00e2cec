/* The list of migrations as JSON. */
#include "app/store_report.h"

#include "base/alloc.h"
#include "store/database.h"
#include "store/url.h"

#include <unistd.h>

#define URL_MAX 8192

static void put_row(struct pl_json_writer *json, const struct pl_migration_row *row)
{
    pl_json_object_begin(json);
    pl_json_key(json, PL_STR("number"));
    pl_json_put_i64(json, row->number);
    pl_json_key(json, PL_STR("name"));
    pl_json_put_string(json, pl_str_of_cstr(row->name));
    pl_json_key(json, PL_STR("state"));
    pl_json_put_string(json, pl_str_of_cstr(pl_migration_state_name(row->state)));
    pl_json_key(json, PL_STR("applied_ms"));
    if (row->applied_ms == 0) {
        pl_json_put_null(json);
    } else {
        pl_json_put_i64(json, row->applied_ms);
    }
    pl_json_object_end(json);
}

static void put_list(struct pl_json_writer *json, struct pl_str url,
                     const struct pl_migration_list *list)
{
    struct pl_buf shown;
    pl_buf_init(&shown, URL_MAX);
    pl_store_url_show(&shown, url);
    pl_json_key(json, PL_STR("database"));
    pl_json_put_string(json, pl_buf_str(&shown));
    pl_json_key(json, PL_STR("pending"));
    pl_json_put_u64(json, list->pending_count);
    pl_json_key(json, PL_STR("migrations"));
    pl_json_array_begin(json);
    for (size_t i = 0; i < list->count; i++) {
        put_row(json, &list->rows[i]);
    }
    pl_json_array_end(json);
    pl_buf_fini(&shown);
}

static bool is_missing_file(struct pl_str url, struct pl_error *err)
{
    struct pl_store_url parts;
    if (pl_store_url_read(&parts, url, err) < 0 || parts.backend != PL_STORE_SQLITE) {
        return false;
    }
    char *path_cstr = pl_strdup_n(parts.path.ptr, parts.path.len);
    bool is_missing = access(path_cstr, F_OK) < 0;
    pl_free(path_cstr);
    return is_missing;
}

static int list_database(struct pl_migration_list *out, struct pl_str url, struct pl_error *err)
{
    struct pl_database *database = NULL;
    int rc = pl_database_open(&database, url, PL_DATABASE_READER, err);
    if (rc == 0) {
        rc = pl_migrate_list(out, pl_database_sql(database), pl_database_migrations(database), err);
    }
    pl_database_close(database);
    return rc;
}

int pl_store_report(struct pl_json_writer *json, struct pl_str url, struct pl_error *err)
{
    struct pl_migration_list list = {0};
    int rc = 0;
    if (is_missing_file(url, err)) {
        pl_migrate_list_fresh(&list, &pl_migrations_sqlite);
    } else {
        rc = list_database(&list, url, err);
    }
    if (rc == 0) {
        put_list(json, url, &list);
    }
    pl_migration_list_free(&list);
    return rc;
}

int pl_store_report_pg_dump(struct pl_str url, const char *path, struct pl_error *err)
{
    struct pl_buf shown;
    pl_buf_init(&shown, URL_MAX);
    pl_store_url_show(&shown, url);
    int rc = pl_error_set(err, PL_E_UNSUPPORTED,
                          "the store is PostgreSQL, whose own program backs it up: pg_dump "
                          "--format=custom --file=%s " PL_STR_FMT,
                          path, PL_STR_ARG(pl_buf_str(&shown)));
    pl_buf_fini(&shown);
    return rc;
}
