/* The lines that were typed, kept between runs in the state directory, for their owner alone. */
#ifndef PL_CLIENT_CLI_HISTORY_H
#define PL_CLIENT_CLI_HISTORY_H

#include <histedit.h>
#include <stddef.h>

struct pl_cli_history {
    History *list; /* NULL without memory: nothing is kept */
    char *path;    /* owned; NULL: there is no place for it */
    char *line;    /* owned: the last one, without its end */
};

/* $XDG_STATE_HOME/parley-client/history, or under ~/.local/state. What cannot be read is empty. */
void pl_cli_history_open(struct pl_cli_history *history);

/* Add a line. Returns it without its end, until the next. */
const char *pl_cli_history_add(struct pl_cli_history *history, const char *line);

void pl_cli_history_close(struct pl_cli_history *history);

#endif
