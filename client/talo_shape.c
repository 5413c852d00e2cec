/* One walk over an object: each member that the table names goes to its place. */
#include "client/talo_shape.h"

#include "codec/iso_date.h"
#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

static void *at(void *out, size_t offset)
{
    return (char *)out + offset;
}

/* --- defaults --- */

static void clear_field(void *out, const struct pl_talo_field *field)
{
    void *place = at(out, field->offset);
    switch (field->kind) {
    case PL_TALO_TEXT:
        memcpy(place, &(const char *){""}, sizeof(const char *));
        break;
    case PL_TALO_INT:
    case PL_TALO_DATE:
        memcpy(place, &(int64_t){0}, sizeof(int64_t));
        break;
    case PL_TALO_COUNTED:
        memcpy(place, &(int64_t){-1}, sizeof(int64_t));
        break;
    case PL_TALO_BOOL:
        memcpy(place, &(bool){false}, sizeof(bool));
        break;
    case PL_TALO_INLINE:
        pl_talo_shape_clear(place, field->shape);
        break;
    case PL_TALO_LIST:
    case PL_TALO_TEXTS:
        memcpy(at(out, field->count_offset), &(size_t){0}, sizeof(size_t));
        memcpy(place, &(const void *){NULL}, sizeof(const void *));
        break;
    case PL_TALO_POINTER:
        memcpy(place, &(const void *){NULL}, sizeof(const void *));
        break;
    }
}

void pl_talo_shape_clear(void *out, const struct pl_talo_shape *shape)
{
    for (size_t i = 0; i < shape->field_count; i++) {
        clear_field(out, &shape->fields[i]);
    }
}

/* --- scalars --- */

/* 1: it is there; 0: it is of another type; PL_E_NOMEM. */
static int read_text(const char **out, struct pl_arena *arena, struct pl_str raw)
{
    char *text = NULL;
    ptrdiff_t len = 0;
    if (pl_json_raw_kind(raw) != PL_JSON_STRING) {
        return 0;
    }
    text = pl_arena_alloc(arena, raw.len); /* its quotes are room for the NUL */
    if (text == NULL) {
        return PL_E_NOMEM;
    }
    len = pl_json_string_copy(text, raw);
    if (len < 0) {
        return 0;
    }
    text[len] = '\0';
    *out = text;
    return 1;
}

/* Accepts 5, 5.0 and 5e0. */
static int read_int(int64_t *out, struct pl_str raw)
{
    double number = 0;
    if (pl_json_number_to_i64(out, raw)) {
        return 1;
    }
    if (!pl_json_number_to_double(&number, raw) || number < -9007199254740992.0 ||
        number > 9007199254740992.0 || number != (double)(int64_t)number) {
        return 0;
    }
    *out = (int64_t)number;
    return 1;
}

static int read_date(int64_t *out, struct pl_str raw)
{
    return pl_json_raw_kind(raw) == PL_JSON_STRING && raw.len >= 2 &&
           pl_iso_date_parse(out, pl_str_make(raw.ptr + 1, raw.len - 2));
}

static int read_bool(bool *out, struct pl_str raw)
{
    enum pl_json_kind kind = pl_json_raw_kind(raw);
    *out = kind == PL_JSON_TRUE;
    return kind == PL_JSON_TRUE || kind == PL_JSON_FALSE;
}

/* --- what holds others --- */

static int read_pointer(void *place, struct pl_arena *arena, const struct pl_talo_shape *shape,
                        struct pl_str raw)
{
    void *inside = NULL;
    int rc = 0;
    if (pl_json_raw_kind(raw) != PL_JSON_OBJECT_BEGIN) {
        return 0;
    }
    inside = pl_arena_alloc(arena, shape->size);
    if (inside == NULL) {
        return PL_E_NOMEM;
    }
    rc = pl_talo_shape_read(inside, arena, shape, raw);
    if (rc == 0) {
        memcpy(place, &inside, sizeof(inside));
    }
    return rc == 0 ? 1 : rc == PL_E_PROTO ? 0 : rc;
}

static size_t count_items(struct pl_str raw)
{
    struct pl_json_walk walk;
    size_t count = 0;
    pl_json_array_walk(&walk, raw);
    while (pl_json_array_next(&raw, &walk)) {
        count++;
    }
    return count;
}

/* Room for all of an array's items, each of `size` bytes. NULL without memory. */
static void *alloc_items(struct pl_arena *arena, struct pl_str raw, size_t size)
{
    size_t bytes = 0;
    return pl_size_mul(&bytes, count_items(raw) + 1, size) ? pl_arena_alloc(arena, bytes) : NULL;
}

