/* Text in the columns of a terminal: what is wide takes two, what combines takes none. Roughly: the
 * terminal has the last word. Threads: any. */
#ifndef PL_CLI_COLUMNS_H
#define PL_CLI_COLUMNS_H

#include "base/buf.h"

size_t pl_columns_of(struct pl_str utf8);

/* The beginning of the text that takes at most so many columns. */
struct pl_str pl_columns_first(struct pl_str utf8, size_t columns);

/* Append the text, cut or with spaces behind it, so that it takes just so many. */
void pl_columns_add(struct pl_buf *out, struct pl_str utf8, size_t columns);

#endif
