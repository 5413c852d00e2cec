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

/* Salt and digest in bcrypt's own base64. */
static bool is_base64(struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!is_digit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '.' &&
            c != '/') {
            return false;
        }
    }
    return true;
}

bool pl_bcrypt_is_hash(struct pl_str text)
{
    if (text.len != HASH_LEN || memcmp(text.ptr, "$2", 2) != 0 || text.ptr[3] != '$' ||
        (text.ptr[2] != 'a' && text.ptr[2] != 'b' && text.ptr[2] != 'y') ||
        !is_digit(text.ptr[COST_AT]) || !is_digit(text.ptr[COST_AT + 1]) ||
        text.ptr[COST_AT + 2] != '$') {
        return false;
    }
    int cost = (text.ptr[COST_AT] - '0') * 10 + text.ptr[COST_AT + 1] - '0';
    return cost >= PL_BCRYPT_COST_MIN && cost <= PL_BCRYPT_COST_MAX &&
           is_base64(pl_str_from(text, COST_AT + 3));
}

int pl_bcrypt_verify(bool *is_right, struct pl_str password, struct pl_str hash,
                     struct pl_error *err)
{
    char setting[PL_BCRYPT_HASH_MAX] = {0};
    char made[PL_BCRYPT_HASH_MAX];
    if (!pl_bcrypt_is_hash(hash)) {
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
