/* Slowloris: connections that begin a request, send one byte of it now and then, never end it, and
 * come again when they are cut.
 * Threads: one at a time. */
#ifndef PL_BENCH_DRIP_H
#define PL_BENCH_DRIP_H

#include "base/error.h"

#include <netinet/in.h>

struct pl_drip;

/* `count` connections to `target`, from 127.0.0.1 to 127.0.0.source_count, each sending a byte every
 * gap_ms. Nothing is done before pl_drip_step. Returns 0 or PL_E_IO. */
PL_MUST_CHECK int pl_drip_create(struct pl_drip **out, const struct sockaddr_in *target,
                                 unsigned source_count, size_t count, int64_t gap_ms,
                                 struct pl_error *err);
void pl_drip_destroy(struct pl_drip *drip); /* closes them; NULL is fine */

/* Do what is due, but only a little at a time: whoever measures beside it waits meanwhile. */
void pl_drip_step(struct pl_drip *drip, int64_t now_ns);

size_t pl_drip_open_count(const struct pl_drip *drip);
uint64_t pl_drip_cut_count(const struct pl_drip *drip); /* connections that the server ended */

#endif
