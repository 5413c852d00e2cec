/* From a whole request head to its handler: preflights, methods, upgrades, expectations, limits.
 * Included by src/web alone.
 * Threads: the loop's. */
#ifndef PL_WEB_DISPATCH_H
#define PL_WEB_DISPATCH_H

#include "web/web_internal.h"

/* The head of `request` is whole, and its body about to be read. Afterwards the request is
 * answered, waits for its handler, or for its body.
 *   has_more  bytes are there behind the head: the client does not wait for `100 Continue` */
void pl_web_dispatch(struct pl_web_request *request, bool has_more);

/* The body is there: call the handler, which answers now or later. */
void pl_web_hand_over(struct pl_web_request *request);

/* The same once more, for one that was set aside. */
void pl_web_show_again(struct pl_web_request *request);

/* 413, as the route says it. */
void pl_web_refuse_body_size(struct pl_web_request *request);

#endif
