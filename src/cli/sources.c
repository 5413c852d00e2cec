/* Where a command's settings come from, kept for the time when a running server reads them again:
 * the environment may be another by then, its copy is not. */
#include "cli/cli.h"

#include "base/alloc.h"

#include <stdio.h>
#include <unistd.h>

static void warn(void *user, const char *text)
{
    (void)user;
    fprintf(stderr, "parley: warning: %s\n", text);
}

static bool is_ours(const char *variable)
{
    return pl_str_starts_with(pl_str_of_cstr(variable), PL_STR("PARLEY_"));
}

static char *copy_cstr(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = pl_alloc(size);
    memcpy(copy, text, size);
    return copy;
}

static char **copy_environment(void)
{
    size_t count = 0;
    for (char **at = environ; at != NULL && *at != NULL; at++) {
        count += is_ours(*at);
    }
    char **copy = pl_alloc((count + 1) * sizeof(*copy));
    count = 0;
    for (char **at = environ; at != NULL && *at != NULL; at++) {
        if (is_ours(*at)) {
            copy[count++] = copy_cstr(*at);
        }
    }
    return copy;
}

void pl_cli_sources_init(struct pl_cli_sources *out, const struct pl_cli *cli)
{
    out->environment = copy_environment();
    out->src = (struct pl_settings_sources){
        .config_path = cli->texts[PL_TEXT_CONFIG],
        .environ = (const char *const *)out->environment,
        .pairs = cli->pairs,
        .pair_count = cli->pair_count,
        .warn = warn,
    };
}

void pl_cli_sources_fini(struct pl_cli_sources *sources)
{
    for (char **at = sources->environment; at != NULL && *at != NULL; at++) {
        pl_free(*at);
    }
    pl_free(sources->environment);
    memset(sources, 0, sizeof(*sources));
}

int pl_cli_settings(struct pl_settings *out, const struct pl_cli *cli, struct pl_error *err)
{
    struct pl_cli_sources sources;
    pl_cli_sources_init(&sources, cli);
    int rc = pl_settings_load(out, &sources.src, err);
    pl_cli_sources_fini(&sources);
    return rc;
}
