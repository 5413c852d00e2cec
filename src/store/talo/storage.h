/* Operations on the storage of channels: key/value pairs that every member may read and write (spec
 * talo, 3.12). Refusals are those of channels.h: NO_ALIAS, NOT_FOUND, NOT_MEMBER, and
 * TOO_MANY_PROPS of put.
 * Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_STORAGE_H
#define PL_STORE_TALO_STORAGE_H

#include "store/talo/channels.h"

/* The bound of the storage of one channel: characters of keys and values, and 64 for each prop.
 * Ours, not the protocol's. */
#define PL_TALO_STORAGE_CHARS_MAX (4 * 1024 * 1024)

#define PL_TALO_STORAGE_CHANGES_MAX 5000 /* entries of one request; ours as well */

#define PL_TALO_STORAGE_LIST_MAX 50 /* keys of a list, judged by the caller */

/* GET .../storage: of an array key ("...[]") one prop whose value is a JSON array of all values in
 * the order of their creation, its other fields the oldest one's. */
struct pl_talo_op_storage_get {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    struct pl_str key;
    struct pl_talo_storage_prop *prop; /* NULL: there is none */
};
extern const struct pl_store_op_type pl_talo_op_storage_get_type;

/* GET .../storage/list: in the order of the keys, each once; array keys expanded. */
struct pl_talo_op_storage_list {
    struct pl_store_op op;
    struct pl_talo_actor actor;
    int64_t channel_id;
    const struct pl_str *keys;
    size_t key_count;
    bool is_all; /* every prop of the channel by key, and no keys: for administrators */
    struct pl_talo_storage_props props;
};
extern const struct pl_store_op_type pl_talo_op_storage_list_type;

/* PUT .../storage. Events: storage updated with channel, upserted and deleted, always. */
struct pl_talo_op_storage_put {
    struct pl_store_op op;
    struct pl_talo_actor actor; /* no administrator: somebody is the creator */
    int64_t channel_id;
    struct pl_talo_prop_changes changes;
    struct pl_talo_profanity profanity;
    struct pl_talo_channel channel; /* without member_count */
    struct pl_talo_storage_props upserted;
    struct pl_talo_storage_props deleted;
    struct pl_talo_rejected_props failed;
};
extern const struct pl_store_op_type pl_talo_op_storage_put_type;

#endif
