/* parley status, drain, reload and clock: ask a running server through its control socket. */
#include "cli/cli.h"

#include "app/data_dir.h"
#include "cli/control_client.h"
#include "codec/json_read.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    RESULT_MAX = 8 * 1024 * 1024,
    DEPTH_MAX = 32,
};

#define YEAR_MS (UINT64_C(365) * 24 * 3600 * 1000)

/* --control, or the socket in the data directory that the settings name. */
static int find_socket(char out[PL_CONTROL_PATH_MAX], const struct pl_cli *cli,
                       struct pl_error *err)
{
    struct pl_settings settings;
    const char *path = cli->texts[PL_TEXT_CONTROL];
    if (path != NULL) {
        int len = snprintf(out, PL_CONTROL_PATH_MAX, "%s", path);
        return len < PL_CONTROL_PATH_MAX
                   ? 0
                   : pl_error_set(err, PL_E_TOO_BIG, "the path is too long: %.60s...", path);
    }
    int rc = pl_cli_settings(&settings, cli, err);
    if (rc == 0) {
        rc = pl_control_path(out, settings.data_dir, err);
        pl_settings_fini(&settings);
    }
    return rc;
}

/* "a.b: value" per line: objects are opened, everything else is shown as it is. */
static void write_lines(struct pl_buf *out, struct pl_str json)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_str names[DEPTH_MAX];
    size_t depth = 0;
    pl_json_reader_init(&reader, json, DEPTH_MAX);
    while (pl_json_next(&token, &reader, NULL) == 0 && token.kind != PL_JSON_END) {
        struct pl_str raw = token.raw;
        if (token.kind == PL_JSON_OBJECT_BEGIN) {
            depth++;
            continue;
        }
        if (token.kind == PL_JSON_OBJECT_END) {
            depth--;
            continue;
        }
        if (token.kind == PL_JSON_KEY) {
            names[depth - 1] = pl_str_make(raw.ptr + 1, raw.len - 2);
            continue;
        }
        if (depth == 0 || pl_json_skip(&raw, &reader, &token, NULL) < 0) {
            return;
        }
        for (size_t i = 0; i < depth; i++) {
            pl_buf_addf(out, "%s" PL_STR_FMT, i == 0 ? "" : ".", PL_STR_ARG(names[i]));
        }
        pl_buf_addf(out, ": ");
        pl_buf_add_str(out,
                       token.kind == PL_JSON_STRING ? pl_str_make(raw.ptr + 1, raw.len - 2) : raw);
        pl_buf_add_char(out, '\n');
    }
}

/* Ask, and print the result as lines or as JSON. */
static int ask(const struct pl_cli *cli, struct pl_str request)
{
    char path[PL_CONTROL_PATH_MAX];
    struct pl_error err = {0};
    struct pl_buf result;
    struct pl_buf text;
    if (find_socket(path, cli, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    pl_buf_init(&result, RESULT_MAX);
    pl_buf_init(&text, RESULT_MAX);
    int status = PL_EXIT_OK;
    if (pl_control_ask(&result, path, request, &err) < 0) {
        status = pl_cli_fail(PL_EXIT_FAILURE, "%s: %s", cli->command->name, err.text);
    } else if (cli->switches[PL_SWITCH_JSON]) {
        pl_buf_add_str(&text, pl_buf_str(&result));
        pl_buf_add_char(&text, '\n');
    } else {
        write_lines(&text, pl_buf_str(&result));
    }
    if (status == PL_EXIT_OK) {
        status = pl_cli_print(&text);
    }
    pl_buf_fini(&text);
    pl_buf_fini(&result);
    return status;
}

int pl_cmd_status(struct pl_cli *cli)
{
    return ask(cli, PL_STR("{\"command\":\"status\"}"));
}

int pl_cmd_drain(struct pl_cli *cli)
{
    return ask(cli, PL_STR("{\"command\":\"drain\"}"));
}

int pl_cmd_reload(struct pl_cli *cli)
{
    return ask(cli, PL_STR("{\"command\":\"reload\"}"));
}

int pl_cmd_clock(struct pl_cli *cli)
{
    char request[96];
    uint64_t ms = 0;
    if (strcmp(cli->words[0], "advance") != 0 ||
        !pl_str_to_u64(&ms, pl_str_of_cstr(cli->words[1]), YEAR_MS)) {
        return pl_cli_fail(PL_EXIT_USAGE, "clock wants: advance MS (0 to %" PRIu64 ")", YEAR_MS);
    }
    int len = snprintf(request, sizeof(request),
                       "{\"command\":\"clock\",\"advance_ms\":%" PRIu64 "}", ms);
    return ask(cli, pl_str_make(request, (size_t)len));
}
