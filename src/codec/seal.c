/* AES-256-GCM by OpenSSL; a wrong tag yields not one byte of plaintext. */
#include "codec/seal.h"

#include "base/alloc.h"
#include "base/base64.h"

#include <openssl/evp.h>

#define OVERHEAD (PL_SEAL_NONCE_BYTES + PL_SEAL_TAG_BYTES)
#define BYTES_MAX (PL_SEAL_PLAIN_MAX + OVERHEAD)
#define TEXT_MAX ((BYTES_MAX * 4 + 2) / 3)

static const unsigned char *bytes_of(struct pl_str str)
{
    return (const unsigned char *)(str.len == 0 ? "" : str.ptr);
}

/* Seal into `out`: nonce, ciphertext, tag. */
static bool encrypt(uint8_t *out, const uint8_t *key, const uint8_t *nonce, struct pl_str context,
                    struct pl_str plain)
{
    int len = 0;
    uint8_t *text = out + PL_SEAL_NONCE_BYTES;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool is_done =
        ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
        EVP_EncryptUpdate(ctx, NULL, &len, bytes_of(context), (int)context.len) == 1 &&
        EVP_EncryptUpdate(ctx, text, &len, bytes_of(plain), (int)plain.len) == 1 &&
        EVP_EncryptFinal_ex(ctx, text + plain.len, &len) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, PL_SEAL_TAG_BYTES, text + plain.len) == 1;
    memcpy(out, nonce, PL_SEAL_NONCE_BYTES);
    EVP_CIPHER_CTX_free(ctx);
    return is_done;
}

/* Open the `len` bytes at `in` (nonce, ciphertext, tag) into `out`. */
static bool decrypt(uint8_t *out, const uint8_t *key, struct pl_str context, uint8_t *in,
                    size_t len)
{
    int written = 0;
    size_t text_len = len - OVERHEAD;
    uint8_t *text = in + PL_SEAL_NONCE_BYTES;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool is_right =
        ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, in) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, PL_SEAL_TAG_BYTES, text + text_len) == 1 &&
        EVP_DecryptUpdate(ctx, NULL, &written, bytes_of(context), (int)context.len) == 1 &&
        EVP_DecryptUpdate(ctx, out, &written, text, (int)text_len) == 1 &&
        EVP_DecryptFinal_ex(ctx, out + text_len, &written) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return is_right;
}

void pl_seal(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES],
             const uint8_t nonce[PL_SEAL_NONCE_BYTES], struct pl_str context, struct pl_str plain)
{
    uint8_t bytes[BYTES_MAX];
    size_t len = plain.len + OVERHEAD;
    if (plain.len > PL_SEAL_PLAIN_MAX || context.len > PL_SEAL_PLAIN_MAX ||
        !encrypt(bytes, key, nonce, context, plain)) {
        out->has_failed = true;
        return;
    }
    if (pl_buf_reserve(out, pl_base64url_encoded_len(len))) {
        out->len += pl_base64url_encode((char *)out->ptr + out->len, bytes, len);
    }
}

int pl_seal_open(struct pl_buf *out, const uint8_t key[PL_SEAL_KEY_BYTES], struct pl_str context,
                 struct pl_str sealed, struct pl_error *err)
{
    uint8_t bytes[BYTES_MAX + 3];
    uint8_t plain[PL_SEAL_PLAIN_MAX];
    ptrdiff_t len = -1;
    int rc = 0;
    if (sealed.len <= TEXT_MAX && context.len <= PL_SEAL_PLAIN_MAX) {
        len = pl_base64url_decode(bytes, sealed);
    }
    if (len < OVERHEAD || len > BYTES_MAX) {
        return pl_error_set(err, PL_E_PROTO, "not a sealed text");
    }
    if (!decrypt(plain, key, context, bytes, (size_t)len)) {
        rc = pl_error_set(err, PL_E_PROTO, "sealed with another key, or changed since");
    } else if (!pl_buf_try_reserve(out, (size_t)len - OVERHEAD)) {
        rc = pl_error_set(err, PL_E_TOO_BIG, "no room for what was sealed");
    } else {
        pl_buf_add(out, plain, (size_t)len - OVERHEAD);
    }
    pl_wipe(plain, sizeof(plain));
    return rc;
}
