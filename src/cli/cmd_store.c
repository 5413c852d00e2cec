/* parley store copy --to URL: everything that the store keeps, into another database. */
#include "cli/cli.h"

#include "app/store_place.h"
#include "store/copy.h"
#include "store/database.h"
#include "store/url.h"

#include <stdio.h>
#include <unistd.h>

#define URL_MAX 4096

/* On a terminal, a line that is written over. */
static void show_progress(void *user, const char *table, int64_t done, int64_t total)
{
    (void)user;
    if (isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r\033[K%s: %lld of %lld rows%s", table, (long long)done,
                      (long long)total, done == total ? "\n" : "");
    }
}

static int open_source(struct pl_database **out, struct pl_str url, struct pl_error *err)
{
    struct pl_migration_list list = {0};
    int rc = pl_database_open(out, url, PL_DATABASE_READER, err);
    rc = rc < 0 ? rc : pl_database_lock(*out, err);
    if (rc == 0) {
        rc = pl_migrate_list(&list, pl_database_sql(*out), pl_database_migrations(*out), err);
    }
    if (rc == 0) {
        rc = pl_migrate_check(&list, false, err);
    }
    pl_migration_list_free(&list);
    return rc;
}

static int open_target(struct pl_database **out, struct pl_str url, struct pl_error *err)
{
    int rc = pl_database_open(out, url, PL_DATABASE_CREATOR, err);
    rc = rc < 0 ? rc : pl_database_lock(*out, err);
    if (rc == 0) {
        rc = pl_migrate_up(pl_database_sql(*out), pl_database_migrations(*out), NULL, err);
    }
    return rc < 0 ? rc : 0;
}

static int copy(struct pl_store_copy *copying, struct pl_str from_url, struct pl_str to_url,
                struct pl_error *err)
{
    struct pl_database *from = NULL;
    struct pl_database *to = NULL;
    int rc = open_source(&from, from_url, err);
    if (rc == 0) {
        rc = open_target(&to, to_url, err);
    }
    if (rc == 0) {
        rc = pl_store_copy_run(copying, pl_database_sql(from), pl_database_sql(to), err);
    }
    pl_database_close(from);
    pl_database_close(to);
    return rc;
}

static void write_answer(struct pl_buf *out, bool is_json, const struct pl_store_copy *copying,
                         struct pl_str from_url, struct pl_str to_url)
{
    if (is_json) {
        pl_buf_addf(out, "{\"tables\":%lld,\"rows\":%lld}\n", (long long)copying->table_count,
                    (long long)copying->row_count);
        return;
    }
    pl_buf_addf(out, "Copied %lld rows of %lld tables\n  from ", (long long)copying->row_count,
                (long long)copying->table_count);
    pl_store_url_show(out, from_url);
    pl_buf_addf(out, "\n  to   ");
    pl_store_url_show(out, to_url);
    pl_buf_addf(out,
                "\nNow give the server the new one as store.url. The file store.key in its data "
                "directory\nbelongs to both: game secrets are sealed with it.\n");
}

static int copy_and_tell(const struct pl_cli *cli, struct pl_str from_url, struct pl_str to_url)
{
    struct pl_store_copy copying = {.on_progress = show_progress};
    struct pl_error err = {0};
    struct pl_buf text;
    if (pl_str_eq(from_url, to_url)) {
        return pl_cli_fail(PL_EXIT_USAGE, "store: --to names the store itself");
    }
    if (copy(&copying, from_url, to_url, &err) < 0) {
        return pl_cli_fail(PL_EXIT_FAILURE, "store: %s", err.text);
    }
    pl_buf_init(&text, (size_t)4 * URL_MAX);
    write_answer(&text, cli->switches[PL_SWITCH_JSON], &copying, from_url, to_url);
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}

/* With the data directory locked: a server that writes meanwhile would lose what it writes. */
static int copy_locked(const struct pl_cli *cli, const struct pl_settings *settings,
                       struct pl_str to_url)
{
    struct pl_data_dir data_dir;
    struct pl_error err = {0};
    struct pl_buf from_url;
    int rc = pl_data_dir_open(&data_dir, settings->data_dir, &err);
    if (rc < 0) {
        return pl_cli_fail(PL_EXIT_FAILURE, "store: %s%s", err.text,
                           rc == PL_E_EXISTS ? "; copy when it has stopped" : "");
    }
    pl_buf_init(&from_url, URL_MAX);
    pl_store_place_url(&from_url, settings);
    int status = copy_and_tell(cli, pl_buf_str(&from_url), to_url);
    pl_buf_fini(&from_url);
    pl_data_dir_close(&data_dir);
    return status;
}

int pl_cmd_store(struct pl_cli *cli)
{
    struct pl_settings settings = {0};
    struct pl_error err = {0};
    const char *to_url = cli->texts[PL_TEXT_TO];
    if (strcmp(cli->words[0], "copy") != 0) {
        return pl_cli_fail(PL_EXIT_USAGE,
                           "store: there is no '%s'; say: parley store copy --to URL",
                           cli->words[0]);
    }
    if (to_url == NULL) {
        return pl_cli_fail(PL_EXIT_USAGE,
                           "store: where to? --to postgresql://USER@HOST/DATABASE, or sqlite:PATH");
    }
    if (pl_cli_settings(&settings, cli, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    int status = copy_locked(cli, &settings, pl_str_of_cstr(to_url));
    pl_settings_fini(&settings);
    return status;
}
