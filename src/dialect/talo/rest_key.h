/* Who asks: the access key of a request (spec talo, 3.3).
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_REST_KEY_H
#define PL_DIALECT_TALO_REST_KEY_H

#include "service/talo/talo.h"

/* The four answers of 3.3, all 401. */
enum pl_talo_key_refusal {
    PL_TALO_KEY_OK,
    PL_TALO_KEY_NONE,       /* "Authentication Error" */
    PL_TALO_KEY_BAD_HEADER, /* "Bad Authorization header format. ..." */
    PL_TALO_KEY_INVALID,    /* "Please provide a valid token in the Authorization header" */
    PL_TALO_KEY_UNKNOWN,    /* "Unauthorized" */
};

/* The token of an Authorization header. header: a NULL pointer when there is none. Pure. */
enum pl_talo_key_refusal pl_talo_key_read_header(struct pl_str *token, struct pl_str header);

/* The key that a token names and is signed for, if it is in force. */
enum pl_talo_key_refusal pl_talo_key_check(struct pl_talo_key *out, const struct pl_talo *talo,
                                           struct pl_str token);

const char *pl_talo_key_refusal_text(enum pl_talo_key_refusal refusal);

/* Append the token of a key: a JWT that its game's secret signs. */
void pl_talo_key_write_token(struct pl_buf *out, const struct pl_talo_key *key,
                             const struct pl_talo_game *game);

#endif
