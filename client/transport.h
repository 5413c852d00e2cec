/* How a socket gets to its server, made ready once and shared by all its attempts: URL, TLS, proxy.
 * Source of the settings: struct parley_client_transport. Threads: the client's. */
#ifndef PL_CLIENT_TRANSPORT_H
#define PL_CLIENT_TRANSPORT_H

#include "codec/url.h"
#include "parley/client.h"

struct pl_tls_client_context;

struct pl_client_transport {
    char *url_text;                    /* owned: what `url` and others borrow from */
    struct pl_url url;                 /* of the server */
    bool is_secure;                    /* https, wss */
    struct pl_tls_client_context *tls; /* owned; NULL unless secure */
    char *proxy_text;                  /* owned; NULL: no proxy */
    struct pl_url proxy;
    char *proxy_authorization; /* owned: "Basic ..."; NULL: none. A secret */
    char *headers;             /* owned: lines with CRLF, checked; "" for none */
    int connect_timeout_ms;
    size_t message_max;
};

/* Returns 0; PL_E_INVALID (URL, headers, pins, proxy), PL_E_NOT_FOUND, PL_E_DENIED (the CA file),
 * PL_E_NOMEM. Zeroed on failure. */
PL_MUST_CHECK int pl_client_transport_init(struct pl_client_transport *out, const char *url,
                                           const struct parley_client_transport *config,
                                           struct pl_error *err);
void pl_client_transport_fini(struct pl_client_transport *transport); /* zeroed is fine */

/* The defaults that client.h names. */
void pl_client_transport_defaults(struct parley_client_transport *config);
void pl_client_reconnect_defaults(struct parley_client_reconnect *config);

#endif
