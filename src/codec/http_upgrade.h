/* WebSocket upgrade requests: what the server's side of the handshake needs from the head.
 * Source: RFC 6455 section 4.2.1. Threads: any. No allocation. */
#ifndef PL_CODEC_HTTP_UPGRADE_H
#define PL_CODEC_HTTP_UPGRADE_H

#include "codec/http_request.h"

struct pl_http_upgrade {
    int refusal_status; /* when read failed: 400, or 426 with `Sec-WebSocket-Version: 13` */
    struct pl_str key;  /* 24 characters of base64; this and the others borrow like the request */
    struct pl_str protocols;  /* the subprotocols offered, a list; ptr NULL when none are */
    struct pl_str extensions; /* the extensions offered; ptr NULL when none are */
};

/* Whether the request asks to become a WebSocket, properly or not: read below judges that. */
bool pl_http_upgrade_is_websocket(const struct pl_http_request *request);

/* Check the whole handshake.
 * Returns 0 or PL_E_PROTO with out->refusal_status and the reason in `err`. Of several headers with
 * offers the first counts. */
PL_MUST_CHECK int pl_http_upgrade_read(struct pl_http_upgrade *out,
                                       const struct pl_http_request *request, struct pl_error *err);

#endif
