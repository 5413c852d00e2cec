/* Request verification (spec talo, 2.3): every step in its order. */
#include "service/talo/signature.h"
#include "service/talo/talo_internal.h"

#include "base/alloc.h"
#include "codec/json_string.h"

#include <openssl/evp.h>

#define DIGEST_BYTES 32

/* Whether the signature's payload is the lower-case hexadecimal SHA-256 of the bytes. */
static bool names_payload(const struct pl_talo_signature *signature, struct pl_str payload)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[DIGEST_BYTES];
    char text[2 * DIGEST_BYTES];
    if (EVP_Digest(payload.ptr, payload.len, digest, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    return pl_json_string_equals(signature->payload, pl_str_make(text, sizeof(text)));
}

static bool has_right_mac(struct pl_talo *talo, struct pl_talo_verification_entry *key,
                          const struct pl_talo_signature *signature)
{
    uint8_t mac[PL_TALO_SIGNATURE_MAC_BYTES];
    bool is_right = pl_talo_admin_mac(mac, &talo->admin, key, signature->head) &&
                    pl_secret_eq(pl_str_make((const char *)mac, sizeof(mac)),
                                 pl_str_make((const char *)signature->mac, sizeof(signature->mac)));
    pl_wipe(mac, sizeof(mac));
    return is_right;
}

bool pl_talo_verify_request(struct pl_talo *talo, int64_t game_id, int64_t alias_id,
                            struct pl_str signature, struct pl_str payload)
{
    struct pl_talo_signature parsed;
    struct pl_talo_verification_entry *key = NULL;
    if (!pl_talo_signature_parse(&parsed, signature)) {
        return false;
    }
    key = pl_talo_admin_find_version(&talo->admin, game_id, parsed.version);
    return key != NULL && names_payload(&parsed, payload) && has_right_mac(talo, key, &parsed) &&
           pl_talo_replay_accept(&talo->replay, alias_id, parsed.rid, parsed.timestamp_ms,
                                 pl_talo_now_ms(talo));
}
