/* Walks and finds over raw JSON text: a reader, one level deep. */
#include "codec/json_raw.h"

#include "codec/json_string.h"

enum pl_json_kind pl_json_raw_kind(struct pl_str raw)
{
    if (raw.len == 0) {
        return PL_JSON_END;
    }
    switch (raw.ptr[0]) {
    case '{':
        return PL_JSON_OBJECT_BEGIN;
    case '[':
        return PL_JSON_ARRAY_BEGIN;
    case '"':
        return PL_JSON_STRING;
    case 't':
        return PL_JSON_TRUE;
    case 'f':
        return PL_JSON_FALSE;
    case 'n':
        return PL_JSON_NULL;
    default:
        return raw.ptr[0] == '-' || (raw.ptr[0] >= '0' && raw.ptr[0] <= '9') ? PL_JSON_NUMBER
                                                                             : PL_JSON_END;
    }
}

/* Enter the container, which must be of `kind`. */
static void walk_init(struct pl_json_walk *walk, struct pl_str raw, enum pl_json_kind kind)
{
    struct pl_json_token token;
    pl_json_reader_init(&walk->reader, raw, PL_JSON_DEPTH_MAX);
    walk->is_over = pl_json_next(&token, &walk->reader, NULL) < 0 || token.kind != kind;
}

/* The whole value that begins with the next token. False, and over, at the container's end or at
 * what is not JSON. */
static bool next_value(struct pl_str *raw_value, struct pl_json_walk *walk)
{
    struct pl_json_token token;
    if (pl_json_next(&token, &walk->reader, NULL) < 0 || token.kind == PL_JSON_ARRAY_END ||
        pl_json_skip(raw_value, &walk->reader, &token, NULL) < 0) {
        walk->is_over = true;
    }
    return !walk->is_over;
}

void pl_json_array_walk(struct pl_json_walk *walk, struct pl_str raw_array)
{
    walk_init(walk, raw_array, PL_JSON_ARRAY_BEGIN);
}

bool pl_json_array_next(struct pl_str *raw_value, struct pl_json_walk *walk)
{
    return !walk->is_over && next_value(raw_value, walk);
}

void pl_json_object_walk(struct pl_json_walk *walk, struct pl_str raw_object)
{
    walk_init(walk, raw_object, PL_JSON_OBJECT_BEGIN);
}

bool pl_json_object_next(struct pl_str *raw_key, struct pl_str *raw_value,
                         struct pl_json_walk *walk)
{
    struct pl_json_token token;
    if (walk->is_over) {
        return false;
    }
    if (pl_json_next(&token, &walk->reader, NULL) < 0 || token.kind != PL_JSON_KEY) {
        walk->is_over = true;
        return false;
    }
    if (!next_value(raw_value, walk)) {
        return false;
    }
    *raw_key = token.raw;
    return true;
}

bool pl_json_object_find(struct pl_str *raw_value, struct pl_str raw_object, struct pl_str key)
{
    struct pl_json_walk walk;
    struct pl_str raw_key;
    struct pl_str value;
    bool is_found = false;
    pl_json_object_walk(&walk, raw_object);
    while (pl_json_object_next(&raw_key, &value, &walk)) {
        if (pl_json_string_equals(raw_key, key)) {
            *raw_value = value;
            is_found = true;
        }
    }
    return is_found;
}
