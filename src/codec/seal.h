/* Sealing: secrets at rest, encrypted and authenticated with AES-256-GCM, as text for a column.
 * Source: NIST SP 800-38D. The text is base64url of nonce (12 bytes), ciphertext and tag (16).
 * Threads: any. */
#ifndef PL_CODEC_SEAL_H
#define PL_CODEC_SEAL_H

#include "base/buf.h"
#include "base/error.h"

#define PL_SEAL_KEY_BYTES 32
#define PL_SEAL_NONCE_BYTES 12
#define PL_SEAL_TAG_BYTES 16
#define PL_SEAL_PLAIN_MAX 4096

/* Append `plain` sealed.
 *   nonce    random; one and the same never seals two texts
 *   context  what the secret belongs to ("game.secret"); the same is needed for opening
 * More than PL_SEAL_PLAIN_MAX bytes, or a full buffer, fail the buffer. */
void pl_seal(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES],
             const uint8_t nonce[PL_SEAL_NONCE_BYTES], struct pl_str context, struct pl_str plain);

/* Append what was sealed. Whoever owns the buffer wipes it.
 * Returns 0; PL_E_PROTO, and nothing appended, when it was sealed with another key or for another
 * context, or has been changed; PL_E_TOO_BIG at the buffer's limit. */
PL_MUST_CHECK int pl_seal_open(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES],
                               struct pl_str context, struct pl_str sealed, struct pl_error *err);

#endif
