/* Tokens are short and rare: each part is decoded into one space, one after the other, and the
 * payload stays there. */
#include "codec/jwt.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#include <openssl/hmac.h>

#define DEPTH_MAX 16
#define INT_MAX_EXACT 9007199254740992.0 /* 2^53 */

static const struct pl_str header = PL_STR_INIT("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");

static bool sign(uint8_t out[PL_JWT_SIGNATURE_BYTES], struct pl_str text, struct pl_str secret)
{
    unsigned len = 0;
    if (secret.len > INT32_MAX) {
        return false;
    }
    /* A NULL key would mean the one before. */
    const void *key = secret.len == 0 ? "" : secret.ptr;
    return HMAC(EVP_sha256(), key, (int)secret.len, (const unsigned char *)text.ptr, text.len, out,
                &len) != NULL &&
           len == PL_JWT_SIGNATURE_BYTES;
}

static void add_base64url(struct pl_buf *out, struct pl_str bytes)
{
    size_t len = pl_base64url_encoded_len(bytes.len);
    if (pl_buf_reserve(out, len)) {
        out->len += pl_base64url_encode((char *)out->ptr + out->len, bytes.ptr, bytes.len);
    }
}

void pl_jwt_write(struct pl_buf *out, struct pl_str payload, struct pl_str secret)
{
    size_t start = out->len;
    uint8_t signature[PL_JWT_SIGNATURE_BYTES];
    add_base64url(out, header);
    pl_buf_add_char(out, '.');
    add_base64url(out, payload);
    if (pl_buf_failed(out)) {
        return;
    }
    if (!sign(signature, pl_str_from(pl_buf_str(out), start), secret)) {
        out->has_failed = true;
        return;
    }
    pl_buf_add_char(out, '.');
    add_base64url(out, pl_str_make((const char *)signature, sizeof(signature)));
}

/* Decode one part into the space. The space is large enough for any part of a token. */
static bool read_part(struct pl_str *out, struct pl_jwt *jwt, struct pl_str part)
{
    ptrdiff_t len = pl_base64url_decode(jwt->space, part);
    if (len < 0) {
        return false;
    }
    *out = pl_str_make(jwt->space, (size_t)len);
    return true;
}

static bool read_object(struct pl_str *out, struct pl_jwt *jwt, struct pl_str part)
{
    struct pl_json_reader reader;
    struct pl_json_token first;
    if (!read_part(out, jwt, part) || pl_json_validate(*out, DEPTH_MAX, NULL) < 0) {
        return false;
    }
    pl_json_reader_init(&reader, *out, DEPTH_MAX);
    return pl_json_next(&first, &reader, NULL) == 0 && first.kind == PL_JSON_OBJECT_BEGIN;
}

/* RFC 7515 section 4.1.11: who does not know a critical extension refuses the token; we know none.
 */
static bool says_hs256(struct pl_str object)
{
    struct pl_str raw;
    return !pl_json_object_find(&raw, object, PL_STR("crit")) &&
           pl_json_object_find(&raw, object, PL_STR("alg")) &&
           pl_json_string_equals(raw, PL_STR("HS256"));
}

int pl_jwt_decode(struct pl_jwt *out, struct pl_str text, struct pl_error *err)
{
    if (text.len > PL_JWT_TEXT_MAX) {
        return pl_error_set(err, PL_E_PROTO, "longer than a token may be");
    }
    struct pl_str rest = text;
    struct pl_str head = pl_str_split(&rest, '.');
    struct pl_str body = pl_str_split(&rest, '.');
    struct pl_str bytes;
    if (rest.ptr == NULL || pl_str_find_char(rest, '.') < rest.len) {
        return pl_error_set(err, PL_E_PROTO, "not three parts with dots between them");
    }
    out->signed_text = pl_str_first(text, head.len + 1 + body.len);
    if (!read_part(&bytes, out, rest)) {
        return pl_error_set(err, PL_E_PROTO, "the signature is not base64url");
    }
    out->has_signature = bytes.len == PL_JWT_SIGNATURE_BYTES;
    if (out->has_signature) {
        memcpy(out->signature, bytes.ptr, PL_JWT_SIGNATURE_BYTES);
    }
    if (!read_object(&bytes, out, head)) {
        return pl_error_set(err, PL_E_PROTO, "the header is not a JSON object in base64url");
    }
    out->is_hs256 = says_hs256(bytes);
    if (!read_object(&out->payload, out, body)) {
        return pl_error_set(err, PL_E_PROTO, "the payload is not a JSON object in base64url");
    }
    return 0;
}

bool pl_jwt_verify(const struct pl_jwt *jwt, struct pl_str secret)
{
    uint8_t expected[PL_JWT_SIGNATURE_BYTES];
    if (!jwt->is_hs256 || !jwt->has_signature || !sign(expected, jwt->signed_text, secret)) {
        return false;
    }
    bool is_right = pl_secret_eq(pl_str_make((const char *)expected, sizeof(expected)),
                                 pl_str_make((const char *)jwt->signature, sizeof(expected)));
    pl_wipe(expected, sizeof(expected));
    return is_right;
}

bool pl_jwt_is_expired(const struct pl_jwt *jwt, int64_t now_ms)
{
    struct pl_str raw;
    double expires_s = 0;
    if (!pl_json_object_find(&raw, jwt->payload, PL_STR("exp"))) {
        return false;
    }
    return !pl_json_number_to_double(&expires_s, raw) || (double)now_ms >= expires_s * 1000;
}

bool pl_jwt_find_int(int64_t *out, const struct pl_jwt *jwt, struct pl_str key)
{
    struct pl_str raw;
    double value = 0;
    if (!pl_json_object_find(&raw, jwt->payload, key) || !pl_json_number_to_double(&value, raw) ||
        value < -INT_MAX_EXACT || value > INT_MAX_EXACT || (double)(int64_t)value != value) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

bool pl_jwt_find_text(struct pl_str *text, char out[PL_JWT_TEXT_MAX], const struct pl_jwt *jwt,
                      struct pl_str key)
{
    struct pl_str raw;
    if (!pl_json_object_find(&raw, jwt->payload, key)) {
        return false;
    }
    ptrdiff_t len = pl_json_string_copy(out, raw);
    if (len < 0) {
        return false;
    }
    *text = pl_str_make(out, (size_t)len);
    return true;
}
