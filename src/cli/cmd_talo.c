/* parley talo: games, keys, players and channels of Talo's services. The words go to the running
 * server; when none runs, the same code does the work here, on the same store. */
#include "cli/cli.h"

#include "app/store_place.h"
#include "app/talo_offline.h"
#include "cli/control_client.h"
#include "cli/talo_import.h"
#include "cli/talo_show.h"
#include "codec/json_write.h"
#include "dialect/talo/talo.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define WAIT_MS 60000
#define RESULT_MAX ((size_t)8 * 1024 * 1024)

/* --- where it is done --- */

/* What may be the first thing that is kept. A mistyped --data makes no new store otherwise. */
static bool begins_store(const struct pl_cli *cli)
{
    return strcmp(cli->words[0], "import") == 0 ||
           (cli->word_count > 1 && strcmp(cli->words[0], "game") == 0 &&
            strcmp(cli->words[1], "create") == 0);
}

static int open_here(struct pl_talo_link *link, struct pl_error *err)
{
    if (!begins_store(link->cli) && pl_store_place_is_missing(&link->settings)) {
        return pl_error_set(err, PL_E_NOT_FOUND,
                            "no server runs on " PL_STR_FMT
                            ", and nothing is kept there yet: parley talo game create NAME "
                            "begins",
                            PL_STR_ARG(link->settings.data_dir));
    }
    pl_log_init(&link->log, STDERR_FILENO);
    link->log.level = PL_LOG_WARN;
    return pl_talo_offline_open(&link->offline, &link->settings, &link->log, err);
}

int pl_talo_link_open(struct pl_talo_link *link, const struct pl_cli *cli, struct pl_error *err)
{
    struct pl_buf result;
    *link = (struct pl_talo_link){.cli = cli};
    int rc = pl_cli_find_socket(link->path, cli, err);
    if (rc < 0) {
        return rc;
    }
    pl_buf_init(&result, RESULT_MAX);
    rc = pl_control_ask(&result, link->path, PL_STR("{\"command\":\"status\"}"), WAIT_MS, err);
    pl_buf_fini(&result);
    if (rc != PL_E_NOT_FOUND || cli->texts[PL_TEXT_CONTROL] != NULL) {
        return rc;
    }
    rc = pl_cli_settings(&link->settings, cli, err);
    if (rc < 0) {
        return rc;
    }
    link->has_settings = true;
    return open_here(link, err);
}

int pl_talo_link_ask(struct pl_buf *result, struct pl_talo_link *link, struct pl_str request,
                     struct pl_error *err)
{
    return link->offline != NULL ? pl_talo_offline_run(result, link->offline, request, err)
                                 : pl_control_ask(result, link->path, request, WAIT_MS, err);
}

void pl_talo_link_close(struct pl_talo_link *link)
{
    pl_talo_offline_close(link->offline);
    if (link->has_settings) {
        pl_settings_fini(&link->settings);
    }
    *link = (struct pl_talo_link){0};
}

/* --- one request --- */

static void put_text(struct pl_json_writer *out, struct pl_str key, const char *text)
{
    if (text != NULL) {
        pl_json_key(out, key);
        pl_json_put_string(out, pl_str_of_cstr(text));
    }
}

static void write_request(struct pl_buf *request, const struct pl_cli *cli)
{
    struct pl_json_writer out;
    pl_json_writer_init(&out, request);
    pl_json_object_begin(&out);
    put_text(&out, PL_STR("command"), "talo");
    pl_json_key(&out, PL_STR("words"));
    pl_json_array_begin(&out);
    for (size_t i = 0; i < cli->word_count; i++) {
        pl_json_put_string(&out, pl_str_of_cstr(cli->words[i]));
    }
    pl_json_array_end(&out);
    put_text(&out, PL_STR("game"), cli->texts[PL_TEXT_GAME]);
    put_text(&out, PL_STR("scopes"), cli->texts[PL_TEXT_SCOPES]);
    pl_json_object_end(&out);
}

