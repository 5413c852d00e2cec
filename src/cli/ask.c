/* Asking the running server of a command line: find its control socket, ask, say what went wrong. */
#include "cli/cli.h"

#include "app/data_dir.h"
#include "cli/control_client.h"

#include <stdio.h>

#define WAIT_MS 30000 /* for an answer */
#define RESULT_MAX ((size_t)8 * 1024 * 1024)

int pl_cli_find_socket(char out[PL_CONTROL_PATH_MAX], const struct pl_cli *cli,
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

int pl_cli_fail_ask(const struct pl_cli *cli, int rc, const struct pl_error *err)
{
    if (rc != PL_E_NOT_FOUND) {
        return pl_cli_fail(PL_EXIT_FAILURE, "%s: %s", cli->command->name, err->text);
    }
    return pl_cli_fail(
        PL_EXIT_NO_SERVER, "%s: %s%s", cli->command->name, err->text,
        cli->texts[PL_TEXT_CONTROL] != NULL
            ? ""
            : "; if it runs with another data directory, name that as it was started: "
              "--data DIR, --config FILE or PARLEY_DATA_DIR");
}

int pl_cli_ask(struct pl_buf *result, const struct pl_cli *cli, struct pl_str request)
{
    char path[PL_CONTROL_PATH_MAX];
    struct pl_error err = {0};
    if (pl_cli_find_socket(path, cli, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    int rc = pl_control_ask(result, path, request, WAIT_MS, &err);
    return rc < 0 ? pl_cli_fail_ask(cli, rc, &err) : PL_EXIT_OK;
}

int pl_cli_ask_and_print(const struct pl_cli *cli, struct pl_str request,
                         void (*write)(struct pl_buf *out, struct pl_str json))
{
    struct pl_buf result;
    struct pl_buf text;
    pl_buf_init(&result, RESULT_MAX);
    pl_buf_init(&text, RESULT_MAX);
    int status = pl_cli_ask(&result, cli, request);
    if (status == PL_EXIT_OK && cli->switches[PL_SWITCH_JSON]) {
        pl_buf_add_str(&text, pl_buf_str(&result));
        pl_buf_add_char(&text, '\n');
    } else if (status == PL_EXIT_OK) {
        write(&text, pl_buf_str(&result));
    }
    if (status == PL_EXIT_OK) {
        status = pl_cli_print(&text);
    }
    pl_buf_fini(&text);
    pl_buf_fini(&result);
    return status;
}
