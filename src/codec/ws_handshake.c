/* The WebSocket accept key: base64 of the SHA-1 of the client's key and a fixed text. SHA-1 proves
 * here that the peer speaks WebSocket, nothing more. */
#include "codec/ws_handshake.h"

#include "base/alloc.h"

#include <openssl/evp.h>

#define SHA1_BYTES 20

struct pl_ws_acceptor {
    EVP_MD *md;      /* owned */
    EVP_MD_CTX *ctx; /* owned */
};

int pl_ws_acceptor_create(struct pl_ws_acceptor **out, struct pl_error *err)
{
    struct pl_ws_acceptor *acceptor = pl_try_alloc(sizeof(*acceptor));
    int rc = 0;
    if (acceptor == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for a digest");
    }
    *acceptor = (struct pl_ws_acceptor){0};
    acceptor->md = EVP_MD_fetch(NULL, "SHA1", NULL);
    if (acceptor->md == NULL) {
        rc = pl_error_set(err, PL_E_UNSUPPORTED, "libcrypto has no SHA-1");
        goto cleanup;
    }
    acceptor->ctx = EVP_MD_CTX_new();
    if (acceptor->ctx == NULL) {
        rc = pl_error_set(err, PL_E_NOMEM, "no memory for a digest");
        goto cleanup;
    }
    *out = acceptor;
    acceptor = NULL;

cleanup:
    pl_ws_acceptor_destroy(acceptor);
    return rc;
}

void pl_ws_acceptor_destroy(struct pl_ws_acceptor *acceptor)
{
    if (acceptor != NULL) {
        EVP_MD_CTX_free(acceptor->ctx);
        EVP_MD_free(acceptor->md);
        pl_free(acceptor);
    }
}

int pl_ws_accept_key(struct pl_ws_acceptor *acceptor, char out[PL_WS_ACCEPT_LEN + 1],
                     struct pl_str key, struct pl_error *err)
{
    const struct pl_str guid = PL_STR("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"); /* section 1.3 */
    uint8_t digest[SHA1_BYTES];
    if (EVP_DigestInit_ex2(acceptor->ctx, acceptor->md, NULL) != 1 ||
        EVP_DigestUpdate(acceptor->ctx, key.ptr, key.len) != 1 ||
        EVP_DigestUpdate(acceptor->ctx, guid.ptr, guid.len) != 1 ||
        EVP_DigestFinal_ex(acceptor->ctx, digest, NULL) != 1) {
        return pl_error_set(err, PL_E_IO, "libcrypto failed to make a SHA-1");
    }
    EVP_EncodeBlock((unsigned char *)out, digest, SHA1_BYTES);
    return 0;
}

static bool is_base64_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

bool pl_ws_key_is_valid(struct pl_str key)
{
    if (key.len != PL_WS_KEY_LEN || !pl_str_ends_with(key, PL_STR("=="))) {
        return false;
    }
    for (size_t i = 0; i < PL_WS_KEY_LEN - 2; i++) {
        if (!is_base64_char(key.ptr[i])) {
            return false;
        }
    }
    return true;
}

void pl_ws_key_write(char out[PL_WS_KEY_LEN + 1], const uint8_t *nonce)
{
    EVP_EncodeBlock((unsigned char *)out, nonce, (int)PL_WS_NONCE_BYTES);
}
