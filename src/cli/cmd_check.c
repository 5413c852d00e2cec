/* parley check: are the settings right, does the application load? */
#include "cli/cli.h"

#include "app/listener_plan.h"
#include "app/load.h"
#include "app/socketio_settings.h"

enum {
    TEXT_MAX = 1024 * 1024,
};

static void write_answer(struct pl_buf *out, const struct pl_cli *cli,
                         const struct pl_settings *settings)
{
    if (cli->switches[PL_SWITCH_JSON]) {
        pl_settings_print_json(out, settings);
    } else if (cli->switches[PL_SWITCH_PRINT]) {
        pl_settings_print(out, settings);
    } else {
        pl_buf_addf(out, "The configuration is right.\n");
    }
}

int pl_cli_check_settings(struct pl_settings *settings, struct pl_error *err)
{
    struct pl_socketio_config socketio;
    int rc = pl_listener_plan_check(settings, err);
    return rc < 0 ? rc : pl_socketio_config_read(&socketio, settings, err);
}

static int check_app(const struct pl_cli *cli)
{
    struct pl_app_library library;
    struct pl_error err = {0};
    if (cli->texts[PL_TEXT_APP] == NULL) {
        return PL_EXIT_OK;
    }
    if (pl_app_library_open(&library, cli->texts[PL_TEXT_APP], &err) < 0) {
        return pl_cli_fail(PL_EXIT_FAILURE, "%s", err.text);
    }
    pl_app_library_close(&library);
    return PL_EXIT_OK;
}

/* What the settings name, and what they make together: certificates, lists, application. */
static int check_files(const struct pl_cli *cli, struct pl_settings *settings)
{
    struct pl_error err = {0};
    if (pl_cli_check_settings(settings, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    }
    return check_app(cli);
}

int pl_cmd_check(struct pl_cli *cli)
{
    struct pl_settings settings = {0};
    struct pl_error err = {0};
    struct pl_buf text;
    int status = PL_EXIT_OK;
    pl_buf_init(&text, TEXT_MAX);
    if (cli->switches[PL_SWITCH_MARKDOWN]) {
        pl_settings_print_markdown(&text); /* of the rows, whatever the configuration */
    } else if (pl_cli_settings(&settings, cli, &err) < 0) {
        status = pl_cli_fail(PL_EXIT_USAGE, "%s", err.text);
    } else {
        status = check_files(cli, &settings);
        write_answer(&text, cli, &settings);
    }
    if (status == PL_EXIT_OK) {
        status = pl_cli_print(&text);
    }
    pl_settings_fini(&settings);
    pl_buf_fini(&text);
    return status;
}
