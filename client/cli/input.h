/* Lines of standard input: typed on a terminal, with history and completion, or read from a pipe. */
#ifndef PL_CLIENT_CLI_INPUT_H
#define PL_CLIENT_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

struct pl_cli_input;

struct pl_cli_input_owner {
    /* Do other things until standard input can be read. False: no more of it is wanted. */
    bool (*wait)(void *user);
    void *user;
};

/* Open it: a terminal when input and error output are one.
 *   commands  what begins with "/", up to a NULL; borrowed */
struct pl_cli_input *pl_cli_input_open(const struct pl_cli_input_owner *owner,
                                       const char *const *commands);

/* The next line without its end, borrowed until the next call; NULL when there is none. */
const char *pl_cli_input_next(struct pl_cli_input *input);

bool pl_cli_input_is_terminal(const struct pl_cli_input *input);

/* An event's name that was seen: completion offers it. */
void pl_cli_input_learn(struct pl_cli_input *input, const char *name);

/* Take the line that is being typed off the screen, and put it there again. NULL is fine. */
void pl_cli_input_hide(struct pl_cli_input *input);
void pl_cli_input_show(struct pl_cli_input *input);

/* Keep the history and give the terminal back as it was. NULL is fine. */
void pl_cli_input_close(struct pl_cli_input *input);

#endif
