/* Who the client is, when proxies stand in between: PROXY headers of connections, and the headers of
 * requests. Only trusted proxies are believed (pl_web_set_proxies).
 * Threads: the loop's. */
#ifndef PL_WEB_PROXY_H
#define PL_WEB_PROXY_H

#include "web/web_internal.h"

void pl_proxy_init(struct pl_web *web);

/* Whether a newcomer may not send a PROXY header: it is closed then, counted and logged. */
bool pl_proxy_refuse(struct pl_web *web, int fd, const struct pl_address *peer);

/* Wait for the PROXY header, then go on with what the connection's entrance says. */
void pl_proxy_start(struct pl_conn *conn);

/* Set peer and is_secure of a request that has its head. */
void pl_proxy_find_client(struct pl_web_request *request);

/* Whether the client of a request may have the connection for itself, as a WebSocket: one that a
 * proxy told of may not have too many. Counted and logged. */
bool pl_proxy_admits(struct pl_web_request *request);

#endif
