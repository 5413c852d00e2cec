/* The protocols of the command. */
#ifndef PL_CLIENT_CLI_RUN_H
#define PL_CLIENT_CLI_RUN_H

#include "client/cli/options.h"

/* Connect, talk, leave. Returns the exit status. */
enum pl_cli_status pl_cli_run_socketio(const struct pl_cli_options *options);
enum pl_cli_status pl_cli_run_websocket(const struct pl_cli_options *options);
enum pl_cli_status pl_cli_run_talo(const struct pl_cli_options *options);

#endif
