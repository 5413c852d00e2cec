/* Secrets sealed for their row. */
#include "service/talo/secrets.h"

#include <stdio.h>

#define CONTEXT_MAX 64

/* "talo.game.7" */
static struct pl_str context_of(char out[CONTEXT_MAX], enum pl_talo_secret kind, int64_t id)
{
    const char *name = kind == PL_TALO_SECRET_GAME ? "game" : "verification_key";
    int len = snprintf(out, CONTEXT_MAX, "talo.%s.%lld", name, (long long)id);
    return pl_str_make(out, (size_t)len);
}

void pl_talo_secret_seal(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES],
                         const uint8_t nonce[PL_SEAL_NONCE_BYTES], enum pl_talo_secret kind,
                         int64_t id, struct pl_str plain)
{
    char context[CONTEXT_MAX];
    pl_seal(out, key, nonce, context_of(context, kind, id), plain);
}

int pl_talo_secret_open(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES],
                        enum pl_talo_secret kind, int64_t id, struct pl_str sealed,
                        struct pl_error *err)
{
    char context[CONTEXT_MAX];
    return pl_seal_open(out, key, context_of(context, kind, id), sealed, err);
}
