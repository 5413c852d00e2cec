/* Signatures of requests and messages. Source: shared spec talo.md section 2. Threads: any. */
#ifndef PL_CLIENT_TALO_SIGN_H
#define PL_CLIENT_TALO_SIGN_H

#include "base/buf.h"

/* A verification key; both are borrowed. */
struct pl_talo_signing_key {
    struct pl_str version;
    struct pl_str value; /* a secret */
};

/* Append the signature of `body`: "VERSION|H.S". The buffer fails without memory, or when OpenSSL
 * has none.
 *   rid           unlike all others of this player; letters, digits and dashes
 *   timestamp_ms  since 1970 */
void pl_talo_sign(struct pl_buf *out, const struct pl_talo_signing_key *key, struct pl_str rid,
                  int64_t timestamp_ms, struct pl_str body);

#endif
