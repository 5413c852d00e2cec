/* What `parley talo` prints for people: tables of lists, lines of single things.
 * Threads: any. */
#ifndef PL_CLI_TALO_SHOW_H
#define PL_CLI_TALO_SHOW_H

#include "base/buf.h"

/* json: a result of dialect/talo/talo.h's administration. */
void pl_talo_show(struct pl_buf *out, struct pl_str json);

#endif
