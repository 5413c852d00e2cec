/* What is printed: a line for each thing that happens. Events and messages go to standard output;
 * what is said about the connection to standard error, but with --json, where all are objects on
 * standard output. */
#ifndef PL_CLIENT_CLI_SHOW_H
#define PL_CLIENT_CLI_SHOW_H

#include "client/cli/text.h"
#include "parley/client.h"

struct pl_cli_input;

struct pl_cli_show {
    struct pl_cli_input *input; /* whose line is on the terminal, or NULL */
    bool is_json;
    bool has_color;      /* standard output */
    bool has_note_color; /* standard error */
};

/* Colours where there is a terminal and NO_COLOR is not set (https://no-color.org). */
void pl_cli_show_init(struct pl_cli_show *show, bool is_json);

/* An event; `kind` is "event" or "ack", `is_asked`: the server wants an acknowledgement. */
void pl_cli_show_event(struct pl_cli_show *show, const char *kind, const char *name,
                       const struct parley_args *args, bool is_asked);

/* A message of a plain WebSocket. */
void pl_cli_show_message(struct pl_cli_show *show, bool is_text, const void *bytes, size_t len);

/* What happened to the connection.
 *   next  what to do about it, for people; may be "" */
void pl_cli_show_state(struct pl_cli_show *show, const struct parley_client_event *event,
                       const char *id, const char *transport, const char *next);

/* A sentence for people; with --json an object with the kind "note" or "error". */
void pl_cli_show_note(struct pl_cli_show *show, const char *fmt, ...) PARLEY_PRINTF(2, 3);
void pl_cli_show_error(struct pl_cli_show *show, const char *fmt, ...) PARLEY_PRINTF(2, 3);

/* A line of more than these: begun on `out` (the line that is typed goes away meanwhile), ended; or
 * an object on standard output, begun with its kind, with members of text, ended. */
FILE *pl_cli_show_begin(struct pl_cli_show *show, FILE *out);
void pl_cli_show_end(struct pl_cli_show *show, FILE *out);
FILE *pl_cli_show_begin_json(struct pl_cli_show *show, const char *kind);
void pl_cli_show_member(FILE *out, const char *key, const char *text);
void pl_cli_show_end_json(struct pl_cli_show *show);

/* What /help says. */
void pl_cli_show_help(struct pl_cli_show *show, int protocol);

#endif
