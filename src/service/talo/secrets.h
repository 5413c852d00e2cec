/* Secrets of games as the store keeps them: sealed (codec/seal.h), each for the row that it belongs
 * to, so that none can be put in another one's place.
 * Threads: any. */
#ifndef PL_SERVICE_TALO_SECRETS_H
#define PL_SERVICE_TALO_SECRETS_H

#include "codec/seal.h"

enum pl_talo_secret {
    PL_TALO_SECRET_GAME,             /* pl_talo_game.secret; id: the game's */
    PL_TALO_SECRET_VERIFICATION_KEY, /* pl_talo_verification_key.value; id: the key's */
};

/* Append `plain` sealed. nonce: random. A full buffer fails it. */
void pl_talo_secret_seal(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES],
                         const uint8_t nonce[PL_SEAL_NONCE_BYTES], enum pl_talo_secret kind,
                         int64_t id, struct pl_str plain);

/* Append the plain text, which the owner of the buffer wipes. Errors as pl_seal_open. */
PL_MUST_CHECK int pl_talo_secret_open(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES],
                                      enum pl_talo_secret kind, int64_t id, struct pl_str sealed,
                                      struct pl_error *err);

#endif
