/* EVENT [JSON, ...]: an event with its arguments, as it is typed. */
#ifndef PL_CLIENT_CLI_EMISSION_H
#define PL_CLIENT_CLI_EMISSION_H

#include "parley/value.h"

struct pl_cli_emission {
    char *event; /* owned */
    struct parley_args *args;
};

/* Read it. Returns NULL, or what is wrong with it, in words that live for ever. `out` is to be
 * freed in each case. */
const char *pl_cli_emission_read(struct pl_cli_emission *out, const char *text);
void pl_cli_emission_fini(struct pl_cli_emission *emission);

/* The arguments alone; NULL when they are no JSON. */
struct parley_args *pl_cli_args_read(const char *text);

#endif
