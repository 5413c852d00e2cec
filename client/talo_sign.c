/* A signature is a small JSON object in base64, and the HMAC of that base64. */
#include "client/talo_sign.h"

#include "base/base64.h"

#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define HASH_SIZE 32

static bool add_hash(struct pl_buf *out, struct pl_str body)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[HASH_SIZE];
    if (EVP_Digest(body.len > 0 ? body.ptr : "", body.len, hash, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof(hash); i++) {
        pl_buf_add_char(out, digits[hash[i] >> 4]);
        pl_buf_add_char(out, digits[hash[i] & 15]);
    }
    return true;
}

static bool add_hmac(struct pl_buf *out, struct pl_str key, struct pl_str text)
{
    unsigned char hash[HASH_SIZE];
    unsigned int len = 0;
    if (key.len > INT_MAX || HMAC(EVP_sha256(), key.ptr, (int)key.len,
                                  (const unsigned char *)text.ptr, text.len, hash, &len) == NULL) {
        return false;
    }
    pl_buf_add_base64(out, hash, len);
    return true;
}

void pl_talo_sign(struct pl_buf *out, const struct pl_talo_signing_key *key, struct pl_str rid,
                  int64_t timestamp_ms, struct pl_str body)
{
    struct pl_buf plain;
    size_t from = 0;
    bool is_good = false;
    pl_buf_init(&plain, SIZE_MAX / 2);
    pl_buf_addf(&plain, "{\"rid\":\"" PL_STR_FMT "\",\"payload\":\"", PL_STR_ARG(rid));
    is_good = add_hash(&plain, body);
    pl_buf_addf(&plain, "\",\"timestamp\":%" PRId64 "}", timestamp_ms);
    pl_buf_add_str(out, key->version);
    pl_buf_add_char(out, '|');
    from = out->len;
    pl_buf_add_base64(out, plain.ptr, plain.len);
    if (!pl_buf_failed(&plain) && !pl_buf_failed(out)) {
        struct pl_buf mac;
        pl_buf_init(&mac, SIZE_MAX / 2);
        is_good = is_good && add_hmac(&mac, key->value, pl_str_from(pl_buf_str(out), from));
        pl_buf_add_char(out, '.');
        pl_buf_add_str(out, pl_buf_str(&mac));
        is_good = is_good && !pl_buf_failed(&mac);
        pl_buf_fini(&mac);
    } else {
        is_good = false;
    }
    if (!is_good) {
        out->has_failed = true;
    }
    pl_buf_fini(&plain);
}
