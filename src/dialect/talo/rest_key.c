/* Access keys: tokens that name a key and are signed with the secret of its game. */
#include "dialect/talo/rest_key.h"

#include "codec/jwt.h"

enum pl_talo_key_refusal pl_talo_key_read_header(struct pl_str *token, struct pl_str header)
{
    if (header.len == 0) {
        return PL_TALO_KEY_NONE;
    }
    struct pl_str rest = header;
    struct pl_str scheme = pl_str_split(&rest, ' ');
    if (rest.len == 0 || pl_str_find_char(rest, ' ') < rest.len ||
        !pl_str_eq_nocase(scheme, PL_STR("bearer"))) {
        return PL_TALO_KEY_BAD_HEADER;
    }
    *token = rest;
    return PL_TALO_KEY_OK;
}

enum pl_talo_key_refusal pl_talo_key_check(struct pl_talo_key *out, const struct pl_talo *talo,
                                           struct pl_str token)
{
    struct pl_jwt jwt;
    int64_t id = 0;
    if (pl_jwt_decode(&jwt, token, NULL) < 0) {
        return PL_TALO_KEY_INVALID;
    }
    const struct pl_talo_key *key =
        pl_jwt_find_int(&id, &jwt, PL_STR("sub")) ? pl_talo_find_key(talo, id) : NULL;
    const struct pl_talo_game *game = key == NULL ? NULL : pl_talo_find_game(talo, key->game_id);
    if (game == NULL) {
        return PL_TALO_KEY_UNKNOWN;
    }
    if (!pl_jwt_verify(&jwt, game->secret) || key->revoked_ms != 0) {
        return PL_TALO_KEY_INVALID;
    }
    *out = *key;
    return PL_TALO_KEY_OK;
}

const char *pl_talo_key_refusal_text(enum pl_talo_key_refusal refusal)
{
    switch (refusal) {
    case PL_TALO_KEY_OK:
        break;
    case PL_TALO_KEY_NONE:
        return "Authentication Error";
    case PL_TALO_KEY_BAD_HEADER:
        return "Bad Authorization header format. Format is \"Authorization: Bearer <token>\"";
    case PL_TALO_KEY_INVALID:
        return "Please provide a valid token in the Authorization header";
    case PL_TALO_KEY_UNKNOWN:
        return "Unauthorized";
    }
    return "";
}

void pl_talo_key_write_token(struct pl_buf *out, const struct pl_talo_key *key,
                             const struct pl_talo_game *game)
{
    struct pl_buf payload;
    pl_buf_init(&payload, 256);
    pl_buf_addf(&payload, "{\"sub\":%lld,\"api\":true,\"iat\":%lld}", (long long)key->id,
                (long long)key->created_s);
    pl_jwt_write(out, pl_buf_str(&payload), game->secret);
    pl_buf_fini(&payload);
}
