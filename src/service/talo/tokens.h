/* Socket tokens: who may identify as an alias (spec talo, 1.2). One for each alias, replaced by the
 * next one.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_TOKENS_H
#define PL_SERVICE_TALO_TOKENS_H

#include "service/talo/expiry.h"
#include "service/talo/talo.h"

#define PL_TALO_TOKENS_MAX 1000000 /* at the bound the oldest one goes */

struct pl_talo_tokens {
    const uint8_t *hash_key; /* PL_SIPHASH_KEY_BYTES; borrowed */
    struct pl_table by_alias;
    struct pl_talo_expiry expiry;
};

void pl_talo_tokens_init(struct pl_talo_tokens *tokens, struct pl_hub *hub,
                         const uint8_t *hash_key);
void pl_talo_tokens_fini(struct pl_talo_tokens *tokens);

void pl_talo_tokens_set(struct pl_talo_tokens *tokens, int64_t alias_id,
                        const struct pl_uuid *token);

/* In constant time, apart from whether the alias has a token. */
bool pl_talo_tokens_check(const struct pl_talo_tokens *tokens, int64_t alias_id,
                          struct pl_str text);

/* The alias is gone: its token is void. */
void pl_talo_tokens_remove(struct pl_talo_tokens *tokens, int64_t alias_id);

#endif
