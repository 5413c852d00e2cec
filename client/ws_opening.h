/* The opening handshake of a WebSocket from the client's side: the request, and the answer judged.
 * Source: RFC 6455 section 4.1. Threads: the client's. */
#ifndef PL_CLIENT_WS_OPENING_H
#define PL_CLIENT_WS_OPENING_H

#include "base/buf.h"
#include "client/env.h"
#include "client/transport.h"
#include "codec/http_answer.h"
#include "codec/ws_handshake.h"

#define PL_CLIENT_WS_WORDS_MAX 120 /* bytes of a refusal's text that are passed on */

struct pl_client_ws_opening {
    char accept[PL_WS_ACCEPT_LEN + 1]; /* what the server has to answer */
    char *protocols;                   /* owned: those asked for, or NULL */
    int refusal_status;                /* of an answer that is not 101, or 0 */
    struct pl_http_body body;          /* of a refusal; what it says may be worth reading */
    size_t words_len;
    char words[PL_CLIENT_WS_WORDS_MAX];
};

/* Append the request to `out`.
 *   protocols  Sec-WebSocket-Protocol, or NULL
 * Returns 0; PL_E_NOMEM, PL_E_UNSUPPORTED (no SHA-1). `opening` is zeroed on failure. */
PL_MUST_CHECK int pl_client_ws_opening_begin(struct pl_client_ws_opening *opening,
                                             struct pl_buf *out,
                                             const struct pl_client_transport *transport,
                                             struct pl_str target, const char *protocols,
                                             const struct pl_client_env *env, struct pl_error *err);

/* Read on from the front of `in`; *consumed says how much of it is used up.
 *   *protocol  when it is open: the one chosen, borrowed from `in`, or empty
 * Returns 1 when the WebSocket is open: frames follow; 0 when more is needed; PL_E_DENIED for an
 * answer that is not 101, with its status and the first line of its text; PL_E_PROTO, PL_E_TOO_BIG
 * or PL_E_UNSUPPORTED for one that makes no sense. */
PL_MUST_CHECK int pl_client_ws_opening_read(struct pl_client_ws_opening *opening, struct pl_str in,
                                            size_t *consumed, struct pl_str *protocol,
                                            struct pl_error *err);

/* The connection has ended before that: PL_E_DENIED when there was a refusal, else `error`, which
 * `err` has the reason for already. */
int pl_client_ws_opening_end(const struct pl_client_ws_opening *opening, int error,
                             struct pl_error *err);

void pl_client_ws_opening_fini(struct pl_client_ws_opening *opening); /* zeroed is fine */

#endif
