/* Any bytes into the JSON reader; what it accepts must walk, decode and be written back to the same
 * meaning. */
#include "fuzz.h"

#include "base/utf8.h"
#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "codec/json_write.h"

#include <math.h>

#define DEPTH 32
#define STRING_BYTES_MAX (1024 * 1024)

static void check_string(struct pl_str raw)
{
    struct pl_arena arena;
    struct pl_buf buf;
    struct pl_str value;
    pl_arena_init(&arena, STRING_BYTES_MAX);
    pl_buf_init(&buf, SIZE_MAX);
    if (pl_json_string_decode(&value, &arena, raw, NULL) == 0) {
        PL_ASSERT(pl_json_string_equals(raw, value));
        pl_json_write_string(&buf, value);
        PL_ASSERT(pl_json_string_equals(pl_buf_str(&buf), value));
        PL_ASSERT(!pl_utf8_is_valid(value) || pl_json_validate(pl_buf_str(&buf), 0, NULL) == 0);
    }
    pl_buf_fini(&buf);
    pl_arena_fini(&arena);
}

static void check_number(struct pl_str raw)
{
    int64_t integer = 0;
    double value = 0;
    if (pl_json_number_to_double(&value, raw)) {
        struct pl_buf buf;
        double again = 1;
        pl_buf_init(&buf, SIZE_MAX);
        pl_json_write_double(&buf, value);
        PL_ASSERT(pl_json_number_to_double(&again, pl_buf_str(&buf)) && again == value);
        pl_buf_fini(&buf);
    }
    if (pl_json_number_to_i64(&integer, raw)) {
        PL_ASSERT(fabs(value - (double)integer) < 1);
    }
}

/* Walks see what the reader sees: each object's last key is found. */
static void check_object(struct pl_str raw)
{
    struct pl_json_walk walk;
    struct pl_str raw_key = {NULL, 0};
    struct pl_str raw_value = {NULL, 0};
    struct pl_str key;
    struct pl_arena arena;
    pl_json_object_walk(&walk, raw);
    while (pl_json_object_next(&raw_key, &raw_value, &walk)) {
    }
    pl_arena_init(&arena, STRING_BYTES_MAX);
    if (raw_key.ptr != NULL && pl_json_string_decode(&key, &arena, raw_key, NULL) == 0) {
        struct pl_str found;
        PL_ASSERT(pl_json_object_find(&found, raw, key) && found.ptr == raw_value.ptr);
    }
    pl_arena_fini(&arena);
}

static void check_token(const struct pl_json_token *token, struct pl_str text)
{
    PL_ASSERT(token->raw.ptr == text.ptr + token->position);
    PL_ASSERT(token->position + token->raw.len <= text.len);
    if (token->kind == PL_JSON_KEY || token->kind == PL_JSON_STRING) {
        check_string(token->raw);
    } else if (token->kind == PL_JSON_NUMBER) {
        check_number(token->raw);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str text = pl_str_make(size == 0 ? "" : (const char *)data, size);
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_error err = {0};
    bool is_valid = pl_json_validate(text, DEPTH, &err) == 0;
    int rc = 0;
    PL_ASSERT(is_valid || err.text[0] != '\0');
    pl_json_reader_init(&reader, text, DEPTH);
    do {
        rc = pl_json_next(&token, &reader, NULL);
        if (rc == 0) {
            check_token(&token, text);
        }
    } while (rc == 0 && token.kind != PL_JSON_END);
    PL_ASSERT((rc == 0) == is_valid);
    check_object(text);
    check_string(text); /* not only what the reader delivers */
    check_number(text);
    return 0;
}
