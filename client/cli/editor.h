/* A line that is typed on a terminal: editing, history, completion. Over libedit. */
#ifndef PL_CLIENT_CLI_EDITOR_H
#define PL_CLIENT_CLI_EDITOR_H

#include "client/cli/input.h"
#include "client/cli/words.h"

struct pl_cli_editor;

/* NULL when the terminal is none that lines can be edited on. `owner` and `words` are borrowed. */
struct pl_cli_editor *pl_cli_editor_open(const struct pl_cli_input_owner *owner,
                                         const struct pl_cli_words *words);
const char *pl_cli_editor_next(struct pl_cli_editor *editor); /* as pl_cli_input_next */
void pl_cli_editor_hide(struct pl_cli_editor *editor);
void pl_cli_editor_show(struct pl_cli_editor *editor);
void pl_cli_editor_close(struct pl_cli_editor *editor); /* NULL is fine */

#endif
