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
    bool is_marked;   /* "_placeholder":true; of equal keys the last wins */
    bool is_num_good; /* "num" is an integer in range */
};

struct scan {
    struct level levels[PL_SIO_DEPTH_MAX + 1]; /* [0] is outside of everything */
    size_t depth;
    enum member member; /* what the next value belongs to */
    uint32_t attachment_count;
};

static enum member member_of_key(struct pl_str raw_key)
{
    if (pl_json_string_equals(raw_key, PL_STR("_placeholder"))) {
        return MEMBER_MARK;
    }
    return pl_json_string_equals(raw_key, PL_STR("num")) ? MEMBER_NUM : MEMBER_OTHER;
}

static bool is_num_good(const struct scan *scan, const struct pl_json_token *token)
{
    uint64_t num = 0;
    return token->kind == PL_JSON_NUMBER && pl_json_number_to_u64(&num, token->raw) &&
           num < scan->attachment_count;
}

/* A value begins: note it in the object that it is a member of. */
static void note_value(struct scan *scan, const struct pl_json_token *token)
{
    struct level *level = &scan->levels[scan->depth];
    if (scan->member == MEMBER_MARK) {
        level->is_marked = token->kind == PL_JSON_TRUE;
    } else if (scan->member == MEMBER_NUM) {
        level->is_num_good = is_num_good(scan, token);
    }
    scan->member = MEMBER_OTHER;
}

/* One token. False at the end of a bad placeholder, or nested too deep. */
static bool scan_token(struct scan *scan, const struct pl_json_token *token)
{
    const struct level *closed = NULL;
    switch (token->kind) {
    case PL_JSON_KEY:
        scan->member = member_of_key(token->raw);
        return true;
    case PL_JSON_OBJECT_BEGIN:
    case PL_JSON_ARRAY_BEGIN:
        note_value(scan, token);
        if (scan->depth == PL_SIO_DEPTH_MAX) {
            return false;
        }
        scan->levels[++scan->depth] = (struct level){.is_marked = false};
        return true;
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_END:
        closed = &scan->levels[scan->depth--];
        return !closed->is_marked || closed->is_num_good;
    case PL_JSON_STRING:
    case PL_JSON_NUMBER:
    case PL_JSON_TRUE:
    case PL_JSON_FALSE:
    case PL_JSON_NULL:
        note_value(scan, token);
        return true;
    case PL_JSON_END:
        return true;
    }
    return false;
}

int pl_sio_placeholders_check(struct pl_str payload, uint32_t attachment_count,
                              struct pl_error *err)
{
    struct pl_json_reader reader;
    struct pl_json_token token = {.kind = PL_JSON_NULL};
    struct scan scan;
    scan.depth = 0;
    scan.member = MEMBER_OTHER;
    scan.attachment_count = attachment_count;
    pl_json_reader_init(&reader, payload, PL_SIO_DEPTH_MAX);
    while (token.kind != PL_JSON_END) {
        int rc = pl_json_next(&token, &reader, err);
        if (rc < 0) {
            return rc;
        }
        if (!scan_token(&scan, &token)) {
            return pl_error_set(err, PL_E_PROTO, "placeholder without a valid num");
        }
    }
    return 0;
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
