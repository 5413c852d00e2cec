/* The answers are small and looked into a few times, so every look reads from the start. */
#include "cli/answer.h"

#include "codec/json_number.h"
#include "codec/json_string.h"

enum {
    DEPTH_MAX = 32,
};

struct pl_str pl_answer_member(struct pl_str json, struct pl_str key)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_str raw;
    pl_json_reader_init(&reader, json, DEPTH_MAX);
    if (pl_json_next(&token, &reader, NULL) < 0 || token.kind != PL_JSON_OBJECT_BEGIN) {
        return PL_STR("");
    }
    while (pl_json_next(&token, &reader, NULL) == 0 && token.kind == PL_JSON_KEY) {
        bool is_wanted = pl_json_token_equals(&token, key);
        if (pl_json_next(&token, &reader, NULL) < 0 ||
            pl_json_skip(&raw, &reader, &token, NULL) < 0) {
            break;
        }
        if (is_wanted) {
            return raw;
        }
    }
    return PL_STR("");
}

struct pl_str pl_answer_path(struct pl_str json, const char *path)
{
    struct pl_str rest = pl_str_of_cstr(path);
    while (rest.len > 0 && json.len > 0) {
        json = pl_answer_member(json, pl_str_split(&rest, '.'));
    }
    return json;
}

/* Whether a terminal would take the character at text[i] for a command: C0, DEL, and C1, whose
 * UTF-8 is C2 80 to C2 9F. */
static bool is_control(const char *text, size_t i)
{
    unsigned char c = (unsigned char)text[i];
    return c < 0x20 || c == 0x7f ||
           (i > 0 && (unsigned char)text[i - 1] == 0xc2 && c >= 0x80 && c < 0xa0);
}

const char *pl_answer_text(char *out, size_t out_size, struct pl_str json, struct pl_str key)
{
    struct pl_str raw = pl_answer_member(json, key);
    ptrdiff_t len = raw.len <= out_size ? pl_json_string_copy(out, raw) : PL_E_TOO_BIG;
    if (len < 0) {
        out[0] = 0;
        return out;
    }
    out[len] = 0; /* the raw text is longer by its quotes: there is room */
    for (size_t i = 0; i < (size_t)len; i++) {
        if (is_control(out, i)) {
            out[i] = '?';
            if (i > 0 && (unsigned char)out[i - 1] == 0xc2) {
                out[i - 1] = '?';
            }
        }
    }
    return out;
}

int64_t pl_answer_i64(struct pl_str json, const char *path)
{
    int64_t value = 0;
    return pl_json_number_to_i64(&value, pl_answer_path(json, path)) ? value : 0;
}

double pl_answer_double(struct pl_str json, const char *path)
{
    double value = 0;
    return pl_json_number_to_double(&value, pl_answer_path(json, path)) ? value : 0;
}

bool pl_answer_bool(struct pl_str json, const char *path)
{
    return pl_str_eq(pl_answer_path(json, path), PL_STR("true"));
}

void pl_answer_array_init(struct pl_answer_array *array, struct pl_str json)
{
    struct pl_json_token token;
    pl_json_reader_init(&array->reader, json, DEPTH_MAX);
    array->is_array =
        pl_json_next(&token, &array->reader, NULL) == 0 && token.kind == PL_JSON_ARRAY_BEGIN;
}

bool pl_answer_array_next(struct pl_str *item, struct pl_answer_array *array)
{
    struct pl_json_token token;
    return array->is_array && pl_json_next(&token, &array->reader, NULL) == 0 &&
           token.kind != PL_JSON_ARRAY_END && token.kind != PL_JSON_END &&
           pl_json_skip(item, &array->reader, &token, NULL) == 0;
}
