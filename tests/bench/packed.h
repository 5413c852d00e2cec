/* Compressed messages that come in: a broadcast arrives as the same bytes on every connection, and
 * is decompressed once, so that the load is not what is measured. Threads: one at a time. */
#ifndef PL_BENCH_PACKED_H
#define PL_BENCH_PACKED_H

#include "base/error.h"
#include "base/str.h"

struct pl_load_packed;

struct pl_load_packed *pl_load_packed_create(void);
void pl_load_packed_destroy(struct pl_load_packed *packed); /* NULL is fine */

/* Replace the payload of a compressed message by what it says, borrowed until the next call.
 * Returns 0 or PL_E_PROTO. */
PL_MUST_CHECK int pl_load_packed_read(struct pl_load_packed *packed, struct pl_str *message,
                                      struct pl_error *err);

#endif
