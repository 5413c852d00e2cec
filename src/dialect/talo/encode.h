/* Responses as WebSocket text frames: {"res":...,"data":...} (spec talo, 1.5).
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_ENCODE_H
#define PL_DIALECT_TALO_ENCODE_H

#include "base/frame.h"
#include "dialect/talo/write.h"

/* One that is being written; on the stack. */
struct pl_talo_response {
    struct pl_buf text;
    struct pl_json_writer json; /* where `data` is to be written: an object */
};

void pl_talo_response_begin(struct pl_talo_response *response, struct pl_str res, size_t bytes_max);

/* One reference. NULL without memory, or past bytes_max. */
PL_MUST_CHECK struct pl_frame *pl_talo_response_end(struct pl_talo_response *response);

#endif
