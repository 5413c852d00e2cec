/* The open packet, with which an Engine.IO server answers the first request.
 * Source: shared spec socketio.md 1.3. Threads: any. */
#ifndef PL_CODEC_EIO_HANDSHAKE_H
#define PL_CODEC_EIO_HANDSHAKE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct pl_eio_handshake {
    struct pl_str sid;
    bool offers_websocket; /* `upgrades` is ["websocket"], else [] */
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint64_t max_payload_bytes;
};

/* Append the whole packet, digit included. The five keys come in the order of the spec. */
void pl_eio_handshake_write(struct pl_buf *buf, const struct pl_eio_handshake *handshake);

/* Read the data of an open packet (without the digit), for the client. `maxPayload` may be absent
 * (old servers) and is then 0. out->sid borrows from `json`, or from `arena` when it has escapes.
 * Returns 0; PL_E_PROTO for what is no such object, PL_E_TOO_BIG at the arena's cap. */
PL_MUST_CHECK int pl_eio_handshake_read(struct pl_eio_handshake *out, struct pl_str json,
                                        struct pl_arena *arena, struct pl_error *err);

#endif
