/* bcrypt ($2b$), by libxcrypt. Takes tens of milliseconds: never on the hub's thread (work/crypto.h).
 * Threads: any. */
#ifndef PL_WORK_BCRYPT_H
#define PL_WORK_BCRYPT_H

#include "base/error.h"
#include "base/str.h"

#define PL_BCRYPT_COST_MIN 4
#define PL_BCRYPT_COST_MAX 15
#define PL_BCRYPT_SALT_BYTES 16
#define PL_BCRYPT_HASH_MAX 72       /* room for a hash's text, which has 60 bytes */
#define PL_BCRYPT_PASSWORD_BYTES 72 /* more of a password does not count, as everywhere */

/* Write the hash of `password`, without U+0000, and a NUL.
 * Returns 0; PL_E_INVALID for a cost out of bounds, PL_E_NOMEM. */
PL_MUST_CHECK int pl_bcrypt_hash(char out[PL_BCRYPT_HASH_MAX], struct pl_str password,
                                 uint32_t cost, const uint8_t salt[PL_BCRYPT_SALT_BYTES],
                                 struct pl_error *err);

/* Whether `text` is a hash of bcrypt ($2a$, $2b$ or $2y$) with a cost from PL_BCRYPT_COST_MIN to
 * PL_BCRYPT_COST_MAX: what pl_bcrypt_verify takes. */
bool pl_bcrypt_is_hash(struct pl_str text);

/* Whether `hash` ($2a$, $2b$ or $2y$) is of `password`; compared in constant time.
 * Returns 0; PL_E_INVALID for what is no hash of bcrypt or costs more than PL_BCRYPT_COST_MAX,
 * PL_E_NOMEM. */
PL_MUST_CHECK int pl_bcrypt_verify(bool *is_right, struct pl_str password, struct pl_str hash,
                                   struct pl_error *err);

#endif
