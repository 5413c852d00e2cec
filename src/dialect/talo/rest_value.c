/* Values of fields: texts here, and the choice of the function for each kind. */
#include "dialect/talo/rest_value.h"

#include "codec/json_raw.h"
#include "dialect/talo/rest_reading.h"
#include "store/talo/channels.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"

/* --- text --- */

_Static_assert(PL_TALO_IDENTIFIER_MAX == 255 && PL_TALO_STATUS_MAX == 255 &&
                   PL_TALO_CHANNEL_NAME_MAX == 255,
               "as the answer says");

const char *pl_talo_check_name(const struct pl_talo_value *value)
{
    return pl_talo_utf16_length(value->text) <= PL_TALO_IDENTIFIER_MAX
               ? NULL
               : "Too big: expected string to have <=255 characters";
}

/* The input's one text: *is_text tells whether it has one. */
static int find_text(struct pl_str *out, bool *is_text, const struct pl_talo_reading *at)
{
    const struct pl_talo_input *input = at->input;
    *is_text = false;
    if (input->kind == PL_TALO_INPUT_TEXTS && input->text_count == 1) {
        *is_text = true;
        *out = input->texts[0];
    } else if (input->kind == PL_TALO_INPUT_JSON &&
               pl_json_raw_kind(input->raw) == PL_JSON_STRING) {
        *is_text = true;
        return pl_talo_reading_decode(out, input->raw, at->arena);
    }
    return 0;
}

static int read_string(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    bool is_text = false;
    int rc = find_text(&value->text, &is_text, at);
    if (rc < 0) {
        return rc;
    }
    if (!is_text) {
        return pl_talo_reading_refuse_type(at, "string", pl_talo_reading_type(at->input));
    }
    if (pl_talo_find_bad_text(value->text) != NULL) {
        return pl_talo_reading_refuse(at, pl_talo_find_bad_text(value->text));
    }
    if (value->text.ptr == NULL) {
        value->text = PL_STR(""); /* a NULL pointer means absent to those who pass it on */
    }
    if (value->text.len == 0 && (at->field->flags & PL_TALO_NON_EMPTY) != 0) {
        return pl_talo_reading_refuse(
            at, at->field->empty != NULL ? at->field->empty
                                         : "Too small: expected string to have >=1 characters");
    }
    value->is_given = true;
    return 0;
}

static int read_uuid(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    int rc = read_string(value, at);
    if (rc < 0 || !value->is_given) {
        return rc;
    }
    value->is_given = pl_uuid_parse(&value->uuid, value->text);
    return value->is_given ? 0 : pl_talo_reading_refuse(at, "Invalid UUID");
}

/* `Invalid option: expected one of "a"|"b"` */
static int refuse_option(const struct pl_talo_reading *at)
{
    struct pl_buf text;
    if (at->field->invalid != NULL) {
        return pl_talo_reading_refuse(at, at->field->invalid);
    }
    pl_buf_init(&text, PL_TALO_FIELD_TEXT_BYTES);
    pl_buf_add_str(&text, PL_STR("Invalid option: expected one of "));
    for (size_t i = 0; at->field->options[i] != NULL; i++) {
        pl_buf_addf(&text, "%s\"%s\"", i == 0 ? "" : "|", at->field->options[i]);
    }
    pl_talo_field_errors_add(at->errors, pl_str_of_cstr(at->field->name), pl_buf_str(&text));
    pl_buf_fini(&text);
    return 0;
}

static int read_enum(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    bool is_text = false;
    int rc = find_text(&value->text, &is_text, at);
    for (size_t i = 0; rc == 0 && is_text && at->field->options[i] != NULL; i++) {
        if (pl_str_eq(value->text, pl_str_of_cstr(at->field->options[i]))) {
            value->option = i;
            value->is_given = true;
            return 0;
        }
    }
    return rc < 0 ? rc : refuse_option(at);
}

static int read_bool(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    enum pl_json_kind kind =
        at->input->kind == PL_TALO_INPUT_JSON ? pl_json_raw_kind(at->input->raw) : PL_JSON_END;
    if (kind != PL_JSON_TRUE && kind != PL_JSON_FALSE) {
        return pl_talo_reading_refuse_type(at, "boolean", pl_talo_reading_type(at->input));
    }
    value->boolean = kind == PL_JSON_TRUE;
    value->is_given = true;
    return 0;
}

/* --- any --- */

static int read_kind(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    switch (at->field->kind) {
    case PL_TALO_FIELD_STRING:
        return read_string(value, at);
    case PL_TALO_FIELD_BOOL:
        return read_bool(value, at);
    case PL_TALO_FIELD_NUMBER:
        return pl_talo_value_read_number(value, at);
    case PL_TALO_FIELD_INT:
        return pl_talo_value_read_int(value, at);
    case PL_TALO_FIELD_PAGE:
        return pl_talo_value_read_page(value, at);
    case PL_TALO_FIELD_UUID:
        return read_uuid(value, at);
    case PL_TALO_FIELD_ENUM:
        return read_enum(value, at);
    case PL_TALO_FIELD_STRINGS:
        return pl_talo_value_read_strings(value, at);
    case PL_TALO_FIELD_PROPS:
    case PL_TALO_FIELD_PROP_CHANGES:
        return pl_talo_value_read_props(value, at);
    }
    return 0;
}

static bool may_be_absent(const struct pl_talo_field *field)
{
    return (field->flags & PL_TALO_OPTIONAL) != 0 || field->kind == PL_TALO_FIELD_PAGE;
}

int pl_talo_value_read(struct pl_talo_value *value, const struct pl_talo_field *field,
                       const struct pl_talo_input *input, struct pl_arena *arena,
                       struct pl_talo_field_errors *errors)
{
    struct pl_talo_reading at = {.field = field, .input = input, .arena = arena, .errors = errors};
    *value = (struct pl_talo_value){0};
    if (input->kind == PL_TALO_INPUT_ABSENT && may_be_absent(field)) {
        return 0;
    }
    if (input->kind == PL_TALO_INPUT_JSON && (field->flags & PL_TALO_NULLABLE) != 0 &&
        pl_json_raw_kind(input->raw) == PL_JSON_NULL) {
        value->is_null = true;
        return 0;
    }
    int rc = read_kind(value, &at);
    const char *problem =
        rc == 0 && value->is_given && field->check != NULL ? field->check(value) : NULL;
    if (problem != NULL) {
        value->is_given = false;
        return pl_talo_reading_refuse(&at, problem);
    }
    return rc;
}
