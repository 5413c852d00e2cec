/* JSON Web Tokens signed with HMAC-SHA256, the only kind that Parley makes and takes.
 * Source: RFC 7519, RFC 7515 (compact form), RFC 7518 section 3.2 (HS256).
 * Threads: any. */
#ifndef PL_CODEC_JWT_H
#define PL_CODEC_JWT_H

#include "base/buf.h"
#include "base/error.h"

#define PL_JWT_TEXT_MAX 2048 /* a longer token is none */
#define PL_JWT_SIGNATURE_BYTES 32

/* Append the token of `payload` (JSON text, put in as it is) with the header
 * {"alg":"HS256","typ":"JWT"}, as compact text. A full buffer fails it. */
void pl_jwt_write(struct pl_buf *out, struct pl_str payload, struct pl_str secret);

/* A token taken apart. Not to be copied: `payload` points into it. */
struct pl_jwt {
    struct pl_str signed_text; /* header and payload as they came: what is signed; borrowed */
    struct pl_str payload;     /* JSON text of an object, validated; in `space` */
    bool is_hs256;             /* what its header says, without any critical extension */
    bool has_signature;        /* one of the right length */
    uint8_t signature[PL_JWT_SIGNATURE_BYTES];
    char space[PL_JWT_TEXT_MAX];
};

/* Take a token apart without verifying anything: three parts in base64url without padding, header
 * and payload JSON objects. So "well-formed" also covers tokens that pl_jwt_verify refuses whatever
 * the secret (spec talo 3.3: a well-formed token of an unknown key has an answer of its own).
 * Returns 0, or PL_E_PROTO with the reason in `err`, which never holds a part of the token. `text`
 * is borrowed for as long as *out is used. */
PL_MUST_CHECK int pl_jwt_decode(struct pl_jwt *out, struct pl_str text, struct pl_error *err);

/* Whether it says HS256 and is signed with `secret`. Constant time for tokens of one length. */
PL_MUST_CHECK bool pl_jwt_verify(const struct pl_jwt *jwt, struct pl_str secret);

/* Whether it is over at `now_ms` (since 1970): its `exp`, in seconds, is not in the future. Without
 * `exp` it never is; with one that is not a number it always is. */
PL_MUST_CHECK bool pl_jwt_is_expired(const struct pl_jwt *jwt, int64_t now_ms);

/* A member of the payload. False when it is missing or of another type: integers may be written 5,
 * 5.0 or 5e0 and are at most 2^53 in size; a text is unescaped into `out`. */
PL_MUST_CHECK bool pl_jwt_find_int(int64_t *out, const struct pl_jwt *jwt, struct pl_str key);
PL_MUST_CHECK bool pl_jwt_find_text(struct pl_str *text, char out[PL_JWT_TEXT_MAX],
                                    const struct pl_jwt *jwt, struct pl_str key);

#endif
