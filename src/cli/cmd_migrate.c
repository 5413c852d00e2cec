/* parley migrate status|up: what steps the database's schema has taken and lacks, and taking them. A
 * running server is asked; without one the database is opened here. */
#include "cli/cli.h"

#include "app/store_place.h"
#include "app/store_report.h"
#include "cli/answer.h"
#include "cli/control_client.h"
#include "store/database.h"

#include <inttypes.h>
#include <time.h>

#define WAIT_MS 30000
#define TEXT_BYTES_MAX ((size_t)1024 * 1024)
#define URL_MAX 8192

enum {
    FIELD_MAX = 512,
};

/* --- what is shown --- */

static void write_row(struct pl_buf *out, struct pl_str item)
{
    char name[FIELD_MAX];
    char state[FIELD_MAX];
    char when[64] = "-";
    struct tm utc;
    time_t at = (time_t)(pl_answer_i64(item, "applied_ms") / 1000);
    if (at != 0 && gmtime_r(&at, &utc) != NULL) {
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &utc);
    }
    pl_buf_addf(out, "%6" PRId64 "  %-24s  %-8s  %s\n", pl_answer_i64(item, "number"),
                pl_answer_text(name, sizeof(name), item, PL_STR("name")),
                pl_answer_text(state, sizeof(state), item, PL_STR("state")), when);
}

static void write_report(struct pl_buf *out, struct pl_str json)
{
    struct pl_answer_array array;
    struct pl_str item;
    char database[FIELD_MAX];
    int64_t pending = pl_answer_i64(json, "pending");
    pl_buf_addf(out, "database  %s\n",
                pl_answer_text(database, sizeof(database), json, PL_STR("database")));
    pl_buf_addf(out, "number  %-24s  %-8s  %s\n", "name", "state", "applied");
    pl_answer_array_init(&array, pl_answer_member(json, PL_STR("migrations")));
    while (pl_answer_array_next(&item, &array)) {
        write_row(out, item);
    }
    if (pending > 0) {
        pl_buf_addf(out, "%" PRId64 " pending: parley migrate up\n", pending);
    }
}

static int print_report(const struct pl_cli *cli, struct pl_str json)
{
    struct pl_buf text;
    pl_buf_init(&text, TEXT_BYTES_MAX);
    if (cli->switches[PL_SWITCH_JSON]) {
        pl_buf_add_str(&text, json);
        pl_buf_add_char(&text, '\n');
    } else {
        write_report(&text, json);
    }
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}

/* --- without a server --- */

static int report_here(struct pl_buf *out, struct pl_str url, struct pl_error *err)
{
    struct pl_json_writer json;
    pl_json_writer_init(&json, out);
    pl_json_object_begin(&json);
    int rc = pl_store_report(&json, url, err);
    pl_json_object_end(&json);
    return rc;
}

static int migrate_here(struct pl_str url, struct pl_error *err)
{
    struct pl_database *database = NULL;
    int rc = pl_database_open(&database, url, PL_DATABASE_CREATOR, err);
    rc = rc < 0 ? rc : pl_database_lock(database, err);
    if (rc == 0) {
        rc = pl_migrate_up(pl_database_sql(database), pl_database_migrations(database), NULL, err);
    }
    pl_database_close(database);
    return rc < 0 ? rc : 0;
}

/* With the data directory locked where something is changed: a server that starts meanwhile would do
 * the same. */
static int act_locked(struct pl_buf *out, const struct pl_settings *settings, struct pl_str url,
                      struct pl_error *err)
{
    struct pl_data_dir data_dir;
    int rc = pl_data_dir_open(&data_dir, settings->data_dir, err);
    if (rc < 0) {
        return rc;
    }
    rc = migrate_here(url, err);
    if (rc == 0) {
        rc = report_here(out, url, err);
    }
    pl_data_dir_close(&data_dir);
    return rc;
}

static int act_here(const struct pl_cli *cli, bool is_up)
{
    struct pl_settings settings = {0};
    struct pl_error err = {0};
    struct pl_buf url;
    struct pl_buf json;
    if (pl_cli_settings(&settings, cli, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    pl_buf_init(&url, URL_MAX);
    pl_buf_init(&json, TEXT_BYTES_MAX);
    pl_store_place_url(&url, &settings);
    int rc = is_up ? act_locked(&json, &settings, pl_buf_str(&url), &err)
                   : report_here(&json, pl_buf_str(&url), &err);
    int status = rc < 0 ? pl_cli_fail(PL_EXIT_FAILURE, "migrate: %s%s", err.text,
                                      rc == PL_E_EXISTS ? ", which migrates when it starts" : "")
                        : print_report(cli, pl_buf_str(&json));
    pl_buf_fini(&json);
    pl_buf_fini(&url);
    pl_settings_fini(&settings);
    return status;
}

/* --- with one --- */

static int show_status(const struct pl_cli *cli)
{
    char path[PL_CONTROL_PATH_MAX];
    struct pl_error err = {0};
    struct pl_buf json;
    if (pl_cli_find_socket(path, cli, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    pl_buf_init(&json, TEXT_BYTES_MAX);
    int rc = pl_control_ask(&json, path, PL_STR("{\"command\":\"migrate\"}"), WAIT_MS, &err);
    int status = rc == 0 ? print_report(cli, pl_buf_str(&json))
                 : rc == PL_E_NOT_FOUND && cli->texts[PL_TEXT_CONTROL] == NULL
                     ? act_here(cli, false)
                     : pl_cli_fail_ask(cli, rc, &err);
    pl_buf_fini(&json);
    return status;
}

int pl_cmd_migrate(struct pl_cli *cli)
{
    if (strcmp(cli->words[0], "status") == 0) {
        return show_status(cli);
    }
    if (strcmp(cli->words[0], "up") == 0) {
        return act_here(cli, true);
    }
    return pl_cli_fail(PL_EXIT_USAGE, "migrate: there is no '%s'; say: parley migrate status|up",
                       cli->words[0]);
}
