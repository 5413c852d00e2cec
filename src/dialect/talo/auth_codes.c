/* All codes of a kind live equally long, so the order of making is the order of ending, and what has
 * ended is found at the front. */
#include "dialect/talo/auth_codes.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>

#define KEY_MAX (sizeof(int64_t) + PL_TALO_CODE_LEN_MAX)

static struct pl_str alias_key(const int64_t *alias_id)
{
    return pl_str_make((const char *)alias_id, sizeof(*alias_id));
}

/* Game and text together. */
static struct pl_str text_key(char out[KEY_MAX], int64_t game_id, struct pl_str text)
{
    memcpy(out, &game_id, sizeof(game_id));
    memcpy(out + sizeof(game_id), text.ptr, text.len);
    return pl_str_make(out, sizeof(game_id) + text.len);
}

void pl_talo_codes_init(struct pl_talo_codes *codes, enum pl_talo_code_kind kind,
                        const uint8_t hash_key[16])
{
    codes->kind = kind;
    pl_map_init(&codes->by_alias, hash_key);
    pl_map_init(&codes->by_text, hash_key);
    pl_list_init(&codes->order);
}

static void remove_code(struct pl_talo_codes *codes, struct pl_talo_code *code)
{
    char key[KEY_MAX];
    pl_list_remove(&code->in_order);
    (void)pl_map_remove(&codes->by_alias, alias_key(&code->alias_id));
    if (codes->kind == PL_TALO_CODE_RESET) {
        (void)pl_map_remove(&codes->by_text,
                            text_key(key, code->game_id, pl_str_of_cstr(code->text)));
    }
    pl_wipe(key, sizeof(key));
    pl_wipe(code, sizeof(*code));
    pl_free(code);
}

static struct pl_talo_code *oldest(struct pl_talo_codes *codes)
{
    return pl_list_is_empty(&codes->order)
               ? NULL
               : PL_CONTAINER_OF(codes->order.next, struct pl_talo_code, in_order);
}

void pl_talo_codes_fini(struct pl_talo_codes *codes)
{
    struct pl_talo_code *code = NULL;
    while ((code = oldest(codes)) != NULL) {
        remove_code(codes, code);
    }
    pl_map_fini(&codes->by_alias);
    pl_map_fini(&codes->by_text);
}

static void drop_ended(struct pl_talo_codes *codes, int64_t now_ms)
{
    struct pl_talo_code *code = NULL;
    while ((code = oldest(codes)) != NULL && code->end_ms <= now_ms) {
        remove_code(codes, code);
    }
}

/* Six digits, or ten of Crockford's 32 characters, of which each takes five bits. */
static void write_text(struct pl_talo_code *code, enum pl_talo_code_kind kind, uint64_t random)
{
    static const char chars[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    switch (kind) {
    case PL_TALO_CODE_LOGIN:
        (void)snprintf(code->text, sizeof(code->text), "%06" PRIu64, random % 1000000);
        break;
    case PL_TALO_CODE_RESET:
        for (size_t i = 0; i < PL_TALO_CODE_LEN_MAX; i++) {
            code->text[i] = chars[random >> (5 * i) & 31];
        }
        break;
    }
}

const struct pl_talo_code *pl_talo_codes_issue(struct pl_talo_codes *codes, int64_t game_id,
                                               int64_t alias_id, struct pl_str password_hash,
                                               int64_t now_ms, uint64_t random)
{
    char key[KEY_MAX];
    drop_ended(codes, now_ms);
    struct pl_talo_code *before = pl_map_find(&codes->by_alias, alias_key(&alias_id));
    if (before == NULL && codes->by_alias.count == PL_TALO_CODES_MAX) {
        before = oldest(codes);
    }
    if (before != NULL) {
        remove_code(codes, before);
    }
    struct pl_talo_code *code = pl_alloc(sizeof(*code));
    code->game_id = game_id;
    code->alias_id = alias_id;
    code->tries_left = PL_TALO_CODE_TRIES;
    code->end_ms = now_ms + (codes->kind == PL_TALO_CODE_LOGIN ? PL_TALO_LOGIN_CODE_MS
                                                               : PL_TALO_RESET_CODE_MS);
    PL_ASSERT(password_hash.len < sizeof(code->password_hash));
    if (password_hash.len > 0) {
        memcpy(code->password_hash, password_hash.ptr, password_hash.len);
    }
    write_text(code, codes->kind, random);
    pl_list_push_back(&codes->order, &code->in_order);
    (void)pl_map_put(&codes->by_alias, alias_key(&alias_id), code);
    if (codes->kind == PL_TALO_CODE_RESET) {
        /* Two equal ones are as likely as a right guess; then the one before is nobody's. */
        (void)pl_map_put(&codes->by_text, text_key(key, game_id, pl_str_of_cstr(code->text)), code);
    }
    pl_wipe(key, sizeof(key));
    return code;
}

bool pl_talo_codes_take_login(struct pl_talo_code *out, struct pl_talo_codes *codes,
                              int64_t alias_id, struct pl_str text, int64_t now_ms)
{
    drop_ended(codes, now_ms);
    struct pl_talo_code *code = pl_map_find(&codes->by_alias, alias_key(&alias_id));
    if (code == NULL) {
        return false;
    }
    if (pl_secret_eq(pl_str_of_cstr(code->text), text)) {
        *out = *code;
        remove_code(codes, code);
        return true;
    }
    if (--code->tries_left == 0) {
        remove_code(codes, code);
    }
    return false;
}

/* As a code of RESET is written; false for what none can be. */
static bool read_text(char out[PL_TALO_CODE_LEN_MAX], struct pl_str text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '-') {
            continue;
        }
        if (len == PL_TALO_CODE_LEN_MAX) {
            return false;
        }
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        c = c == 'O' ? '0' : c;
        out[len++] = c == 'I' || c == 'L' ? '1' : c;
    }
    return len == PL_TALO_CODE_LEN_MAX;
}

/* The map's hash is keyed and secret, so looking it up tells nothing by its time. */
static struct pl_talo_code *find_reset(struct pl_talo_codes *codes, int64_t game_id,
                                       struct pl_str text, int64_t now_ms)
{
    char plain[PL_TALO_CODE_LEN_MAX];
    char key[KEY_MAX];
    drop_ended(codes, now_ms);
    return read_text(plain, text)
               ? pl_map_find(&codes->by_text,
                             text_key(key, game_id, pl_str_make(plain, sizeof(plain))))
               : NULL;
}

bool pl_talo_codes_find_reset(int64_t *alias_id, struct pl_talo_codes *codes, int64_t game_id,
                              struct pl_str text, int64_t now_ms)
{
    const struct pl_talo_code *code = find_reset(codes, game_id, text, now_ms);
    *alias_id = code == NULL ? 0 : code->alias_id;
    return code != NULL;
}

bool pl_talo_codes_take_reset(int64_t *alias_id, struct pl_talo_codes *codes, int64_t game_id,
                              struct pl_str text, int64_t now_ms)
{
    struct pl_talo_code *code = find_reset(codes, game_id, text, now_ms);
    if (code == NULL) {
        *alias_id = 0;
        return false;
    }
    *alias_id = code->alias_id;
    remove_code(codes, code);
    return true;
}
