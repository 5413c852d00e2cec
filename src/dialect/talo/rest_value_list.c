/* Lists of texts, and props. */
#include "dialect/talo/rest_reading.h"

#include "codec/json_raw.h"
#include "codec/json_string.h"

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

static int read_json_strings(struct pl_talo_value *value, const struct pl_talo_reading *at)
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
            return pl_talo_reading_refuse_type(at, "string", pl_talo_json_type(raw));
        }
        int rc = pl_talo_reading_decode(&strings[value->string_count++], raw, at->arena);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int pl_talo_value_read_strings(struct pl_talo_value *value, const struct pl_talo_reading *at)
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
        return pl_talo_reading_refuse_type(at, "array", pl_talo_reading_type(at->input));
    }
    for (size_t i = 0; rc == 0 && i < value->string_count; i++) {
        if (pl_talo_find_bad_text(value->strings[i]) != NULL) {
            return pl_talo_reading_refuse(at, pl_talo_find_bad_text(value->strings[i]));
        }
    }
    value->is_given = rc == 0 && at->errors->count == error_count;
    return rc;
}

/* Where an entry's text stands: "props.3.key". Made only for those that are no good. */
static void write_path(struct pl_buf *path, const char *name, size_t index,
                       const struct pl_talo_reading *at)
{
    pl_buf_init(path, PL_TALO_FIELD_TEXT_BYTES);
    pl_buf_addf(path, "%s.%zu.%s", at->field->name, index, name);
}

static int refuse_prop_type(struct pl_str raw, const char *name, size_t index,
                            const struct pl_talo_reading *at)
{
    struct pl_buf path;
    write_path(&path, name, index, at);
    pl_talo_reading_add_type_error(at->errors, pl_buf_str(&path), "string",
                                   raw.ptr == NULL ? PL_STR("undefined") : pl_talo_json_type(raw));
    pl_buf_fini(&path);
    return 0;
}

/* One text of an entry of props; `raw` has a NULL pointer when it is missing. */
static int read_prop_text(struct pl_str *out, struct pl_str raw, const char *name, size_t index,
                          const struct pl_talo_reading *at)
{
    struct pl_buf path;
    if (raw.ptr == NULL || pl_json_raw_kind(raw) != PL_JSON_STRING) {
        return refuse_prop_type(raw, name, index, at);
    }
    int rc = pl_talo_reading_decode(out, raw, at->arena);
    const char *problem = rc < 0 ? NULL : pl_talo_find_bad_text(*out);
    if (problem != NULL) {
        write_path(&path, name, index, at);
        pl_talo_field_errors_add(at->errors, pl_buf_str(&path), pl_str_of_cstr(problem));
        pl_buf_fini(&path);
    }
    return rc;
}

static int read_prop(struct pl_talo_prop_change *out, struct pl_str raw, size_t index,
                     const struct pl_talo_reading *at)
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

static int read_entries(struct pl_talo_prop_changes *out, const struct pl_talo_reading *at)
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
            pl_buf_init(&path, PL_TALO_FIELD_TEXT_BYTES);
            pl_buf_addf(&path, "%s.%zu", at->field->name, index);
            pl_talo_reading_add_type_error(at->errors, pl_buf_str(&path), "object",
                                           pl_talo_json_type(raw));
            pl_buf_fini(&path);
        }
    }
    return rc;
}

/* Both forms: those who create something have no nulls and take plain props. */
int pl_talo_value_read_props(struct pl_talo_value *value, const struct pl_talo_reading *at)
{
    size_t error_count = at->errors->count;
    if (at->input->kind != PL_TALO_INPUT_JSON ||
        pl_json_raw_kind(at->input->raw) != PL_JSON_ARRAY_BEGIN) {
        return pl_talo_reading_refuse(at, at->field->invalid != NULL ? at->field->invalid
                                                                     : "Props must be an array");
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
