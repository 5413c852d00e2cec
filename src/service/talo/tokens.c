/* Socket tokens in a table by alias. An entry knows its alias by 64 bits of a keyed hash, which is
 * sure enough and, with one for each player, memory worth saving. */
#include "service/talo/tokens.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "service/talo/secret_uuid.h"

struct entry {
    struct pl_table_link link; /* whose hash says whose token it is */
    struct pl_talo_expiring expiring;
    struct pl_uuid token;
};

static void on_expired(struct pl_talo_expiring *expiring, void *user)
{
    struct pl_talo_tokens *tokens = user;
    struct entry *entry = PL_CONTAINER_OF(expiring, struct entry, expiring);
    pl_table_remove(&tokens->by_alias, &entry->link);
    pl_wipe(entry, sizeof(*entry));
    pl_free(entry);
}

void pl_talo_tokens_init(struct pl_talo_tokens *tokens, struct pl_hub *hub, const uint8_t *hash_key)
{
    *tokens = (struct pl_talo_tokens){.hash_key = hash_key};
    pl_talo_expiry_init(&tokens->expiry, hub, PL_TALO_TOKEN_MS, on_expired, tokens);
}

void pl_talo_tokens_fini(struct pl_talo_tokens *tokens)
{
    pl_talo_expiry_fini(&tokens->expiry);
    pl_table_fini(&tokens->by_alias);
}

static uint64_t hash_of(const struct pl_talo_tokens *tokens, int64_t alias_id)
{
    return pl_siphash(tokens->hash_key, &alias_id, sizeof(alias_id));
}

static struct entry *find(const struct pl_talo_tokens *tokens, int64_t alias_id)
{
    struct pl_table_link *link = pl_table_first(&tokens->by_alias, hash_of(tokens, alias_id));
    return link == NULL ? NULL : PL_CONTAINER_OF(link, struct entry, link);
}

static struct entry *add(struct pl_talo_tokens *tokens, int64_t alias_id)
{
    struct entry *entry = NULL;
    if (tokens->expiry.count >= PL_TALO_TOKENS_MAX) {
        pl_talo_expiry_drop_oldest(&tokens->expiry);
    }
    entry = pl_alloc(sizeof(*entry));
    pl_table_add(&tokens->by_alias, &entry->link, hash_of(tokens, alias_id));
    return entry;
}

void pl_talo_tokens_set(struct pl_talo_tokens *tokens, int64_t alias_id,
                        const struct pl_uuid *token)
{
    struct entry *entry = find(tokens, alias_id);
    if (entry == NULL) {
        entry = add(tokens, alias_id);
    }
    entry->token = *token;
    pl_talo_expiry_add(&tokens->expiry, &entry->expiring);
}

bool pl_talo_tokens_check(const struct pl_talo_tokens *tokens, int64_t alias_id, struct pl_str text)
{
    const struct entry *entry = find(tokens, alias_id);
    return entry != NULL && !pl_talo_expiry_is_over(&tokens->expiry, &entry->expiring) &&
           pl_talo_secret_uuid_eq(&entry->token, text);
}

void pl_talo_tokens_remove(struct pl_talo_tokens *tokens, int64_t alias_id)
{
    struct entry *entry = find(tokens, alias_id);
    if (entry != NULL) {
        pl_talo_expiry_remove(&tokens->expiry, &entry->expiring);
        on_expired(&entry->expiring, tokens);
    }
}
