/* The front of every request of the client's: request line, Host, User-Agent, and the headers that
 * the application adds; texts in targets. Source: RFC 9112 section 3.2. Threads: any. */
#ifndef PL_CLIENT_REQUEST_H
#define PL_CLIENT_REQUEST_H

#include "base/buf.h"
#include "client/transport.h"

/* Append it, without the empty line that ends the head: the caller adds headers of its own before.
 *   target  path and query; empty: "/" */
void pl_client_request_add(struct pl_buf *out, const struct pl_client_transport *transport,
                           const char *method, struct pl_str target);

/* Append a text as a segment of a path, or a name or value of a query, has it: all but unreserved
 * characters as %XX. Source: RFC 3986 section 2. */
void pl_client_request_escape(struct pl_buf *out, struct pl_str text);

#endif
