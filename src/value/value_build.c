/* Building values. Children are frozen when they become part of something, so what a parent knows
 * about them (height, number of bytes values) stays true, and a value can never contain itself. */
#include "value/value_internal.h"

#include "base/alloc.h"
#include "base/utf8.h"

struct parley_val *parley_val_new_null(void)
{
    return pl_val_create(PARLEY_KIND_NULL);
}

struct parley_val *parley_val_new_bool(bool value)
{
    struct parley_val *val = pl_val_create(PARLEY_KIND_BOOL);
    if (val != NULL) {
        val->as.boolean = value;
    }
    return val;
}

struct parley_val *parley_val_new_int(int64_t value)
{
    struct parley_val *val = pl_val_create(PARLEY_KIND_INT);
    if (val != NULL) {
        val->as.integer = value;
    }
    return val;
}

struct parley_val *parley_val_new_double(double value)
{
    struct parley_val *val = pl_val_create(PARLEY_KIND_DOUBLE);
    if (val != NULL) {
        val->as.number = value;
    }
    return val;
}

/* A copy with a NUL behind it, or NULL. */
static char *try_copy(struct pl_str str)
{
    size_t size = 0;
    char *copy = pl_size_add(&size, str.len, 1) ? pl_try_alloc(size) : NULL;
    if (copy == NULL) {
        return NULL;
    }
    if (str.len > 0) {
        memcpy(copy, str.ptr, str.len);
    }
    copy[str.len] = '\0';
    return copy;
}

struct parley_val *parley_val_new_string(const char *str, size_t len)
{
    struct parley_val *val = NULL;
    if ((str == NULL && len > 0) || !pl_utf8_is_valid(pl_str_make(str, len))) {
        return NULL;
    }
    val = pl_val_create(PARLEY_KIND_STRING);
    if (val == NULL) {
        return NULL;
    }
    val->as.text.ptr = try_copy(pl_str_make(str, len));
    val->as.text.len = len;
    if (val->as.text.ptr == NULL) {
        parley_val_unref(val);
        return NULL;
    }
    return val;
}

struct parley_val *parley_val_new_bytes(const void *bytes, size_t len)
{
    struct parley_val *val = NULL;
    if (bytes == NULL && len > 0) {
        return NULL;
    }
    val = pl_val_create(PARLEY_KIND_BYTES);
    if (val == NULL) {
        return NULL;
    }
    val->bin_count = 1;
    val->as.blob = pl_blob_copy(pl_str_make(bytes, len));
    if (val->as.blob == NULL) {
        parley_val_unref(val);
        return NULL;
    }
    return val;
}

static struct parley_val *new_container(enum parley_kind kind)
{
    struct parley_val *val = pl_val_create(kind);
    if (val != NULL) {
        val->height = 1;
    }
    return val;
}

struct parley_val *parley_val_new_array(void)
{
    return new_container(PARLEY_KIND_ARRAY);
}

struct parley_val *parley_val_new_object(void)
{
    return new_container(PARLEY_KIND_OBJECT);
}

struct parley_val *parley_val_parse(const char *json, size_t len)
{
    struct pl_doc *doc = NULL;
    struct parley_val *val = NULL;
    uint32_t height = 0;
    if (json == NULL ||
        pl_doc_check(&height, pl_str_make(json, len), PARLEY_VAL_PARSE_DEPTH_MAX, NULL) < 0) {
        return NULL;
    }
    doc = pl_doc_create(pl_str_make(json, len), PL_DOC_AS_IS, height, NULL, 0);
    val = doc == NULL ? NULL : pl_val_of_whole_doc(doc);
    pl_doc_unref(doc);
    return val;
}

/* Whether `item` may become part of `val`, whose items are then known and writable. */
static int check_addition(struct parley_val *val, enum parley_kind kind,
                          const struct parley_val *item)
{
    if (val == NULL || item == NULL) {
        return PL_E_NOMEM; /* what a constructor without memory returned */
    }
    if (val->kind != kind || val == item) {
        return PL_E_INVALID;
    }
    if (val->refs != 1 || val->is_frozen) {
        return PL_E_STATE;
    }
    if (item->height >= PARLEY_VAL_DEPTH_MAX) {
        return PL_E_TOO_BIG;
    }
    return pl_val_open(val);
}

/* Make room for one more item, and see that the count of bytes values stays countable (a value may
 * be part of many, so counts can double at every level). */
static int prepare(struct parley_val *val, const struct parley_val *item)
{
    size_t bin_count = 0;
    if (!pl_size_add(&bin_count, val->bin_count, item->bin_count)) {
        return PL_E_TOO_BIG;
    }
    return pl_val_reserve_item(val);
}

/* `item` is part of `val` from here on; `val` differs from the text that it may have come from. */
static void adopt(struct parley_val *val, struct parley_val *item)
{
    item->is_frozen = true;
    val->raw = pl_str_make(NULL, 0);
    val->bin_count += item->bin_count;
    val->height = item->height + 1 > val->height ? item->height + 1 : val->height;
}

int parley_val_array_add(struct parley_val *array, const struct parley_val *given)
{
    struct parley_val *item = pl_val_inside(given);
    int rc = check_addition(array, PARLEY_KIND_ARRAY, item);
    if (rc == 0) {
        rc = prepare(array, item);
    }
    if (rc < 0) {
        if (item != array) { /* an array in itself: the caller needs it to clean up */
            parley_val_unref(item);
        }
        return rc;
    }
    array->as.list.items[array->as.list.count++] = (struct pl_val_item){.value = item};
    adopt(array, item);
    return 0;
}

/* The item of `key`, the last one if there are several; or NULL. */
static struct pl_val_item *find_item(struct parley_val *object, struct pl_str key)
{
    for (size_t i = object->as.list.count; i > 0; --i) {
        struct pl_val_item *item = &object->as.list.items[i - 1];
        if (pl_str_eq(pl_str_make(item->key, item->key_len), key)) {
            return item;
        }
    }
    return NULL;
}

static void replace_item(struct parley_val *object, struct pl_val_item *item,
                         struct parley_val *value)
{
    object->bin_count -= item->value != NULL ? item->value->bin_count
                                             : pl_doc_slots_in(object->doc, item->raw).count;
    parley_val_unref(item->value);
    item->value = value;
    adopt(object, value);
}

static int set_member(struct parley_val *object, struct pl_str key, struct parley_val *value)
{
    struct pl_val_item *item = NULL;
    char *copy = NULL;
    int rc = prepare(object, value);
    if (rc < 0) {
        return rc;
    }
    item = find_item(object, key);
    if (item != NULL) {
        replace_item(object, item, value);
        return 0;
    }
    copy = try_copy(key);
    if (copy == NULL) {
        return PL_E_NOMEM;
    }
    object->as.list.items[object->as.list.count++] =
        (struct pl_val_item){.value = value, .key = copy, .key_len = key.len, .owns_key = true};
    adopt(object, value);
    return 0;
}

int parley_val_object_set(struct parley_val *object, const char *key_cstr,
                          const struct parley_val *given)
{
    struct parley_val *value = pl_val_inside(given);
    struct pl_str key = pl_str_of_cstr(key_cstr == NULL ? "" : key_cstr);
    int rc = check_addition(object, PARLEY_KIND_OBJECT, value);
    if (rc == 0 && (key_cstr == NULL || !pl_utf8_is_valid(key))) {
        rc = PL_E_INVALID;
    }
    if (rc == 0) {
        rc = set_member(object, key, value);
    }
    if (rc < 0 && value != object) {
        parley_val_unref(value);
    }
    return rc;
}
