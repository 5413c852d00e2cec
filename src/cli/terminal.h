/* The terminal as a screen of its own: entered, drawn on, and left as it was before. Plain ANSI
 * sequences, which every terminal of today understands: a table that is drawn anew each second needs
 * no curses, and the library would be one more in every program that links Parley.
 * Threads: the main one. */
#ifndef PL_CLI_TERMINAL_H
#define PL_CLI_TERMINAL_H

#include "base/buf.h"

#include <termios.h>

struct pl_terminal {
    struct termios before;
    bool is_entered;
};

/* Whether standard input and output are a terminal that can be drawn on. */
bool pl_terminal_is_there(void);

/* Whether colours are wanted: a terminal, and no $NO_COLOR. Source: https://no-color.org */
bool pl_terminal_has_color(void);

/* Take the screen: the alternate one, without echo and line editing. */
void pl_terminal_enter(struct pl_terminal *terminal);
void pl_terminal_leave(struct pl_terminal *terminal); /* again is fine */

void pl_terminal_size(size_t *width, size_t *height); /* 80 x 24 when it does not tell */

/* Show `text`, lines of at most the width, from the top on; what was below is gone. */
void pl_terminal_show(struct pl_str text);

#endif
