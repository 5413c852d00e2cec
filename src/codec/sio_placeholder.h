/* Placeholders: {"_placeholder":true,"num":N}, which stand for attachment N in the payload of a
 * binary packet.
 * Source: shared spec socketio.md 2.6. Threads: any. No allocation. */
#ifndef PL_CODEC_SIO_PLACEHOLDER_H
#define PL_CODEC_SIO_PLACEHOLDER_H

#include "base/buf.h"
#include "base/error.h"

/* Check all placeholders of `payload`, which is valid JSON of at most PL_SIO_DEPTH_MAX levels (what
 * pl_sio_packet_read accepted): each object with the member `_placeholder` being true, at any
 * depth, must have an integer `num` below `attachment_count`. Using one attachment twice or never
 * is legal.
 * Returns 0 or PL_E_PROTO. */
PL_MUST_CHECK int pl_sio_placeholders_check(struct pl_str payload, uint32_t attachment_count,
                                            struct pl_error *err);

/* Whether this raw JSON value is a placeholder, and of which attachment. */
bool pl_sio_placeholder_read(uint32_t *num, struct pl_str raw_value);

/* Append a placeholder. */
void pl_sio_placeholder_write(struct pl_buf *buf, uint32_t num);

#endif
