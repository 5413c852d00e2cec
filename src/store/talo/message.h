/* What a message of a socket needs that the hub does not have in memory (spec talo, 1.8.4 and
 * 1.8.8).
 * Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_MESSAGE_H
#define PL_STORE_TALO_MESSAGE_H

#include "store/store.h"
#include "store/talo/entity.h"

/* The sender, and the channel unless its id is 0. Nothing is refused. A write, though it writes
 * nothing: so it comes back in the order of the writes that change either. */
struct pl_talo_op_message_load {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    int64_t channel_id;
    struct pl_talo_alias *alias;     /* NULL: there is none */
    struct pl_talo_channel *channel; /* NULL: there is none */
};
extern const struct pl_store_op_type pl_talo_op_message_load_type;

#endif
