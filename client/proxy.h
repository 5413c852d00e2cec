/* A tunnel through an HTTP proxy. Source: RFC 9110 section 9.3.6, RFC 7617. Threads: any. */
#ifndef PL_CLIENT_PROXY_H
#define PL_CLIENT_PROXY_H

#include "base/buf.h"
#include "client/transport.h"

/* The request to append. The buffer's failure tells whether there was memory. */
void pl_client_proxy_write(struct pl_buf *out, const struct pl_client_transport *transport);

/* Read the answer from the front of `in`. Returns the bytes consumed (> 0): the tunnel is there and
 * the rest is the server's; 0 when more are needed; PL_E_DENIED when the proxy does not let us
 * through, PL_E_PROTO, PL_E_TOO_BIG. */
PL_MUST_CHECK ptrdiff_t pl_client_proxy_read(struct pl_str in,
                                             const struct pl_client_transport *transport,
                                             struct pl_error *err);

#endif
