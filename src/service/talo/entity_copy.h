/* Aliases and channels of an operation's arena, copied into one piece of memory that outlives it.
 * What nobody shows to others is left out: an `auth` keeps only that it is there, players have no
 * list of aliases.
 * Threads: any. */
#ifndef PL_SERVICE_TALO_ENTITY_COPY_H
#define PL_SERVICE_TALO_ENTITY_COPY_H

#include "store/talo/entity.h"

/* Freed with pl_free. *size: what it takes. */
struct pl_talo_alias *pl_talo_alias_copy(size_t *size, const struct pl_talo_alias *alias);
struct pl_talo_channel *pl_talo_channel_copy(size_t *size, const struct pl_talo_channel *channel);

/* All keys and values behind the struct. */
struct pl_talo_props *pl_talo_props_copy(const struct pl_talo_props *props);

#endif
