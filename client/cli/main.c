/* parley-client: sockets at the command line, for people and for scripts. */
#include "client/cli/run.h"

int main(int argc, char **argv)
{
    struct pl_cli_options options;
    enum pl_cli_answer asked = pl_cli_options_read(&options, argc, argv);
    enum pl_cli_status status = asked == PL_CLI_SHOWN ? PL_CLI_FINE : PL_CLI_USAGE;
    if (asked == PL_CLI_RUN) {
        status = options.protocol == PL_CLI_SOCKETIO ? pl_cli_run_socketio(&options)
                 : options.protocol == PL_CLI_TALO   ? pl_cli_run_talo(&options)
                                                     : pl_cli_run_websocket(&options);
    }
    pl_cli_options_fini(&options);
    return (int)status;
}
