/* The encodings of all dialects: what a sink's `encoding` says. One frame group is made per
 * encoding really present in an audience. Start-up checks nothing here: a new dialect adds its
 * names and stays below PL_ENCODING_MAX. */
#ifndef PL_DIALECT_ENCODINGS_H
#define PL_DIALECT_ENCODINGS_H

#include "base/fanout.h"

enum pl_encoding {
    PL_ENCODING_EIO4_WS,      /* Engine.IO 4 packets as WebSocket frames, bytes as binary frames */
    PL_ENCODING_EIO4_POLLING, /* packets joined by 0x1e, bytes as base64; no WebSocket header */
    PL_ENCODING_EIO4_WS_BASE64, /* WebSocket text frames only: clients that asked for b64=1 */
    PL_ENCODING_EIO3_WS,        /* Engine.IO 3: as EIO4_WS, but bytes are behind a byte 4 */
    PL_ENCODING_EIO3_WS_BASE64, /* as EIO4_WS_BASE64, but bytes are `b4` + base64 */
    PL_ENCODING_EIO3_POLLING,   /* packets behind their lengths, bytes as base64 (b64=1, JSONP) */
    PL_ENCODING_EIO3_POLLING_BINARY, /* the same; a group that has bytes is in the binary form */
    PL_ENCODING_WS,                  /* whatever an application sends on a WebSocket of its own */
    PL_ENCODING_TALO,                /* Talo's JSON as WebSocket text frames */
};

/* Added to an encoding made of WebSocket frames: the same, with its larger messages compressed
 * (permessage-deflate). To the hub and the fan-out it is one more encoding: one frame group is made
 * of it, however many get it, and nothing is decided for each recipient. */
#define PL_ENCODING_COMPRESSED (PL_ENCODING_MAX / 2)

static inline uint8_t pl_encoding_compressed(enum pl_encoding encoding)
{
    return (uint8_t)((unsigned)encoding | PL_ENCODING_COMPRESSED);
}

static inline bool pl_encoding_is_compressed(uint8_t encoding)
{
    return (encoding & PL_ENCODING_COMPRESSED) != 0;
}

/* What is compressed where it is compressed. */
static inline enum pl_encoding pl_encoding_plain(uint8_t encoding)
{
    return (enum pl_encoding)(encoding & (PL_ENCODING_COMPRESSED - 1));
}

#endif
