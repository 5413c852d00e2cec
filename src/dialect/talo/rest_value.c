/* Values of fields, one function per kind. */
#include "dialect/talo/rest_value.h"

#include "base/utf8.h"
#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#define SAFE_INTEGER_MAX ((int64_t)9007199254740991) /* Number.MAX_SAFE_INTEGER */
#define TEXT_MAX 400                                 /* of an error: the longest custom text fits */

/* What is being read, for the functions below. */
struct reading {
    const struct pl_talo_field *field;
    const struct pl_talo_input *input;
    struct pl_arena *arena;
    struct pl_talo_field_errors *errors;
};

/* --- what is wrong --- */

static struct pl_str json_type(struct pl_str raw)
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

static struct pl_str type_of(const struct pl_talo_input *input)
{
    switch (input->kind) {
    case PL_TALO_INPUT_ABSENT:
        return PL_STR("undefined");
    case PL_TALO_INPUT_JSON:
        return json_type(input->raw);
    case PL_TALO_INPUT_TEXTS:
        return input->text_count > 1 ? PL_STR("array") : PL_STR("string");
    }
    return PL_STR("undefined");
}

static void add_type_error(struct pl_talo_field_errors *errors, struct pl_str path,
                           const char *expected, struct pl_str received)
{
    struct pl_buf text;
    pl_buf_init(&text, TEXT_MAX);
    pl_buf_addf(&text, "Invalid input: expected %s, received " PL_STR_FMT, expected,
                PL_STR_ARG(received));
    pl_talo_field_errors_add(errors, path, pl_buf_str(&text));
    pl_buf_fini(&text);
}

/* The field is missing or of a wrong type. */
static int refuse_type(const struct reading *at, const char *expected, struct pl_str received)
{
    struct pl_str path = pl_str_of_cstr(at->field->name);
    if (at->field->invalid != NULL) {
        pl_talo_field_errors_add(at->errors, path, pl_str_of_cstr(at->field->invalid));
    } else {
        add_type_error(at->errors, path, expected, received);
    }
    return 0;
}

static int refuse(const struct reading *at, const char *text)
{
    pl_talo_field_errors_add(at->errors, pl_str_of_cstr(at->field->name), pl_str_of_cstr(text));
    return 0;
}

/* --- text --- */

/* What no stored text may hold; NULL when it is fine. */
static const char *find_bad_text(struct pl_str text)
{
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL) {
        return "Invalid input: U+0000 is not allowed";
    }
    return pl_utf8_is_valid(text) ? NULL : "Invalid input: text is not UTF-8";
}

static int decode_string(struct pl_str *out, struct pl_str raw, struct pl_arena *arena)
{
    return pl_json_string_decode(out, arena, raw, NULL) < 0 ? PL_E_TOO_BIG : 0;
}

/* The input's one text: *is_text tells whether it has one. */
static int find_text(struct pl_str *out, bool *is_text, const struct reading *at)
{
    const struct pl_talo_input *input = at->input;
    *is_text = false;
    if (input->kind == PL_TALO_INPUT_TEXTS && input->text_count == 1) {
        *is_text = true;
        *out = input->texts[0];
    } else if (input->kind == PL_TALO_INPUT_JSON &&
               pl_json_raw_kind(input->raw) == PL_JSON_STRING) {
        *is_text = true;
        return decode_string(out, input->raw, at->arena);
    }
    return 0;
}

static int read_string(struct pl_talo_value *value, const struct reading *at)
{
    bool is_text = false;
    int rc = find_text(&value->text, &is_text, at);
    if (rc < 0) {
        return rc;
    }
    if (!is_text) {
        return refuse_type(at, "string", type_of(at->input));
    }
    if (find_bad_text(value->text) != NULL) {
        return refuse(at, find_bad_text(value->text));
    }
    if (value->text.ptr == NULL) {
        value->text = PL_STR(""); /* a NULL pointer means absent to those who pass it on */
    }
    if (value->text.len == 0 && (at->field->flags & PL_TALO_NON_EMPTY) != 0) {
        return refuse(at, at->field->empty != NULL
                              ? at->field->empty
                              : "Too small: expected string to have >=1 characters");
    }
    value->is_given = true;
    return 0;
}

