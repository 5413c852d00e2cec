/* What the commands of talo share: requests that wait for their results, and words of a line. */
#ifndef PL_CLIENT_CLI_TALO_WAIT_H
#define PL_CLIENT_CLI_TALO_WAIT_H

#include "client/cli/talo_command.h"

/* A request that waits: whose result it is. */
struct pl_cli_talo_wait {
    struct pl_cli_talo_wait *next;
    struct pl_cli_talo_run *run;
    const char *command; /* of the table */
    char text[];         /* a name that is looked for */
};

struct pl_cli_talo_wait *pl_cli_talo_wait_for(struct pl_cli_talo_run *run, const char *command,
                                              const char *text);
void pl_cli_talo_wait_drop(struct pl_cli_talo_wait *wait);

/* What a request returned for which there is a wait: counted, or told and dropped. */
int pl_cli_talo_asked(struct pl_cli_talo_wait *wait, int rc);

/* Print a result, and fail with it; the wait is over. */
void pl_cli_talo_wait_show(struct pl_cli_talo_wait *wait, const struct parley_talo_result *result);
void pl_cli_talo_wait_done(struct parley_talo *talo, const struct parley_talo_result *result,
                           void *user); /* the same, as a callback */

/* Something failed: the end where input is no terminal. */
void pl_cli_talo_fail(struct pl_cli_talo_run *run);

/* Say what is wrong with a line. Returns PARLEY_E_INVALID. */
int pl_cli_talo_refuse(struct pl_cli_talo_run *run, const char *command, const char *what);

/* The first word of *rest, which moves behind it. False when there is none or it is too long. */
bool pl_cli_talo_word(char out[PL_CLI_TALO_WORD_MAX], const char **rest);

/* A number from 1 on, and nothing else. */
bool pl_cli_talo_id(int64_t *out, const char *text);

#endif
