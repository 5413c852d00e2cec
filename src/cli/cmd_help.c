/* parley help [COMMAND] */
#include "cli/cli.h"

int pl_cmd_help(struct pl_cli *cli)
{
    struct pl_buf text;
    pl_buf_init(&text, (size_t)64 * 1024);
    if (cli->word_count == 0) {
        pl_help_write(&text);
    } else {
        const struct pl_command *command = pl_command_find(cli->words[0]);
        if (command == NULL) {
            return pl_cli_fail(PL_EXIT_USAGE, "no command '%.60s' (parley help lists them)",
                               cli->words[0]);
        }
        pl_help_write_command(&text, command);
    }
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}
