/* The rules of props (spec talo, 3.15): what is taken, and how a change meets what is there.
 * Lengths count UTF-16 units. Pure; results are in the arena, whose texts may be borrowed from the
 * inputs.
 * Threads: any. */
#ifndef PL_STORE_TALO_PROPS_H
#define PL_STORE_TALO_PROPS_H

#include "base/arena.h"
#include "base/error.h"
#include "store/talo/entity.h"

#define PL_TALO_PROP_KEY_MAX 128
#define PL_TALO_PROP_VALUE_MAX 512
#define PL_TALO_CONFIG_VALUE_MAX 4096
#define PL_TALO_PROP_ARRAY_MAX 1000 /* distinct values */

/* The bound of all props of one player, channel or game together: key and value in bytes and 64 for
 * each. Ours, not the protocol's; the largest array of ASCII text fits. */
#define PL_TALO_PROPS_BYTES_MAX ((size_t)1024 * 1024)
#define PL_TALO_PROP_OVERHEAD_BYTES 64

/* The word filter, if the game blocks profanity; zeroed: everything is taken. Called in a worker's
 * thread: what `user` points to does not change and outlives the store. */
struct pl_talo_profanity {
    bool (*is_profane)(void *user, struct pl_str text);
    void *user;
};

/* What becomes of an entry whose key starts with META_. */
enum pl_talo_reserved {
    PL_TALO_RESERVED_TAKEN,   /* as any other: channels, storage */
    PL_TALO_RESERVED_IGNORED, /* dropped; what is there stays: players */
    PL_TALO_RESERVED_REFUSED, /* PL_TALO_PROP_KEY_RESERVED: administration, live config */
};

struct pl_talo_prop_rules {
    size_t value_max; /* PL_TALO_PROP_VALUE_MAX or PL_TALO_CONFIG_VALUE_MAX */
    enum pl_talo_reserved reserved;
    struct pl_talo_profanity profanity;
};

struct pl_talo_merged_props {
    struct pl_talo_props props; /* all there are now */
    struct pl_talo_rejected_props rejected;
};

size_t pl_talo_utf16_length(struct pl_str utf8);

bool pl_talo_prop_is_array(struct pl_str key);    /* ends in [] */
bool pl_talo_prop_is_reserved(struct pl_str key); /* starts with META_ */

/* Whether key and value are short enough; *rejected tells otherwise (the key first). */
bool pl_talo_prop_fits(struct pl_talo_rejected_prop *rejected, struct pl_str key,
                       struct pl_str value, size_t value_max);
bool pl_talo_prop_is_profane(struct pl_str value, const struct pl_talo_profanity *profanity);

/* Merge a change into what is there, for players, channels and live configurations.
 * Entries with an empty key are dropped. Scalars: the first entry of a key counts, null deletes.
 * Arrays: the entries of a key, without null and without repetitions, replace the whole array.
 * Result: new and changed scalars as the change has them, untouched scalars, new arrays as the
 * change has their keys, untouched arrays. A rejected key keeps what it had; each is told once, as
 * the change has them, first those too long, then profanity. Deleting is never rejected but for a
 * reserved key.
 * Returns 0; PL_E_TOO_BIG past PL_TALO_PROPS_BYTES_MAX; PL_E_NOMEM at the arena's cap. */
PL_MUST_CHECK int pl_talo_props_merge(struct pl_talo_merged_props *out,
                                      const struct pl_talo_props *current,
                                      const struct pl_talo_prop_changes *changes,
                                      const struct pl_talo_prop_rules *rules,
                                      struct pl_arena *arena, struct pl_error *err);

/* The props of a new channel: neither merged nor de-duplicated, arrays of any length; entries with
 * an empty key are dropped. Every bad entry is told. Errors as pl_talo_props_merge. */
PL_MUST_CHECK int pl_talo_props_check(struct pl_talo_merged_props *out,
                                      const struct pl_talo_props *given,
                                      const struct pl_talo_prop_rules *rules,
                                      struct pl_arena *arena, struct pl_error *err);

/* NULL when there is none; of an array the first. */
const struct pl_talo_prop *pl_talo_props_find(const struct pl_talo_props *props, struct pl_str key);

#endif
