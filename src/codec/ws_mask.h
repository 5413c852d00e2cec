/* WebSocket masking: the exclusive or of a payload with a repeated key of four bytes; masking and
 * unmasking are the same.
 * Source: RFC 6455 section 5.3. Threads: any. No allocation. */
#ifndef PL_CODEC_WS_MASK_H
#define PL_CODEC_WS_MASK_H

#include "codec/ws_frame.h"

/* Mask or unmask `bytes` in place; they may lie at any address.
 *   key     PL_WS_KEY_BYTES
 *   offset  where in its frame's payload `bytes` begins, so that a payload may come in pieces */
void pl_ws_mask_apply(struct pl_span bytes, const uint8_t *key, uint64_t offset);

#endif