static int read_uuid(struct pl_talo_value *value, const struct reading *at)
{
    int rc = read_string(value, at);
    if (rc < 0 || !value->is_given) {
        return rc;
    }
    value->is_given = pl_uuid_parse(&value->uuid, value->text);
    return value->is_given ? 0 : refuse(at, "Invalid UUID");
}

/* `Invalid option: expected one of "a"|"b"` */
static int refuse_option(const struct reading *at)
{
    struct pl_buf text;
    if (at->field->invalid != NULL) {
        return refuse(at, at->field->invalid);
    }
    pl_buf_init(&text, TEXT_MAX);
    pl_buf_add_str(&text, PL_STR("Invalid option: expected one of "));
    for (size_t i = 0; at->field->options[i] != NULL; i++) {
        pl_buf_addf(&text, "%s\"%s\"", i == 0 ? "" : "|", at->field->options[i]);
    }
    pl_talo_field_errors_add(at->errors, pl_str_of_cstr(at->field->name), pl_buf_str(&text));
    pl_buf_fini(&text);
    return 0;
}

static int read_enum(struct pl_talo_value *value, const struct reading *at)
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

/* --- numbers --- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What JavaScript's Number() makes of a text, as far as clients write them: blanks around it, a plus
 * sign, leading zeros; nothing at all is 0. */
static bool text_to_double(double *out, struct pl_str text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text = pl_str_from(text, 1);
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    if (text.len == 0) {
        *out = 0;
        return true;
    }
    bool is_negative = text.ptr[0] == '-';
    if (is_negative || text.ptr[0] == '+') {
        text = pl_str_from(text, 1);
    }
    while (text.len > 1 && text.ptr[0] == '0' && text.ptr[1] >= '0' && text.ptr[1] <= '9') {
        text = pl_str_from(text, 1);
    }
    if (text.len == 0 || text.ptr[0] == '-' || !pl_json_number_to_double(out, text)) {
        return false;
    }
    *out = is_negative ? -*out : *out;
    return true;
}

/* Whether the input is a number at all; what it is called otherwise goes to *received. */
static bool find_number(double *out, struct pl_str *received, const struct reading *at)
{
    const struct pl_talo_input *input = at->input;
    *received = type_of(input);
    if (input->kind == PL_TALO_INPUT_JSON && pl_json_raw_kind(input->raw) == PL_JSON_NUMBER) {
        *received = PL_STR("Infinity");
        return pl_json_number_to_double(out, input->raw);
    }
    if (input->kind == PL_TALO_INPUT_TEXTS && input->has_numbers) {
        *received = PL_STR("NaN");
        return input->text_count == 1 && text_to_double(out, input->texts[0]);
    }
    if (input->kind == PL_TALO_INPUT_ABSENT && input->has_numbers) {
        *received = PL_STR("NaN");
    }
    return false;
}

/* The integer that a double is, or -1, which nothing has as its id. */
static int64_t to_integer(double number, bool *is_integer)
{
    *is_integer = number >= -(double)SAFE_INTEGER_MAX && number <= (double)SAFE_INTEGER_MAX &&
                  (double)(int64_t)number == number;
    if (*is_integer) {
        return (int64_t)number;
    }
    return -1;
}

static int read_number(struct pl_talo_value *value, const struct reading *at)
{
    bool is_integer = false;
    struct pl_str received;
    if (!find_number(&value->number, &received, at)) {
        return refuse_type(at, "number", received);
    }
    value->integer = to_integer(value->number, &is_integer);
    value->is_given = true;
    return 0;
}

static int read_int(struct pl_talo_value *value, const struct reading *at)
{
    bool is_integer = false;
    int rc = read_number(value, at);
    if (rc < 0 || !value->is_given) {
        return rc;
    }
    value->integer = to_integer(value->number, &is_integer);
    if (is_integer) {
        return 0;
    }
    value->is_given = false;
    if (value->number > (double)SAFE_INTEGER_MAX) {
        return refuse(at, "Too big: expected int to be <=9007199254740991");
    }
    if (value->number < -(double)SAFE_INTEGER_MAX) {
        return refuse(at, "Too small: expected int to be >=-9007199254740991");
    }
    return refuse_type(at, "int", PL_STR("number"));
}

