/* Tokens of strangers: access keys and sessions. Whatever decodes has a JSON object in it; nothing
 * verifies but what was signed; what can be a payload comes back as it was. */
#include "fuzz.h"

#include "codec/json_raw.h"
#include "codec/json_read.h"
#include "codec/jwt.h"
#include "codec/seal.h"

#define SECRET PL_STR("0d6c1a52-6f7e-4a86-9d6b-1f6e0a0cbb11")
#define LIMIT_BYTES ((size_t)1 << 22)

static void look(const struct pl_jwt *jwt)
{
    char space[PL_JWT_TEXT_MAX];
    struct pl_str text;
    int64_t number = 0;
    PL_ASSERT(pl_json_validate(jwt->payload, PL_JSON_DEPTH_MAX, NULL) == 0);
    if (pl_jwt_is_expired(jwt, 0)) {
        PL_ASSERT(pl_jwt_is_expired(jwt, 1760000000000));
    }
    if (pl_jwt_find_int(&number, jwt, PL_STR("sub"))) {
        PL_ASSERT(number >= -((int64_t)1 << 53) && number <= (int64_t)1 << 53);
    }
    if (pl_jwt_find_text(&text, space, jwt, PL_STR("playerId"))) {
        PL_ASSERT(text.len <= sizeof(space));
    }
}

/* The input as a payload that we sign. */
static void sign(struct pl_str payload)
{
    struct pl_buf token;
    struct pl_jwt jwt;
    pl_buf_init(&token, LIMIT_BYTES);
    pl_jwt_write(&token, payload, SECRET);
    PL_ASSERT(!pl_buf_failed(&token));
    if (pl_jwt_decode(&jwt, pl_buf_str(&token), NULL) == 0) {
        PL_ASSERT(pl_str_eq(jwt.payload, payload));
        PL_ASSERT(pl_jwt_verify(&jwt, SECRET));
        PL_ASSERT(!pl_jwt_verify(&jwt, PL_STR("another")));
        look(&jwt);
    }
    pl_buf_fini(&token);
}

static void open_sealed(struct pl_str text)
{
    static const uint8_t key[PL_SEAL_KEY_BYTES] = {1};
    struct pl_buf out;
    pl_buf_init(&out, LIMIT_BYTES);
    PL_ASSERT(pl_seal_open(&out, key, PL_STR("fuzz"), text, NULL) < 0);
    PL_ASSERT(out.len == 0);
    pl_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str text = pl_str_make((const char *)data, size);
    struct pl_jwt jwt;
    if (pl_jwt_decode(&jwt, text, NULL) == 0) {
        PL_ASSERT(!pl_jwt_verify(&jwt, SECRET)); /* none of the kept inputs is signed with it */
        look(&jwt);
    }
    sign(text);
    open_sealed(text);
    return 0;
}
