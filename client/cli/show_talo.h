/* What is printed of Talo: messages and results, for people and for scripts. */
#ifndef PL_CLIENT_CLI_SHOW_TALO_H
#define PL_CLIENT_CLI_SHOW_TALO_H

#include "client/cli/show.h"
#include "parley/client_talo.h"

/* A message: what was said as "Ada in lobby: hello", others as their name and their data. */
void pl_cli_show_talo_message(struct pl_cli_show *show, const struct parley_talo_message *message);

/* The result of a command, named as it is typed: what it asked for, or that it is done; of /call the
 * whole answer. A failure goes to standard error. */
void pl_cli_show_talo_result(struct pl_cli_show *show, const char *command,
                             const struct parley_talo_result *result);

/* What the service did not take. */
void pl_cli_show_talo_error(struct pl_cli_show *show, const struct parley_talo_error *error);

#endif
