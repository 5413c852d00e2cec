/* Sessions of `talo` aliases (spec talo, 3.6.1): their tokens, and the check of one against what is
 * stored. Pure: no store, no clock.
 * Threads: any. */
#ifndef PL_STORE_TALO_SESSION_H
#define PL_STORE_TALO_SESSION_H

#include "base/buf.h"
#include "base/uuid.h"

#define PL_TALO_SESSION_MS ((int64_t)15 * 60 * 1000)           /* of a session that has a refresh */
#define PL_TALO_REFRESH_MS ((int64_t)30 * 24 * 60 * 60 * 1000) /* of its refresh token */

/* Whose login it is: a `talo` alias and the session key of its player, a UUID whose text is the
 * HMAC secret. */
struct pl_talo_session {
    int64_t alias_id;
    struct pl_uuid player_id;
    bool has_key; /* false: not logged in, so every token is invalid */
    struct pl_uuid key;
};

enum pl_talo_session_check {
    PL_TALO_SESSION_NONE, /* no `talo` alias is concerned: go on */
    PL_TALO_SESSION_OK,
    PL_TALO_SESSION_MISSING, /* MISSING_SESSION: no token was given */
    PL_TALO_SESSION_INVALID, /* INVALID_SESSION */
};

/* What a request says of itself. */
struct pl_talo_session_claim {
    int64_t alias_id; /* x-talo-alias; 0: missing or not a number */
    bool has_player;
    struct pl_uuid player_id; /* x-talo-player */
    struct pl_str token;      /* x-talo-session; NULL pointer: missing */
};

/* The check of REST: the token must be signed with the key, not be over, and name exactly the alias
 * and the player that the headers name. `session` is the alias of service `talo` that was found by
 * either header, or NULL when there is none. Never returns NONE for a session. */
enum pl_talo_session_check pl_talo_session_check(const struct pl_talo_session *session,
                                                 const struct pl_talo_session_claim *claim,
                                                 int64_t now_ms);

/* The check where the alias is known from elsewhere: of the socket's identify (1.8.2), where an
 * empty token is an invalid one as well, and of GET /v1/players/identify (3.8), where a NULL pointer
 * is MISSING. */
enum pl_talo_session_check pl_talo_session_check_token(const struct pl_talo_session *session,
                                                       struct pl_str token, int64_t now_ms);

/* Whether `token` is this session's refresh token, in force. */
bool pl_talo_session_check_refresh(const struct pl_talo_session *session, struct pl_str token,
                                   int64_t now_ms);

/* What a refresh token says, unverified: whose session to look up. False for what is none. */
PL_MUST_CHECK bool pl_talo_session_read_refresh(struct pl_uuid *player_id, int64_t *alias_id,
                                                struct pl_str token);

/* Append a session token: without end, or of PL_TALO_SESSION_MS where a refresh token goes with it.
 */
void pl_talo_session_write(struct pl_buf *out, const struct pl_talo_session *session,
                           bool has_refresh, int64_t now_ms);

/* Append the refresh token. */
void pl_talo_session_write_refresh(struct pl_buf *out, const struct pl_talo_session *session,
                                   int64_t now_ms);

#endif
