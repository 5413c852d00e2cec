/* The command line of parley-client: a row for each option, from which the help is made as well. */
#ifndef PL_CLIENT_CLI_OPTIONS_H
#define PL_CLIENT_CLI_OPTIONS_H

#include "parley/client_socketio.h"

#include <stdio.h>

/* The exit status, for scripts. */
enum pl_cli_status {
    PL_CLI_FINE = 0,
    PL_CLI_FAILED = 1, /* the connection failed, was refused or was lost */
    PL_CLI_USAGE = 2,  /* the command line, or a line of input, makes no sense */
    PL_CLI_LATE = 3,   /* something that was waited for did not come in time */
};

/* Bits: an option may be of several. */
enum pl_cli_protocol {
    PL_CLI_SOCKETIO = 1,
    PL_CLI_WEBSOCKET = 2,
    PL_CLI_TALO = 4,
    PL_CLI_ALL = 7,
};

/* What was given several times, as pointers into argv; as text with separators between. */
struct pl_cli_list {
    const char **items; /* owned */
    size_t count;
};

struct pl_cli_options {
    enum pl_cli_protocol protocol;
    const char *url;
    const char *name_space;
    struct parley_val *auth; /* owned */
    struct pl_cli_list emits;
    struct pl_cli_list names; /* --on */
    struct pl_cli_list header_list;
    struct pl_cli_list query_list;
    struct pl_cli_list pin_list;
    char *headers; /* owned, as the others of the list's texts; NULL: none */
    char *query;
    char *pins;
    const char *path;
    const char *protocols;
    const char *key; /* of talo, as the next five */
    const char *player;
    const char *password;
    const char *sign;
    const char *socket_url;
    bool is_dev;
    const char *ca_file;
    const char *proxy;
    enum parley_sio_transports transports;
    long count; /* -1: no end */
    long timeout_s;
    long retries;
    bool is_json;
    bool is_insecure;
    bool wants_acks;
    bool reconnects;
};

/* "socketio", "websocket", "talo". */
const char *pl_cli_protocol_name(enum pl_cli_protocol protocol);

enum pl_cli_answer {
    PL_CLI_RUN,    /* do it */
    PL_CLI_SHOWN,  /* help or version was asked for and is printed: status 0 */
    PL_CLI_REFUSED /* what is wrong is on standard error: status 2 */
};

/* Read the command line. `out` is to be freed in each case. */
enum pl_cli_answer pl_cli_options_read(struct pl_cli_options *out, int argc, char **argv);
void pl_cli_options_fini(struct pl_cli_options *options);

#endif
