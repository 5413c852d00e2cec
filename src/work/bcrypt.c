/* crypt_r wants 32 KiB of memory for its own, which holds what follows from the password: it is
 * wiped each time. */
#include "work/bcrypt.h"

#include "base/alloc.h"

#include <crypt.h>
#include <stdio.h>

#define HASH_LEN 60
#define COST_AT 4 /* "$2b$10$" */

/* Run bcrypt with the setting's version, cost and salt; writes the hash and a NUL. */
static int run(char out[PL_BCRYPT_HASH_MAX], struct pl_str password, const char *setting_cstr,
               struct pl_error *err)
{
    char password_cstr[PL_BCRYPT_PASSWORD_BYTES + 1] = {0};
    struct crypt_data *data = pl_try_alloc(sizeof(*data));
    int rc = 0;
    if (data == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "no memory for hashing a password");
    }
    memset(data, 0, sizeof(*data));
    if (password.len > 0) {
        memcpy(password_cstr, password.ptr, pl_size_min(password.len, PL_BCRYPT_PASSWORD_BYTES));
    }
    const char *hash = crypt_r(password_cstr, setting_cstr, data);
    pl_wipe(password_cstr, sizeof(password_cstr));
    if (hash == NULL || strlen(hash) != HASH_LEN) { /* "*0" is how it fails, too */
        rc = pl_error_set(err, PL_E_INVALID, "not a hash of bcrypt");
    } else {
        memcpy(out, hash, HASH_LEN + 1);
    }
    pl_wipe(data, sizeof(*data));
    pl_free(data);
    return rc;
}

int pl_bcrypt_hash(char out[PL_BCRYPT_HASH_MAX], struct pl_str password, uint32_t cost,
                   const uint8_t salt[PL_BCRYPT_SALT_BYTES], struct pl_error *err)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (cost < PL_BCRYPT_COST_MIN || cost > PL_BCRYPT_COST_MAX ||
        crypt_gensalt_rn("$2b$", cost, (const char *)salt, PL_BCRYPT_SALT_BYTES, setting,
                         sizeof(setting)) == NULL) {
        return pl_error_set(err, PL_E_INVALID, "bcrypt does not take the cost %u", (unsigned)cost);
    }
    return run(out, password, setting, err);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "$2b$10$" and 53 characters; libxcrypt looks at those. */
static bool is_affordable(struct pl_str hash)
{
    if (hash.len != HASH_LEN || memcmp(hash.ptr, "$2", 2) != 0 || hash.ptr[3] != '$' ||
        hash.ptr[COST_AT + 2] != '$' || strchr("aby", hash.ptr[2]) == NULL ||
        !is_digit(hash.ptr[COST_AT]) || !is_digit(hash.ptr[COST_AT + 1])) {
        return false;
    }
    int cost = (hash.ptr[COST_AT] - '0') * 10 + hash.ptr[COST_AT + 1] - '0';
    return cost >= PL_BCRYPT_COST_MIN && cost <= PL_BCRYPT_COST_MAX;
}

int pl_bcrypt_verify(bool *is_right, struct pl_str password, struct pl_str hash,
                     struct pl_error *err)
{
    char setting[PL_BCRYPT_HASH_MAX] = {0};
    char made[PL_BCRYPT_HASH_MAX];
    if (!is_affordable(hash)) {
        return pl_error_set(err, PL_E_INVALID, "not a hash of bcrypt that costs at most %d",
                            PL_BCRYPT_COST_MAX);
    }
    memcpy(setting, hash.ptr, HASH_LEN);
    int rc = run(made, password, setting, err);
    if (rc == 0) {
        *is_right = pl_secret_eq(pl_str_make(made, HASH_LEN), hash);
    }
    pl_wipe(made, sizeof(made));
    return rc;
}
