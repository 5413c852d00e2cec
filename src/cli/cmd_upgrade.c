/* parley upgrade: let a running server start a new process that takes its place. */
#include "cli/cli.h"

#include "app/upgrade.h"
#include "base/alloc.h"
#include "cli/answer.h"
#include "cli/control_client.h"
#include "codec/json_write.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define RESULT_MAX ((size_t)64 * 1024)
#define MORE_MS 30000 /* beside the time for the new process to get ready */

/* The server has another working directory, perhaps. */
static int make_absolute(char out[PATH_MAX], const char *path, struct pl_error *err)
{
    char folder[PATH_MAX];
    int len = 0;
    if (path[0] == '/') {
        len = snprintf(out, PATH_MAX, "%s", path);
    } else if (getcwd(folder, sizeof(folder)) != NULL) {
        len = snprintf(out, PATH_MAX, "%s/%s", folder, path);
    }
    return len > 0 && len < PATH_MAX
               ? 0
               : pl_error_set(err, PL_E_INVALID, "--binary: the path cannot be used: %.60s", path);
}

static void write_request(struct pl_buf *out, const char *binary, uint64_t timeout_ms)
{
    struct pl_json_writer json;
    pl_json_writer_init(&json, out);
    pl_json_object_begin(&json);
    pl_json_key(&json, PL_STR("command"));
    pl_json_put_string(&json, PL_STR("upgrade"));
    pl_json_key(&json, PL_STR("timeout_ms"));
    pl_json_put_u64(&json, timeout_ms);
    if (binary != NULL) {
        pl_json_key(&json, PL_STR("binary"));
        pl_json_put_string(&json, pl_str_of_cstr(binary));
    }
    pl_json_object_end(&json);
}

static void write_answer(struct pl_buf *out, struct pl_str json)
{
    pl_buf_addf(out,
                "Process " PL_STR_FMT " serves now, ready after " PL_STR_FMT
                " ms; nobody was served for " PL_STR_FMT " ms.\n",
                PL_STR_ARG(pl_answer_member(json, PL_STR("pid"))),
                PL_STR_ARG(pl_answer_member(json, PL_STR("ready_ms"))),
                PL_STR_ARG(pl_answer_member(json, PL_STR("still_ms"))));
    pl_buf_addf(
        out,
        "handed over: " PL_STR_FMT " sessions, " PL_STR_FMT " packets; " PL_STR_FMT
        " could not be. Clients of Talo, and those without socketio.recovery.enabled, connect "
        "anew.\n",
        PL_STR_ARG(pl_answer_member(json, PL_STR("sessions"))),
        PL_STR_ARG(pl_answer_member(json, PL_STR("packets"))),
        PL_STR_ARG(pl_answer_member(json, PL_STR("not_taken_along"))));
}

static int print_answer(const struct pl_cli *cli, struct pl_str json)
{
    struct pl_buf text;
    pl_buf_init(&text, RESULT_MAX * 2);
    if (cli->switches[PL_SWITCH_JSON]) {
        pl_buf_add_str(&text, json);
        pl_buf_add_char(&text, '\n');
    } else {
        write_answer(&text, json);
    }
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}

static int upgrade(const struct pl_cli *cli, const char *binary, uint64_t timeout_ms)
{
    char path[PL_CONTROL_PATH_MAX];
    struct pl_error err = {0};
    struct pl_buf request;
    struct pl_buf result;
    if (pl_cli_find_socket(path, cli, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    pl_buf_init(&request, RESULT_MAX);
    pl_buf_init(&result, RESULT_MAX);
    write_request(&request, binary, timeout_ms);
    int rc = pl_control_ask(&result, path, pl_buf_str(&request), timeout_ms + MORE_MS, &err);
    int status = rc < 0 ? pl_cli_fail_ask(cli, rc, &err) : print_answer(cli, pl_buf_str(&result));
    pl_buf_fini(&request);
    pl_buf_fini(&result);
    return status;
}

int pl_cmd_upgrade(struct pl_cli *cli)
{
    char binary[PATH_MAX];
    const char *given = cli->texts[PL_TEXT_BINARY];
    const char *timeout = cli->texts[PL_TEXT_TIMEOUT];
    uint64_t timeout_ms = PL_UPGRADE_TIMEOUT_MS;
    struct pl_error err = {0};
    if (timeout != NULL &&
        (!pl_str_to_u64(&timeout_ms, pl_str_of_cstr(timeout), PL_UPGRADE_TIMEOUT_MAX_MS) ||
         timeout_ms == 0)) {
        return pl_cli_fail(PL_EXIT_USAGE, "--timeout: a number of milliseconds is wanted, 1 to %d",
                           PL_UPGRADE_TIMEOUT_MAX_MS);
    }
    if (given != NULL && make_absolute(binary, given, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    return upgrade(cli, given != NULL ? binary : NULL, timeout_ms);
}
