/* The other end of the control socket (app/control.h). Threads: the main one. */
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

/* --- the same for who has other things to wait for as well --- */

/* Send the request. Returns the descriptor of the connection, which the caller polls and closes, or
 * an error as above. */
PL_MUST_CHECK int pl_control_begin(const char *path, struct pl_str request, uint64_t wait_ms,
                                   struct pl_error *err);

/* Take what has arrived there to *line, an empty buffer at first. Returns 1 when the answer is whole
 * and its result is in *result, 0 when more is to come, or an error as above. */
PL_MUST_CHECK int pl_control_continue(struct pl_buf *result, struct pl_buf *line, int fd,
                                      struct pl_error *err);

#endif
