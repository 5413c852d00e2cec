/* Validation. A field's input is JSON text, or one or several texts of a query or form; what is
 * wrong with it is told in the words that JavaScript has for types. Two files: this one finds each
 * row's input, rest_value.c reads it. */
#include "dialect/talo/rest_fields.h"

#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "dialect/talo/rest_value.h"

#define TEXTS_MAX 1024 /* of one repeated name */

void pl_talo_field_errors_init(struct pl_talo_field_errors *errors)
{
    *errors = (struct pl_talo_field_errors){0};
    pl_buf_init(&errors->text, PL_TALO_FIELD_ERRORS_BYTES);
    pl_json_writer_init(&errors->out, &errors->text);
}

void pl_talo_field_errors_fini(struct pl_talo_field_errors *errors)
{
    pl_buf_fini(&errors->text);
}

void pl_talo_field_errors_add(struct pl_talo_field_errors *errors, struct pl_str path,
                              struct pl_str text)
{
    if (errors->count++ == 0) {
        pl_json_object_begin(&errors->out);
        pl_json_key(&errors->out, PL_STR("errors"));
        pl_json_object_begin(&errors->out);
    }
    if (errors->count <= PL_TALO_FIELD_ERRORS_MAX) {
        pl_json_key(&errors->out, path);
        pl_json_array_begin(&errors->out);
        pl_json_put_string(&errors->out, text);
        pl_json_array_end(&errors->out);
    }
}

struct pl_str pl_talo_field_errors_end(struct pl_talo_field_errors *errors)
{
    pl_json_object_end(&errors->out);
    pl_json_object_end(&errors->out);
    return pl_buf_str(&errors->text);
}

static size_t count_fields(const struct pl_talo_field *fields)
{
    size_t count = 0;
    while (fields[count].name != NULL) {
        count++;
    }
    PL_ASSERT(count <= PL_TALO_FIELDS_MAX);
    return count;
}

static int read_all(struct pl_talo_value *values, const struct pl_talo_field *fields, size_t count,
                    const struct pl_talo_input *inputs, struct pl_arena *arena,
                    struct pl_talo_field_errors *errors)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = pl_talo_value_read(&values[i], &fields[i], &inputs[i], arena, errors);
    }
    return rc;
}

int pl_talo_fields_read_json(struct pl_talo_value *values, const struct pl_talo_field *fields,
                             struct pl_str object, struct pl_arena *arena,
                             struct pl_talo_field_errors *errors)
{
    struct pl_talo_input inputs[PL_TALO_FIELDS_MAX] = {0};
    size_t count = count_fields(fields);
    struct pl_json_walk walk;
    struct pl_str key;
    struct pl_str raw;
    pl_json_object_walk(&walk, object);
    while (pl_json_object_next(&key, &raw, &walk)) {
        for (size_t i = 0; i < count; i++) {
            if (pl_json_string_equals(key, pl_str_of_cstr(fields[i].name))) {
                inputs[i] = (struct pl_talo_input){.kind = PL_TALO_INPUT_JSON, .raw = raw};
            }
        }
    }
    return read_all(values, fields, count, inputs, arena, errors);
}

/* One more text of a name; the array doubles, so that many are cheap. */
static int add_text(struct pl_talo_input *input, struct pl_str text, struct pl_arena *arena)
{
    size_t count = input->text_count;
    if (count >= TEXTS_MAX) {
        return PL_E_TOO_BIG;
    }
    if ((count & (count - 1)) == 0) { /* full: the count is 0 or a power of two */
        struct pl_str *more = pl_arena_alloc(arena, (count == 0 ? 1 : count * 2) * sizeof(*more));
        if (more == NULL) {
            return PL_E_TOO_BIG;
        }
        if (count > 0) {
            memcpy(more, input->texts, count * sizeof(*more));
        }
        input->texts = more;
    }
    input->texts[input->text_count++] = text;
    return 0;
}

static int read_pairs(struct pl_talo_value *values, const struct pl_talo_field *fields,
                      struct pl_str pairs, bool has_numbers, struct pl_arena *arena,
                      struct pl_talo_field_errors *errors)
{
    struct pl_talo_input inputs[PL_TALO_FIELDS_MAX] = {0};
    size_t count = count_fields(fields);
    struct pl_http_query_pair pair;
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        inputs[i].has_numbers = has_numbers;
    }
    while (rc == 0 && pl_http_query_next(&pair, &pairs)) {
        for (size_t i = 0; i < count && rc == 0; i++) {
            struct pl_str text;
            if (!pl_http_form_eq(pair.name, pl_str_of_cstr(fields[i].name))) {
                continue;
            }
            inputs[i].kind = PL_TALO_INPUT_TEXTS;
            rc = pl_http_form_decode(&text, pair.value, arena, NULL);
            rc = rc < 0 ? rc : add_text(&inputs[i], text, arena);
        }
    }
    return rc < 0 ? rc : read_all(values, fields, count, inputs, arena, errors);
}

int pl_talo_fields_read_query(struct pl_talo_value *values, const struct pl_talo_field *fields,
                              struct pl_str query, struct pl_arena *arena,
                              struct pl_talo_field_errors *errors)
{
    return read_pairs(values, fields, query, true, arena, errors);
}

int pl_talo_fields_read_form(struct pl_talo_value *values, const struct pl_talo_field *fields,
                             struct pl_str form, struct pl_arena *arena,
                             struct pl_talo_field_errors *errors)
{
    return read_pairs(values, fields, form, false, arena, errors);
}

int pl_talo_fields_read_path(struct pl_talo_value *value, const struct pl_talo_field *field,
                             struct pl_str text, struct pl_arena *arena,
                             struct pl_talo_field_errors *errors)
{
    static const struct pl_talo_field any = {.name = "id", .kind = PL_TALO_FIELD_STRING};
    struct pl_talo_input input = {
        .kind = PL_TALO_INPUT_TEXTS,
        .texts = &text,
        .text_count = 1,
        .has_numbers = true,
    };
    return pl_talo_value_read(value, field == NULL ? &any : field, &input, arena, errors);
}
