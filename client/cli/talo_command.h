/* Lines that are typed for talo: a row for each command, from which its help is made as well. */
#ifndef PL_CLIENT_CLI_TALO_COMMAND_H
#define PL_CLIENT_CLI_TALO_COMMAND_H

#include "client/cli/session.h"
#include "parley/client_talo.h"

#define PL_CLI_TALO_WORD_MAX 256

struct pl_cli_talo_wait;

struct pl_cli_talo_run {
    struct pl_cli_session session;
    struct parley_talo *talo;
    unsigned pending;               /* requests without a result */
    size_t given;                   /* of --do */
    int64_t channel_id;             /* that texts go to; 0: none */
    char service[64];               /* of --player */
    const char *name;               /* of --player; NULL: nobody */
    struct pl_cli_talo_wait *waits; /* of the requests that have no result yet */
    bool was_connected;
    bool is_closing; /* by a command */
    bool is_leaving;
};

/* A command with what follows its name, which is the table's. Returns as pl_cli_talk.take_line. */
typedef int pl_cli_talo_take(struct pl_cli_talo_run *run, const char *command, const char *rest);

/* Take one line: as pl_cli_talk.take_line. */
int pl_cli_talo_take_line(struct pl_cli_talo_run *run, const char *line);

/* Become the player of --player. */
int pl_cli_talo_become(struct pl_cli_talo_run *run);

/* Free what waits for results that will not come. */
void pl_cli_talo_forget(struct pl_cli_talo_run *run);

/* The commands, one on a line. */
void pl_cli_talo_help(FILE *out);

/* What begins with "/", up to a NULL: for completion. */
extern const char *const pl_cli_talo_commands[];

#endif
