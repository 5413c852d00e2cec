/* What is wrong with a value, in the words that JavaScript has for types. */
#include "dialect/talo/rest_reading.h"

#include "base/utf8.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

struct pl_str pl_talo_json_type(struct pl_str raw)
{
    switch (pl_json_raw_kind(raw)) {
    case PL_JSON_OBJECT_BEGIN:
        return PL_STR("object");
    case PL_JSON_ARRAY_BEGIN:
        return PL_STR("array");
    case PL_JSON_STRING:
        return PL_STR("string");
    case PL_JSON_NUMBER:
        return PL_STR("number");
    case PL_JSON_TRUE:
    case PL_JSON_FALSE:
        return PL_STR("boolean");
    case PL_JSON_NULL:
        return PL_STR("null");
    case PL_JSON_END:
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_END:
    case PL_JSON_KEY:
        break;
    }
    return PL_STR("undefined");
}

struct pl_str pl_talo_reading_type(const struct pl_talo_input *input)
{
    switch (input->kind) {
    case PL_TALO_INPUT_ABSENT:
        return PL_STR("undefined");
    case PL_TALO_INPUT_JSON:
        return pl_talo_json_type(input->raw);
    case PL_TALO_INPUT_TEXTS:
        return input->text_count > 1 ? PL_STR("array") : PL_STR("string");
    }
    return PL_STR("undefined");
}

void pl_talo_reading_add_type_error(struct pl_talo_field_errors *errors, struct pl_str path,
                                    const char *expected, struct pl_str received)
{
    struct pl_buf text;
    pl_buf_init(&text, PL_TALO_FIELD_TEXT_BYTES);
    pl_buf_addf(&text, "Invalid input: expected %s, received " PL_STR_FMT, expected,
                PL_STR_ARG(received));
    pl_talo_field_errors_add(errors, path, pl_buf_str(&text));
    pl_buf_fini(&text);
}

int pl_talo_reading_refuse_type(const struct pl_talo_reading *at, const char *expected,
                                struct pl_str received)
{
    struct pl_str path = pl_str_of_cstr(at->field->name);
    if (at->field->invalid != NULL) {
        pl_talo_field_errors_add(at->errors, path, pl_str_of_cstr(at->field->invalid));
    } else {
        pl_talo_reading_add_type_error(at->errors, path, expected, received);
    }
    return 0;
}

int pl_talo_reading_refuse(const struct pl_talo_reading *at, const char *text)
{
    pl_talo_field_errors_add(at->errors, pl_str_of_cstr(at->field->name), pl_str_of_cstr(text));
    return 0;
}

const char *pl_talo_find_bad_text(struct pl_str text)
{
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL) {
        return "Invalid input: U+0000 is not allowed";
    }
    return pl_utf8_is_valid(text) ? NULL : "Invalid input: text is not UTF-8";
}

int pl_talo_reading_decode(struct pl_str *out, struct pl_str raw, struct pl_arena *arena)
{
    return pl_json_string_decode(out, arena, raw, NULL) < 0 ? PL_E_TOO_BIG : 0;
}
