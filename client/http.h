/* HTTP/1.1 requests on a connection that is kept: what long-polling and REST need.
 * Source: RFC 9112. Threads: the client's. */
#ifndef PL_CLIENT_HTTP_H
#define PL_CLIENT_HTTP_H

#include "client/conn.h"

struct pl_client_http;

struct pl_client_http_owner {
    /* The whole answer; the body is borrowed for the call and may be changed. */
    void (*on_answer)(struct pl_client_http *http, int status, struct pl_span body, void *user);
    /* As on_end of conn.h; the next request opens a connection anew. */
    void (*on_failed)(struct pl_client_http *http, int error, const char *reason, void *user);
};

/* Nothing is opened yet.
 *   body_max  bytes of the largest answer taken */
PL_MUST_CHECK int pl_client_http_create(struct pl_client_http **out, struct parley_client *client,
                                        const struct pl_client_transport *transport,
                                        size_t body_max, const struct pl_client_http_owner *owner,
                                        void *user, struct pl_error *err);

/* One request; only when none is going on (asserted).
 *   target        path and query
 *   headers       more of them, checked lines with CRLF; may be empty
 *   content_type  of the body; NULL for a request without one (GET)
 * A kept connection that the server closed properly before the first byte of an answer is replaced
 * by a new one, once, for GET. After a reset an answer may have been lost, and with it the packets
 * of a poll: that is failed, as a POST that may have arrived.
 * Returns 0; PL_E_NOMEM, PL_E_IO. */
PL_MUST_CHECK int pl_client_http_send(struct pl_client_http *http, const char *method,
                                      struct pl_str target, struct pl_str headers,
                                      const char *content_type, struct pl_str body,
                                      struct pl_error *err);

bool pl_client_http_is_busy(const struct pl_client_http *http);

/* NULL is fine; sets *http to NULL. A request that is going on is dropped. Safe in callbacks. */
void pl_client_http_destroy(struct pl_client_http **http);

#endif
