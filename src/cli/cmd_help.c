/* parley help [COMMAND] */
#include "cli/cli.h"

static void write_help(struct pl_buf *out, const struct pl_cli *cli,
                       const struct pl_command *command)
{
    if (cli->switches[PL_SWITCH_JSON]) {
        pl_help_write_json(out, command);
    } else if (command != NULL) {
        pl_help_write_command(out, command);
    } else {
        pl_help_write(out);
    }
}

int pl_cmd_help(struct pl_cli *cli)
{
    const struct pl_command *command = NULL;
    struct pl_buf text;
    if (cli->word_count > 0) {
        command = pl_command_find(cli->words[0]);
        if (command == NULL) {
            return pl_cli_fail(PL_EXIT_USAGE, "no command '%.60s' (parley help lists them)",
                               cli->words[0]);
        }
    }
    pl_buf_init(&text, (size_t)64 * 1024);
    write_help(&text, cli, command);
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}
