/* Placeholders, found in one pass over the tokens; a small record per open container remembers what
 * its members said so far, since `num` may come before `_placeholder`. */
#include "codec/sio_placeholder.h"

#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "codec/sio_packet.h"

enum member {
    MEMBER_OTHER,
    MEMBER_MARK,
    MEMBER_NUM,
};

struct level {
    size_t from;
    bool is_marked; /* "_placeholder":true; of equal keys the last wins */
    bool has_num;
    uint64_t num;
};

struct scan {
    enum member member; /* what the next value belongs to */
    size_t depth;
    struct level levels[PL_JSON_DEPTH_MAX + 1]; /* [0] is outside of everything */
    int (*on_found)(void *user, const struct pl_sio_placeholder *found);
    void *user;
};

static enum member member_of_key(const struct pl_json_token *key)
{
    if (pl_json_token_equals(key, PL_STR("_placeholder"))) {
        return MEMBER_MARK;
    }
    return pl_json_token_equals(key, PL_STR("num")) ? MEMBER_NUM : MEMBER_OTHER;
}

/* A value begins: note what it says about the object that it is a member of. */
static void note_value(struct scan *scan, const struct pl_json_token *token)
{
    struct level *level = &scan->levels[scan->depth];
    if (scan->member == MEMBER_MARK) {
        level->is_marked = token->kind == PL_JSON_TRUE;
    } else if (scan->member == MEMBER_NUM) {
        level->has_num =
            token->kind == PL_JSON_NUMBER && pl_json_number_to_u64(&level->num, token->raw);
    }
    scan->member = MEMBER_OTHER;
}

/* A container ends. */
static int note_end(struct scan *scan, const struct pl_json_token *token)
{
    const struct level *level = &scan->levels[scan->depth--];
    if (!level->is_marked) {
        return 0;
    }
    return scan->on_found(scan->user,
                          &(struct pl_sio_placeholder){.from = level->from,
                                                       .len = token->position + 1 - level->from,
                                                       .has_num = level->has_num,
                                                       .num = level->num});
}

static int note_token(struct scan *scan, const struct pl_json_token *token)
{
    switch (token->kind) {
    case PL_JSON_KEY:
        scan->member = member_of_key(token);
        return 0;
    case PL_JSON_OBJECT_BEGIN:
    case PL_JSON_ARRAY_BEGIN:
        note_value(scan, token);
        scan->levels[++scan->depth] = (struct level){.from = token->position};
        return 0;
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_END:
        return note_end(scan, token);
    case PL_JSON_STRING:
    case PL_JSON_NUMBER:
    case PL_JSON_TRUE:
    case PL_JSON_FALSE:
    case PL_JSON_NULL:
        note_value(scan, token);
        return 0;
    case PL_JSON_END:
        break;
    }
    return 0;
}

int pl_sio_placeholders_find(struct pl_str text, size_t depth_limit,
                             int (*on_found)(void *user, const struct pl_sio_placeholder *found),
                             void *user, struct pl_error *err)
{
    struct pl_json_reader reader;
    struct pl_json_token token = {.kind = PL_JSON_NULL};
    struct scan scan;
    int rc = 0;
    scan.on_found = on_found;
    scan.user = user;
    scan.member = MEMBER_OTHER;
    scan.depth = 0;
    scan.levels[0] = (struct level){.from = 0};
    pl_json_reader_init(&reader, text, depth_limit);
    while (rc == 0 && token.kind != PL_JSON_END) {
        rc = pl_json_next(&token, &reader, err);
        if (rc == 0) {
            rc = note_token(&scan, &token);
        }
    }
    return rc;
}

static int check(void *user, const struct pl_sio_placeholder *found)
{
    const uint32_t *attachment_count = user;
    return found->has_num && found->num < *attachment_count ? 0 : PL_E_PROTO;
}

int pl_sio_placeholders_check(struct pl_str payload, uint32_t attachment_count,
                              struct pl_error *err)
{
    int rc = pl_sio_placeholders_find(payload, PL_SIO_DEPTH_MAX, check, &attachment_count, err);
    return rc == PL_E_PROTO ? pl_error_set(err, rc, "placeholder without a valid num") : rc;
}

bool pl_sio_placeholder_read(uint32_t *num, struct pl_str raw_value)
{
    struct pl_str raw;
    uint64_t value = 0;
    if (!pl_json_object_find(&raw, raw_value, PL_STR("_placeholder")) ||
        !pl_str_eq(raw, PL_STR("true")) || !pl_json_object_find(&raw, raw_value, PL_STR("num")) ||
        !pl_json_number_to_u64(&value, raw) || value > UINT32_MAX) {
        return false;
    }
    *num = (uint32_t)value;
    return true;
}

void pl_sio_placeholder_write(struct pl_buf *buf, uint32_t num)
{
    pl_buf_add_str(buf, PL_STR("{\"_placeholder\":true,\"num\":"));
    pl_buf_add_u64(buf, num);
    pl_buf_add_char(buf, '}');
}
