/* Session tokens are signed with the text of the session key, refresh tokens with ":refresh" behind
 * it, so that neither passes for the other. */
#include "store/talo/session.h"

#include "base/alloc.h"
#include "codec/json_write.h"
#include "codec/jwt.h"

#define REFRESH_SUFFIX ":refresh"
#define SECRET_MAX (PL_UUID_TEXT_LEN + sizeof(REFRESH_SUFFIX))
#define PAYLOAD_MAX 512

/* The secret of `session`, with `suffix`, in `out`. */
static struct pl_str make_secret(char out[SECRET_MAX], const struct pl_talo_session *session,
                                 struct pl_str suffix)
{
    pl_uuid_format(out, &session->key);
    memcpy(out + PL_UUID_TEXT_LEN, suffix.ptr, suffix.len);
    return pl_str_make(out, PL_UUID_TEXT_LEN + suffix.len);
}

static bool verify(const struct pl_jwt *jwt, const struct pl_talo_session *session,
                   struct pl_str suffix)
{
    char secret[SECRET_MAX];
    bool is_right = session->has_key && pl_jwt_verify(jwt, make_secret(secret, session, suffix));
    pl_wipe(secret, sizeof(secret));
    return is_right;
}

static bool read_names(struct pl_uuid *player_id, int64_t *alias_id, const struct pl_jwt *jwt)
{
    char space[PL_JWT_TEXT_MAX];
    struct pl_str text;
    return pl_jwt_find_text(&text, space, jwt, PL_STR("playerId")) &&
           pl_uuid_parse(player_id, text) && pl_jwt_find_int(alias_id, jwt, PL_STR("aliasId"));
}

/* Signed by this session, in force, and about this player and alias. */
static bool is_token_of(const struct pl_talo_session *session, struct pl_str suffix,
                        const struct pl_uuid *player_id, int64_t alias_id, struct pl_str token,
                        int64_t now_ms)
{
    struct pl_jwt jwt;
    struct pl_uuid named_player;
    int64_t named_alias = 0;
    return pl_jwt_decode(&jwt, token, NULL) == 0 && verify(&jwt, session, suffix) &&
           !pl_jwt_is_expired(&jwt, now_ms) && read_names(&named_player, &named_alias, &jwt) &&
           pl_uuid_eq(&named_player, player_id) && named_alias == alias_id;
}

enum pl_talo_session_check pl_talo_session_check(const struct pl_talo_session *session,
                                                 const struct pl_talo_session_claim *claim,
                                                 int64_t now_ms)
{
    if (session == NULL) {
        return PL_TALO_SESSION_NONE;
    }
    if (claim->token.ptr == NULL) {
        return PL_TALO_SESSION_MISSING;
    }
    return claim->has_player && is_token_of(session, PL_STR(""), &claim->player_id, claim->alias_id,
                                            claim->token, now_ms)
               ? PL_TALO_SESSION_OK
               : PL_TALO_SESSION_INVALID;
}

enum pl_talo_session_check pl_talo_session_check_token(const struct pl_talo_session *session,
                                                       struct pl_str token, int64_t now_ms)
{
    struct pl_talo_session_claim claim = {.alias_id = session->alias_id,
                                          .has_player = true,
                                          .player_id = session->player_id,
                                          .token = token};
    return pl_talo_session_check(session, &claim, now_ms);
}

bool pl_talo_session_check_refresh(const struct pl_talo_session *session, struct pl_str token,
                                   int64_t now_ms)
{
    return is_token_of(session, PL_STR(REFRESH_SUFFIX), &session->player_id, session->alias_id,
                       token, now_ms);
}

bool pl_talo_session_read_refresh(struct pl_uuid *player_id, int64_t *alias_id, struct pl_str token)
{
    struct pl_jwt jwt;
    return pl_jwt_decode(&jwt, token, NULL) == 0 && read_names(player_id, alias_id, &jwt);
}

/* type: NULL for a token without type and end. */
static void write_token(struct pl_buf *out, const struct pl_talo_session *session,
                        struct pl_str suffix, const char *type, int64_t now_ms, int64_t life_ms)
{
    char player_id[PL_UUID_TEXT_LEN + 1];
    char secret[SECRET_MAX];
    struct pl_buf payload;
    struct pl_json_writer json;
    pl_uuid_format(player_id, &session->player_id);
    pl_buf_init(&payload, PAYLOAD_MAX);
    pl_json_writer_init(&json, &payload);
    pl_json_object_begin(&json);
    pl_json_key(&json, PL_STR("playerId"));
    pl_json_put_string(&json, pl_str_of_cstr(player_id));
    pl_json_key(&json, PL_STR("aliasId"));
    pl_json_put_i64(&json, session->alias_id);
    if (type != NULL) {
        pl_json_key(&json, PL_STR("type"));
        pl_json_put_string(&json, pl_str_of_cstr(type));
    }
    pl_json_key(&json, PL_STR("iat"));
    pl_json_put_i64(&json, now_ms / 1000);
    if (type != NULL) {
        pl_json_key(&json, PL_STR("exp"));
        pl_json_put_i64(&json, (now_ms + life_ms) / 1000);
    }
    pl_json_object_end(&json);
    if (pl_buf_failed(&payload)) {
        out->has_failed = true;
    } else {
        pl_jwt_write(out, pl_buf_str(&payload), make_secret(secret, session, suffix));
        pl_wipe(secret, sizeof(secret));
    }
    pl_buf_fini(&payload);
}

void pl_talo_session_write(struct pl_buf *out, const struct pl_talo_session *session,
                           bool has_refresh, int64_t now_ms)
{
    write_token(out, session, PL_STR(""), has_refresh ? "session" : NULL, now_ms,
                PL_TALO_SESSION_MS);
}

void pl_talo_session_write_refresh(struct pl_buf *out, const struct pl_talo_session *session,
                                   int64_t now_ms)
{
    write_token(out, session, PL_STR(REFRESH_SUFFIX), "refresh", now_ms, PL_TALO_REFRESH_MS);
}
