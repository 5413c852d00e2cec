/* Placeholders: {"_placeholder":true,"num":N}, which stand for attachment N in the payload of a
 * binary packet.
 * Source: shared spec socketio.md 2.6. Threads: any. No allocation. */
#ifndef PL_CODEC_SIO_PLACEHOLDER_H
#define PL_CODEC_SIO_PLACEHOLDER_H

#include "base/buf.h"
#include "base/error.h"

/* An object with the member `_placeholder` being true. */
struct pl_sio_placeholder {
    size_t from; /* byte range in the text */
    size_t len;
    bool has_num; /* `num` is a whole number */
    uint64_t num;
};

/* Call on_found for each placeholder in valid JSON, at any depth, in the order of their ends: one
 * inside another comes before it.
 *   depth_limit  at most PL_JSON_DEPTH_MAX
 * Returns 0, what on_found returned when that was not 0, or errors as pl_json_next. */
PL_MUST_CHECK int pl_sio_placeholders_find(struct pl_str text, size_t depth_limit,
                                           int (*on_found)(void *user,
                                                           const struct pl_sio_placeholder *found),
                                           void *user, struct pl_error *err);

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
