/* parley_main: finds the command, reads its arguments, runs it. */
#include "cli/cli.h"

#include "app/suggest.h"
#include "cli/talo_import.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

int pl_cli_fail(int status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("parley: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return status;
}

int pl_cli_print(const struct pl_buf *text)
{
    size_t at = 0;
    if (pl_buf_failed(text)) {
        return pl_cli_fail(PL_EXIT_FAILURE, "the answer is too long");
    }
    while (at < text->len) {
        ssize_t written = write(STDOUT_FILENO, text->ptr + at, text->len - at);
        if (written < 0 && errno != EINTR) {
            return pl_cli_fail(PL_EXIT_FAILURE, "standard output: %s", strerror(errno));
        }
        at += written > 0 ? (size_t)written : 0;
    }
    return PL_EXIT_OK;
}

static int fail_no_command(const char *name)
{
    char hint[PL_SUGGEST_HINT_MAX];
    struct pl_suggest suggest;
    pl_suggest_init(&suggest, pl_str_of_cstr(name));
    for (size_t i = 0; i < pl_command_count; i++) {
        pl_suggest_offer(&suggest, pl_str_of_cstr(pl_commands[i].name));
    }
    return pl_cli_fail(PL_EXIT_USAGE, "no command '%.60s'%s (parley --help lists them)", name,
                       pl_suggest_hint(hint, &suggest));
}

static int print_command_help(const struct pl_cli *cli)
{
    struct pl_buf text;
    pl_buf_init(&text, (size_t)64 * 1024);
    bool is_of_noun = cli->command->run == pl_cmd_talo && cli->word_count > 0 &&
                      pl_talo_write_usage_of(&text, cli->words[0]);
    if (!is_of_noun) {
        pl_help_write_command(&text, cli->command);
    }
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}

/* "--help" and "--version" stand for the commands of that name. */
static const char *command_name(const char *arg)
{
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        return "help";
    }
    return strcmp(arg, "--version") == 0 ? "version" : arg;
}

int parley_main(int argc, char **argv, const struct parley_app_hooks *hooks)
{
    struct pl_cli cli = {.hooks = hooks};
    struct pl_error err = {0};
    if (argc < 2) {
        return pl_cli_fail(PL_EXIT_USAGE, "a command is wanted (parley --help lists them)");
    }
    const char *name = command_name(argv[1]);
    cli.command = pl_command_find(name);
    if (cli.command == NULL) {
        return fail_no_command(name);
    }
    if (pl_cli_read(&cli, argc - 2, argv + 2, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "%s (parley help %s)", err.text, cli.command->name);
    }
    return cli.switches[PL_SWITCH_HELP] ? print_command_help(&cli) : cli.command->run(&cli);
}
