/* The other end of the control socket (app/control.h). Threads: the main one; it waits. */
#ifndef PL_CLI_CONTROL_CLIENT_H
#define PL_CLI_CONTROL_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

/* Send one request (JSON without a line end) to the server at `path` and append the JSON of its
 * result to *result.
 * Returns 0; PL_E_NOT_FOUND when no server listens there, PL_E_TIMEOUT after wait_ms without an
 * answer, PL_E_IO, PL_E_PROTO for an answer that makes no sense, PL_E_DENIED with the server's own
 * words. */
PL_MUST_CHECK int pl_control_ask(struct pl_buf *result, const char *path, struct pl_str request,
                                 uint64_t wait_ms, struct pl_error *err);

#endif
