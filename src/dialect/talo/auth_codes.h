/* Codes that players were sent by mail: six digits that end a login, ten characters that allow a new
 * password. In memory, bounded, each good once and for a while.
 *
 * Six digits could be guessed, so a login's code is void after PL_TALO_CODE_TRIES wrong ones. A
 * reset's code names nobody, so wrong ones cannot be counted; it has 50 random bits instead. It is
 * written without letters that look like digits, and read forgivingly: letter case, blanks and
 * hyphens do not matter.
 * Threads: the hub's. */
#ifndef PL_DIALECT_TALO_AUTH_CODES_H
#define PL_DIALECT_TALO_AUTH_CODES_H

#include "base/list.h"
#include "base/map.h"
#include "work/bcrypt.h"

#define PL_TALO_CODE_TRIES 5
#define PL_TALO_LOGIN_CODE_MS ((int64_t)300 * 1000) /* spec talo, 3.9 */
#define PL_TALO_RESET_CODE_MS ((int64_t)900 * 1000)
#define PL_TALO_CODES_MAX 10000 /* of one kind; then the oldest goes */
#define PL_TALO_CODE_LEN_MAX 10

enum pl_talo_code_kind {
    PL_TALO_CODE_LOGIN,
    PL_TALO_CODE_RESET,
};

struct pl_talo_code {
    int64_t game_id;
    int64_t alias_id;
    char text[PL_TALO_CODE_LEN_MAX + 1];
    char password_hash[PL_BCRYPT_HASH_MAX]; /* that was right when a login's code was made */
    unsigned tries_left;
    int64_t end_ms;
    struct pl_list in_order;
};

struct pl_talo_codes {
    enum pl_talo_code_kind kind;
    struct pl_map by_alias;
    struct pl_map by_text; /* of RESET: game and text */
    struct pl_list order;  /* oldest first, which is also the first to end */
};

void pl_talo_codes_init(struct pl_talo_codes *codes, enum pl_talo_code_kind kind,
                        const uint8_t hash_key[16]);
void pl_talo_codes_fini(struct pl_talo_codes *codes);

/* A new code of the alias; the one before is void. `random`: unpredictable. Borrowed until the next
 * call. */
const struct pl_talo_code *pl_talo_codes_issue(struct pl_talo_codes *codes, int64_t game_id,
                                               int64_t alias_id, struct pl_str password_hash,
                                               int64_t now_ms, uint64_t random);

/* Whether `text` is the login's code of the alias; then it is used up, and *out is a copy that the
 * caller wipes. A wrong one counts. */
PL_MUST_CHECK bool pl_talo_codes_take_login(struct pl_talo_code *out, struct pl_talo_codes *codes,
                                            int64_t alias_id, struct pl_str text, int64_t now_ms);

/* The reset's code `text` of a game: who it is for. False when there is none. */
PL_MUST_CHECK bool pl_talo_codes_find_reset(int64_t *alias_id, struct pl_talo_codes *codes,
                                            int64_t game_id, struct pl_str text, int64_t now_ms);

/* The same, and it is used up. */
PL_MUST_CHECK bool pl_talo_codes_take_reset(int64_t *alias_id, struct pl_talo_codes *codes,
                                            int64_t game_id, struct pl_str text, int64_t now_ms);

#endif