static int print_result(const struct pl_cli *cli, struct pl_str result)
{
    struct pl_buf text;
    pl_buf_init(&text, RESULT_MAX);
    if (cli->switches[PL_SWITCH_JSON]) {
        pl_buf_add_str(&text, result);
        pl_buf_add_char(&text, '\n');
    } else {
        pl_talo_show(&text, result);
    }
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}

static int ask(struct pl_talo_link *link, struct pl_str request)
{
    struct pl_error err = {0};
    struct pl_buf result;
    pl_buf_init(&result, RESULT_MAX);
    int rc = pl_talo_link_ask(&result, link, request, &err);
    int status = rc < 0 ? pl_cli_fail(PL_EXIT_FAILURE, "%s", err.text)
                        : print_result(link->cli, pl_buf_str(&result));
    pl_buf_fini(&result);
    return status;
}

/* A file that is not there makes no store. */
static int check_file(const struct pl_cli *cli)
{
    bool is_file = strcmp(cli->words[0], "import") == 0 && cli->word_count == 2 &&
                   strcmp(cli->words[1], "-") != 0;
    return is_file && access(cli->words[1], R_OK) < 0
               ? pl_cli_fail(PL_EXIT_FAILURE, "%s: %s", cli->words[1], strerror(errno))
               : PL_EXIT_OK;
}

static int run(struct pl_cli *cli, struct pl_str request)
{
    struct pl_talo_link link;
    struct pl_error err = {0};
    int status = check_file(cli);
    if (status != PL_EXIT_OK) {
        return status;
    }
    int rc = pl_talo_link_open(&link, cli, &err);
    if (rc < 0) {
        status = pl_cli_fail_ask(cli, rc, &err);
    } else {
        status = strcmp(cli->words[0], "import") == 0 ? pl_talo_import(&link) : ask(&link, request);
    }
    pl_talo_link_close(&link);
    return status;
}

/* Words that make no sense are a mistake in the command line, wherever it would have gone. */
static int check_words(const struct pl_cli *cli, struct pl_str request, struct pl_error *err)
{
    bool is_import = strcmp(cli->words[0], "import") == 0; /* its file is read here */
    return is_import ? 0 : pl_talo_admin_check(request, err);
}

int pl_cmd_talo(struct pl_cli *cli)
{
    struct pl_error err = {0};
    struct pl_buf request;
    pl_buf_init(&request, RESULT_MAX);
    write_request(&request, cli);
    int status = check_words(cli, pl_buf_str(&request), &err) < 0
                     ? pl_cli_fail(PL_EXIT_USAGE, "%s", err.text)
                     : run(cli, pl_buf_str(&request));
    pl_buf_fini(&request);
    return status;
}

/* A sentence, and the line to be typed. */
static void write_row(struct pl_buf *out, const struct pl_talo_admin_usage *usage)
{
    pl_buf_addf(out, "%c%s:\n    parley talo %s", usage->summary[0] - 'a' + 'A', usage->summary + 1,
                usage->noun);
    pl_buf_addf(out, "%s%s", usage->verb[0] != 0 ? " " : "", usage->verb);
    pl_buf_addf(out, "%s%s", usage->words[0] != 0 ? " " : "", usage->words);
    pl_buf_addf(out, "%s%s\n", usage->takes_game ? " --game ID" : "",
                usage->takes_scopes ? " --scopes LIST" : "");
}

void pl_talo_write_usage(struct pl_buf *out)
{
    struct pl_talo_admin_usage usage;
    for (size_t i = 0; pl_talo_admin_usage(&usage, i); i++) {
        write_row(out, &usage);
    }
}

bool pl_talo_write_usage_of(struct pl_buf *out, const char *noun)
{
    struct pl_talo_admin_usage usage;
    bool has_any = false;
    for (size_t i = 0; pl_talo_admin_usage(&usage, i); i++) {
        if (strcmp(usage.noun, noun) == 0) {
            if (!has_any) {
                pl_buf_addf(out, "parley talo %s (parley help talo has the flags)\n\n", noun);
            }
            write_row(out, &usage);
            has_any = true;
        }
    }
    return has_any;
}