static int read_page(struct pl_talo_value *value, const struct reading *at)
{
    int rc = read_int(value, at);
    if (rc < 0 || !value->is_given || value->integer >= 0) {
        return rc;
    }
    value->is_given = false;
    return refuse(at, "Too small: expected number to be >=0");
}

static int read_bool(struct pl_talo_value *value, const struct reading *at)
{
    enum pl_json_kind kind =
        at->input->kind == PL_TALO_INPUT_JSON ? pl_json_raw_kind(at->input->raw) : PL_JSON_END;
    if (kind != PL_JSON_TRUE && kind != PL_JSON_FALSE) {
        return refuse_type(at, "boolean", type_of(at->input));
    }
    value->boolean = kind == PL_JSON_TRUE;
    value->is_given = true;
    return 0;
}

/* --- lists --- */

static size_t count_items(struct pl_str raw_array)
{
    struct pl_json_walk walk;
    struct pl_str raw;
    size_t count = 0;
    pl_json_array_walk(&walk, raw_array);
    while (pl_json_array_next(&raw, &walk)) {
        count++;
    }
    return count;
}

static int read_json_strings(struct pl_talo_value *value, const struct reading *at)
{
    size_t count = count_items(at->input->raw);
    struct pl_str *strings = pl_arena_alloc(at->arena, (count + 1) * sizeof(*strings));
    struct pl_json_walk walk;
    struct pl_str raw;
    if (strings == NULL) {
        return PL_E_TOO_BIG;
    }
    value->strings = strings;
    pl_json_array_walk(&walk, at->input->raw);
    while (pl_json_array_next(&raw, &walk) && value->string_count < count) {
        if (pl_json_raw_kind(raw) != PL_JSON_STRING) {
            return refuse_type(at, "string", json_type(raw));
        }
        int rc = decode_string(&strings[value->string_count++], raw, at->arena);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

static int read_strings(struct pl_talo_value *value, const struct reading *at)
{
    size_t error_count = at->errors->count;
    int rc = 0;
    if (at->input->kind == PL_TALO_INPUT_TEXTS) {
        value->strings = at->input->texts;
        value->string_count = at->input->text_count;
    } else if (at->input->kind == PL_TALO_INPUT_JSON &&
               pl_json_raw_kind(at->input->raw) == PL_JSON_ARRAY_BEGIN) {
        rc = read_json_strings(value, at);
    } else {
        return refuse_type(at, "array", type_of(at->input));
    }
    for (size_t i = 0; rc == 0 && i < value->string_count; i++) {
        if (find_bad_text(value->strings[i]) != NULL) {
            return refuse(at, find_bad_text(value->strings[i]));
        }
    }
    value->is_given = rc == 0 && at->errors->count == error_count;
    return rc;
}

/* One text of an entry of props; `raw` has a NULL pointer when it is missing. */
static int read_prop_text(struct pl_str *out, struct pl_str raw, const char *name, size_t index,
                          const struct reading *at)
{
    struct pl_buf path;
    const char *problem = NULL;
    int rc = 0;
    pl_buf_init(&path, TEXT_MAX);
    pl_buf_addf(&path, "%s.%zu.%s", at->field->name, index, name);
    if (raw.ptr == NULL || pl_json_raw_kind(raw) != PL_JSON_STRING) {
        add_type_error(at->errors, pl_buf_str(&path), "string",
                       raw.ptr == NULL ? PL_STR("undefined") : json_type(raw));
    } else {
        rc = decode_string(out, raw, at->arena);
        problem = rc < 0 ? NULL : find_bad_text(*out);
        if (problem != NULL) {
            pl_talo_field_errors_add(at->errors, pl_buf_str(&path), pl_str_of_cstr(problem));
        }
    }
    pl_buf_fini(&path);
    return rc;
}

static int read_prop(struct pl_talo_prop_change *out, struct pl_str raw, size_t index,
                     const struct reading *at)
{
    struct pl_json_walk walk;
    struct pl_str raw_name;
    struct pl_str raw_value;
    struct pl_str key = {NULL, 0};
    struct pl_str value = {NULL, 0};
    pl_json_object_walk(&walk, raw);
    while (pl_json_object_next(&raw_name, &raw_value, &walk)) {
        if (pl_json_string_equals(raw_name, PL_STR("key"))) {
            key = raw_value;
        } else if (pl_json_string_equals(raw_name, PL_STR("value"))) {
            value = raw_value;
        }
    }
    int rc = read_prop_text(&out->key, key, "key", index, at);
    if (rc < 0) {
        return rc;
    }
    out->is_null = at->field->kind == PL_TALO_FIELD_PROP_CHANGES && value.ptr != NULL &&
                   pl_json_raw_kind(value) == PL_JSON_NULL;
    return out->is_null ? 0 : read_prop_text(&out->value, value, "value", index, at);
}

static int read_entries(struct pl_talo_prop_changes *out, const struct reading *at)
{
    struct pl_json_walk walk;
    struct pl_str raw;
    size_t count = count_items(at->input->raw);
    int rc = 0;
    out->items = pl_arena_alloc(at->arena, (count + 1) * sizeof(*out->items));
    if (out->items == NULL) {
        return PL_E_TOO_BIG;
    }
    pl_json_array_walk(&walk, at->input->raw);
    while (rc == 0 && out->count < count && pl_json_array_next(&raw, &walk)) {
        size_t index = out->count++;
        if (pl_json_raw_kind(raw) == PL_JSON_OBJECT_BEGIN) {
            rc = read_prop(&out->items[index], raw, index, at);
        } else {
            struct pl_buf path;
            pl_buf_init(&path, TEXT_MAX);
            pl_buf_addf(&path, "%s.%zu", at->field->name, index);
            add_type_error(at->errors, pl_buf_str(&path), "object", json_type(raw));
            pl_buf_fini(&path);
        }
    }
    return rc;
}

/* Both forms: those who create something have no nulls and take plain props. */
static int read_props(struct pl_talo_value *value, const struct reading *at)
{
    size_t error_count = at->errors->count;
    if (at->input->kind != PL_TALO_INPUT_JSON ||
        pl_json_raw_kind(at->input->raw) != PL_JSON_ARRAY_BEGIN) {
        return refuse(at,
                      at->field->invalid != NULL ? at->field->invalid : "Props must be an array");
    }
    int rc = read_entries(&value->changes, at);
    if (rc < 0) {
        return rc;
    }
    value->is_given = at->errors->count == error_count;
    if (at->field->kind == PL_TALO_FIELD_PROP_CHANGES) {
        return 0;
    }
    value->props.items =
        pl_arena_alloc(at->arena, (value->changes.count + 1) * sizeof(*value->props.items));
    if (value->props.items == NULL) {
        return PL_E_TOO_BIG;
    }
    value->props.count = value->changes.count;
    for (size_t i = 0; i < value->props.count; i++) {
        value->props.items[i] =
            (struct pl_talo_prop){value->changes.items[i].key, value->changes.items[i].value};
    }
    return 0;
}

/* --- any --- */

static int read_kind(struct pl_talo_value *value, const struct reading *at)
{
    switch (at->field->kind) {
    case PL_TALO_FIELD_STRING:
        return read_string(value, at);
    case PL_TALO_FIELD_BOOL:
        return read_bool(value, at);
    case PL_TALO_FIELD_NUMBER:
        return read_number(value, at);
    case PL_TALO_FIELD_INT:
        return read_int(value, at);
    case PL_TALO_FIELD_PAGE:
        return read_page(value, at);
    case PL_TALO_FIELD_UUID:
        return read_uuid(value, at);
    case PL_TALO_FIELD_ENUM:
        return read_enum(value, at);
    case PL_TALO_FIELD_STRINGS:
        return read_strings(value, at);
    case PL_TALO_FIELD_PROPS:
    case PL_TALO_FIELD_PROP_CHANGES:
        return read_props(value, at);
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
    struct reading at = {.field = field, .input = input, .arena = arena, .errors = errors};
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
        return refuse(&at, problem);
    }
    return rc;
}
