/* parley version */
#include "cli/cli.h"

#include "base/version.h"

int pl_cmd_version(struct pl_cli *cli)
{
    struct pl_buf text;
    (void)cli;
    pl_buf_init(&text, 256);
    pl_buf_addf(&text, "parley %s\n", pl_version());
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}
