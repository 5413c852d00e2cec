/* parley serve: settings, application, server, in this order. */
#include "cli/cli.h"

#include "app/load.h"
#include "app/server.h"

static int serve(struct pl_settings *settings, struct pl_cli_sources *sources,
                 const struct parley_app_hooks *hooks, struct pl_inheritance *inheritance)
{
    struct pl_error err = {0};
    sources->src.warn = NULL; /* said once, at the start */
    if (pl_server_run(settings, &sources->src, hooks, inheritance, &err) < 0) {
        return pl_cli_fail(PL_EXIT_FAILURE, "%s", err.text);
    }
    return PL_EXIT_OK;
}

/* To whoever started this program: a person, or a server that is to be upgraded. */
static int fail(struct pl_inheritance *inheritance, int status, const char *reason)
{
    pl_inheritance_fail(inheritance, reason);
    pl_inheritance_close(inheritance);
    return pl_cli_fail(status, "%s", reason);
}

int pl_cmd_serve(struct pl_cli *cli)
{
    struct pl_settings settings = {0};
    struct pl_cli_sources sources;
    struct pl_app_library library = {.hooks = cli->hooks};
    struct pl_inheritance inheritance;
    struct pl_error err = {0};
    int status;
    if (pl_inheritance_open(&inheritance, &err) < 0) {
        return pl_cli_fail(PL_EXIT_FAILURE, "%s", err.text);
    }
    if (cli->texts[PL_TEXT_APP] != NULL && cli->hooks != NULL) {
        return fail(&inheritance, PL_EXIT_USAGE,
                    "--app: this program has an application of its own");
    }
    pl_cli_sources_init(&sources, cli);
    if (pl_settings_load(&settings, &sources.src, &err) < 0 ||
        pl_cli_check_settings(&settings, &err) < 0) {
        status = fail(&inheritance, PL_EXIT_USAGE, err.text);
    } else if (cli->texts[PL_TEXT_APP] != NULL &&
               pl_app_library_open(&library, cli->texts[PL_TEXT_APP], &err) < 0) {
        status = fail(&inheritance, PL_EXIT_FAILURE, err.text);
    } else {
        status = serve(&settings, &sources, library.hooks, &inheritance);
    }
    pl_app_library_close(&library);
    pl_settings_fini(&settings);
    pl_cli_sources_fini(&sources);
    return status;
}