static int read_list(void *out, struct pl_arena *arena, const struct pl_talo_field *field,
                     struct pl_str raw)
{
    struct pl_json_walk walk;
    struct pl_str item;
    char *items = NULL;
    size_t count = 0;
    if (pl_json_raw_kind(raw) != PL_JSON_ARRAY_BEGIN) {
        return 0;
    }
    items = alloc_items(arena, raw, field->shape->size);
    if (items == NULL) {
        return PL_E_NOMEM;
    }
    pl_json_array_walk(&walk, raw);
    while (pl_json_array_next(&item, &walk)) {
        int rc = pl_talo_shape_read(items + count * field->shape->size, arena, field->shape, item);
        if (rc < 0 && rc != PL_E_PROTO) {
            return rc;
        }
        count += rc == 0 ? 1 : 0;
    }
    memcpy(at(out, field->offset), &items, sizeof(items));
    memcpy(at(out, field->count_offset), &count, sizeof(count));
    return 1;
}

static int read_texts(void *out, struct pl_arena *arena, const struct pl_talo_field *field,
                      struct pl_str raw)
{
    struct pl_json_walk walk;
    struct pl_str item;
    const char **items = NULL;
    size_t count = 0;
    if (pl_json_raw_kind(raw) != PL_JSON_ARRAY_BEGIN) {
        return 0;
    }
    items = alloc_items(arena, raw, sizeof(*items));
    if (items == NULL) {
        return PL_E_NOMEM;
    }
    pl_json_array_walk(&walk, raw);
    while (pl_json_array_next(&item, &walk)) {
        int rc = read_text(&items[count], arena, item);
        if (rc < 0) {
            return rc;
        }
        count += (size_t)rc;
    }
    memcpy(at(out, field->offset), &items, sizeof(items));
    memcpy(at(out, field->count_offset), &count, sizeof(count));
    return 1;
}

/* 1: it is there; 0: it is not what the table says; PL_E_NOMEM. */
static int read_field(void *out, struct pl_arena *arena, const struct pl_talo_field *field,
                      struct pl_str raw)
{
    void *place = at(out, field->offset);
    int rc = 0;
    clear_field(out, field); /* a key that comes twice: the last one counts */
    switch (field->kind) {
    case PL_TALO_TEXT:
        return read_text(place, arena, raw);
    case PL_TALO_INT:
    case PL_TALO_COUNTED:
        return read_int(place, raw);
    case PL_TALO_BOOL:
        return read_bool(place, raw);
    case PL_TALO_DATE:
        return read_date(place, raw);
    case PL_TALO_INLINE:
        rc = pl_talo_shape_read(place, arena, field->shape, raw);
        return rc == 0 ? 1 : rc == PL_E_PROTO ? 0 : rc;
    case PL_TALO_POINTER:
        return read_pointer(place, arena, field->shape, raw);
    case PL_TALO_LIST:
        return read_list(out, arena, field, raw);
    case PL_TALO_TEXTS:
        return read_texts(out, arena, field, raw);
    }
    return 0;
}

/* Tables have at most 64 rows: a bit for each that was found. */
static size_t find_field(const struct pl_talo_shape *shape, struct pl_str raw_key)
{
    size_t i = 0;
    while (i < shape->field_count && !pl_json_string_equals(raw_key, shape->fields[i].key)) {
        i++;
    }
    return i;
}

int pl_talo_shape_read(void *out, struct pl_arena *arena, const struct pl_talo_shape *shape,
                       struct pl_str raw)
{
    struct pl_json_walk walk;
    struct pl_str key;
    struct pl_str value;
    uint64_t found = 0;
    pl_talo_shape_clear(out, shape);
    if (pl_json_raw_kind(raw) != PL_JSON_OBJECT_BEGIN) {
        return PL_E_PROTO;
    }
    pl_json_object_walk(&walk, raw);
    while (pl_json_object_next(&key, &value, &walk)) {
        size_t i = find_field(shape, key);
        if (i < shape->field_count) {
            int rc = read_field(out, arena, &shape->fields[i], value);
            if (rc < 0) {
                return rc;
            }
            found = rc > 0 ? found | UINT64_C(1) << i : found & ~(UINT64_C(1) << i);
        }
    }
    for (size_t i = 0; i < shape->field_count; i++) {
        if (shape->fields[i].is_needed && (found >> i & 1) == 0) {
            return PL_E_PROTO;
        }
    }
    return 0;
}
