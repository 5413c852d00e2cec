/* permessage-deflate on WebSockets: what is shared by all that have the same settings. Outgoing
 * messages are compressed without context, once, whoever gets them; incoming ones are decompressed
 * whole, within the message limit. Source: RFC 7692. Threads: the loop's. */
#ifndef PL_WEB_WS_COMPRESS_H
#define PL_WEB_WS_COMPRESS_H

#include "codec/ws_deflate.h"
#include "net/deflate.h"
#include "web/web.h"

struct pl_ws_compression_config {
    struct pl_ws_deflate_policy policy;
    size_t threshold_bytes; /* shorter messages are sent as they are */
    int level;
    int mem_level;
};

/* Owned by the server, which destroys it at its own end. */
struct pl_ws_compression *pl_ws_compression_create(struct pl_web *web,
                                                   const struct pl_ws_compression_config *config);

/* A group of WebSocket frames as connections get it that can follow our window: each message of at
 * least threshold_bytes compressed, where that makes it shorter. Takes `frame` over; gives back a
 * new one, or `frame` itself when nothing in it is compressed (a PL_FRAME_NO_COMPRESS among its
 * flags, no memory). NULL is fine. */
struct pl_frame *pl_ws_compress(struct pl_ws_compression *compression, struct pl_frame *frame);

#endif
