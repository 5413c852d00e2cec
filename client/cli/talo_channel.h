/* Commands about channels, for the table in talo_command.c. */
#ifndef PL_CLIENT_CLI_TALO_CHANNEL_H
#define PL_CLIENT_CLI_TALO_CHANNEL_H

#include "client/cli/talo_command.h"

/* 0 when a channel was entered; else PARLEY_E_INVALID, and told. */
int pl_cli_talo_need_channel(struct pl_cli_talo_run *run, const char *command);

pl_cli_talo_take pl_cli_talo_take_join;
pl_cli_talo_take pl_cli_talo_take_create;
pl_cli_talo_take pl_cli_talo_take_channels;
pl_cli_talo_take pl_cli_talo_take_leave;
pl_cli_talo_take pl_cli_talo_take_members;
pl_cli_talo_take pl_cli_talo_take_invite;
pl_cli_talo_take pl_cli_talo_take_get;
pl_cli_talo_take pl_cli_talo_take_set;

#endif
