/* The rows of the command line, and the help that is made of them. */
#ifndef PL_CLIENT_CLI_HELP_H
#define PL_CLIENT_CLI_HELP_H

#include <stddef.h>
#include <stdio.h>

enum pl_cli_option_id {
    PL_OPTION_AUTH,
    PL_OPTION_NAMESPACE,
    PL_OPTION_EMIT,
    PL_OPTION_ACK,
    PL_OPTION_ON,
    PL_OPTION_PROTOCOL,
    PL_OPTION_KEY,
    PL_OPTION_PLAYER,
    PL_OPTION_PASSWORD,
    PL_OPTION_SIGN,
    PL_OPTION_SOCKET,
    PL_OPTION_DEV,
    PL_OPTION_COUNT,
    PL_OPTION_TIMEOUT,
    PL_OPTION_JSON,
    PL_OPTION_RECONNECT,
    PL_OPTION_RETRIES,
    PL_OPTION_TRANSPORT,
    PL_OPTION_PATH,
    PL_OPTION_QUERY,
    PL_OPTION_HEADER,
    PL_OPTION_CA,
    PL_OPTION_PIN,
    PL_OPTION_INSECURE,
    PL_OPTION_PROXY,
    PL_OPTION_HELP,
    PL_OPTION_VERSION,
};

struct pl_cli_option {
    const char *name;
    const char *value; /* what it takes, as the help shows it; NULL: nothing */
    int protocols;     /* bits of enum pl_cli_protocol */
    enum pl_cli_option_id id;
    const char *help;
};

extern const struct pl_cli_option pl_cli_option_rows[];
extern const size_t pl_cli_option_count;

/* All that --help says. */
void pl_cli_help_print(FILE *out);

/* What /help says: the commands that are typed. */
void pl_cli_help_commands(FILE *out, int protocol);

#endif
