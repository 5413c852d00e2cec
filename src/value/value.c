/* Values: holding them and looking into them. A value from text is a slice of its document until
 * somebody looks: a container is then split into slices, one level at a time, and a string
 * unescaped. */
#include "value/value_internal.h"

#include "base/alloc.h"
#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"

#include <math.h>

#define SMALL_OBJECT_BYTES 256 /* of text: its keys may have a block of that size */

void parley_free(void *ptr)
{
    pl_free(ptr);
}

/* --- Making --- */

struct parley_val *pl_val_create(enum parley_kind kind)
{
    struct parley_val *val = pl_try_alloc(sizeof(*val));
    if (val != NULL) {
        memset(val, 0, sizeof(*val));
        val->refs = 1;
        val->kind = kind;
    }
    return val;
}

/* The kind of a raw number, and its value. */
static void read_number(struct parley_val *val, struct pl_str raw)
{
    val->kind = PARLEY_KIND_INT;
    if (!pl_json_number_to_i64(&val->as.integer, raw)) {
        val->kind = PARLEY_KIND_DOUBLE;
        if (!pl_json_number_to_double(&val->as.number, raw)) {
            val->as.number = INFINITY;
        }
    }
}

/* Kind and scalar of a slice that is no attachment. */
static void read_raw(struct parley_val *val, struct pl_str raw)
{
    switch (pl_json_raw_kind(raw)) {
    case PL_JSON_OBJECT_BEGIN:
        val->kind = PARLEY_KIND_OBJECT;
        val->height = val->doc->height;
        break;
    case PL_JSON_ARRAY_BEGIN:
        val->kind = PARLEY_KIND_ARRAY;
        val->height = val->doc->height;
        break;
    case PL_JSON_STRING:
        val->kind = PARLEY_KIND_STRING;
        break;
    case PL_JSON_NUMBER:
        read_number(val, raw);
        break;
    case PL_JSON_TRUE:
    case PL_JSON_FALSE:
        val->kind = PARLEY_KIND_BOOL;
        val->as.boolean = raw.ptr[0] == 't';
        break;
    case PL_JSON_NULL:
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_END:
    case PL_JSON_KEY:
    case PL_JSON_END:
        val->kind = PARLEY_KIND_NULL;
        break;
    }
}

struct parley_val *pl_val_of_doc(struct pl_doc *doc, struct pl_str raw)
{
    struct parley_val *val = pl_val_create(PARLEY_KIND_NULL);
    struct pl_blob *blob = NULL;
    if (val == NULL) {
        return NULL;
    }
    val->doc = pl_doc_ref(doc);
    val->raw = raw;
    val->bin_count = pl_doc_slots_in(doc, raw).count;
    blob = val->bin_count == 1 ? pl_doc_blob_at(doc, raw) : NULL;
    if (blob != NULL) {
        val->kind = PARLEY_KIND_BYTES;
        val->as.blob = pl_blob_ref(blob);
    } else {
        read_raw(val, raw);
    }
    return val;
}

struct parley_val *pl_val_of_whole_doc(struct pl_doc *doc)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    struct pl_str raw; /* without white space around it */
    pl_json_reader_init(&reader, doc->text, PL_JSON_DEPTH_MAX);
    if (pl_json_next(&token, &reader, NULL) < 0 || pl_json_skip(&raw, &reader, &token, NULL) < 0) {
        return NULL;
    }
    return pl_val_of_doc(doc, raw);
}

struct parley_val *pl_val_of_wire(struct pl_str raw, uint32_t height)
{
    return pl_val_of_wire_with(raw, height, NULL, 0);
}

struct parley_val *pl_val_of_wire_with(struct pl_str raw, uint32_t height,
                                       struct pl_blob *const *blobs, size_t blob_count)
{
    struct pl_doc *doc = pl_doc_create(raw, PL_DOC_AS_IS, height, blobs, blob_count);
    struct parley_val *val = doc == NULL ? NULL : pl_val_of_whole_doc(doc);
    pl_doc_unref(doc);
    return val;
}

/* --- Holding --- */

const struct parley_val *parley_val_ref(const struct parley_val *val)
{
    if (val != NULL) {
        ++pl_val_inside(val)->refs;
    }
    return val;
}

static void free_items(struct parley_val *val)
{
    for (size_t i = 0; i < val->as.list.count; ++i) {
        struct pl_val_item *item = &val->as.list.items[i];
        parley_val_unref(item->value);
        if (item->owns_key) {
            pl_free(item->key);
        }
    }
    pl_free(val->as.list.items);
    pl_free(val->as.list.keys);
}

/* Recursion is as deep as values are: PARLEY_VAL_DEPTH_MAX. */
void parley_val_unref(const struct parley_val *given)
{
    struct parley_val *val = pl_val_inside(given);
    if (val == NULL || --val->refs > 0) {
        return;
    }
    switch (val->kind) {
    case PARLEY_KIND_STRING:
        pl_free(val->as.text.ptr);
        break;
    case PARLEY_KIND_BYTES:
        pl_blob_unref(&val->as.blob);
        break;
    case PARLEY_KIND_ARRAY:
    case PARLEY_KIND_OBJECT:
        free_items(val);
        break;
    case PARLEY_KIND_NULL:
    case PARLEY_KIND_BOOL:
    case PARLEY_KIND_INT:
    case PARLEY_KIND_DOUBLE:
        break;
    }
    pl_doc_unref(val->doc);
    pl_free(val);
}

/* --- Opening --- */

int pl_val_reserve_item(struct parley_val *val)
{
    size_t cap = val->as.list.cap == 0 ? 4 : val->as.list.cap * 2;
    struct pl_val_item *grown = NULL;
    size_t size = 0;
    if (val->as.list.count < val->as.list.cap) {
        return 0;
    }
    grown =
        pl_size_mul(&size, cap, sizeof(*grown)) ? pl_try_realloc(val->as.list.items, size) : NULL;
    if (grown == NULL) {
        return PL_E_NOMEM;
    }
    val->as.list.items = grown;
    val->as.list.cap = cap;
    return 0;
}

static int push_raw(struct parley_val *val, struct pl_str raw)
{
    int rc = pl_val_reserve_item(val);
    if (rc == 0) {
        val->as.list.items[val->as.list.count++] = (struct pl_val_item){.raw = raw};
    }
    return rc;
}

static int open_array(struct parley_val *val)
{
    struct pl_json_walk walk;
    struct pl_str raw;
    pl_json_array_walk(&walk, val->raw);
    while (pl_json_array_next(&raw, &walk)) {
        if (push_raw(val, raw) < 0) {
            return PL_E_NOMEM;
        }
    }
    return 0;
}

/* The key of item `i`, unescaped and with a NUL; returns what is behind it. */
static char *put_key(struct parley_val *val, size_t i, char *at, struct pl_str raw_key)
{
    ptrdiff_t len = pl_json_string_copy(at, raw_key);
    PL_ASSERT(len >= 0); /* the document is valid JSON */
    at[len] = '\0';
    val->as.list.items[i].key = at;
    val->as.list.items[i].key_len = (size_t)len;
    return at + len + 1;
}

/* With a block that holds the keys however long the values are: one walk. */
static int open_small_object(struct parley_val *val)
{
    struct pl_json_walk walk;
    struct pl_str raw_key;
    struct pl_str raw;
    char *at = pl_try_alloc(val->raw.len);
    if (at == NULL) {
        return PL_E_NOMEM;
    }
    val->as.list.keys = at;
    pl_json_object_walk(&walk, val->raw);
    while (pl_json_object_next(&raw_key, &raw, &walk)) {
        if (push_raw(val, raw) < 0) {
            return PL_E_NOMEM;
        }
        at = put_key(val, val->as.list.count - 1, at, raw_key);
    }
    return 0;
}

/* All keys lie in one block: unescaped and with a NUL they are no longer than with their quotes. */
static int open_object(struct parley_val *val)
{
    struct pl_json_walk walk;
    struct pl_str raw_key;
    struct pl_str raw;
    size_t key_bytes = 0;
    char *at = NULL;
    pl_json_object_walk(&walk, val->raw);
    while (pl_json_object_next(&raw_key, &raw, &walk)) {
        key_bytes += raw_key.len;
        if (push_raw(val, raw) < 0) {
            return PL_E_NOMEM;
        }
    }
    at = pl_try_alloc(key_bytes);
    if (at == NULL) {
        return PL_E_NOMEM;
    }
    val->as.list.keys = at;
    pl_json_object_walk(&walk, val->raw);
    for (size_t i = 0; pl_json_object_next(&raw_key, &raw, &walk); ++i) {
        at = put_key(val, i, at, raw_key);
    }
    return 0;
}

static int split_container(struct parley_val *val)
{
    if (val->kind == PARLEY_KIND_ARRAY) {
        return open_array(val);
    }
    return val->raw.len <= SMALL_OBJECT_BYTES ? open_small_object(val) : open_object(val);
}

int pl_val_open(struct parley_val *val)
{
    int rc = 0;
    if (val->is_opened || val->doc == NULL) {
        return 0;
    }
    rc = split_container(val);
    if (rc < 0) {
        free_items(val);
        memset(&val->as, 0, sizeof(val->as));
        return rc;
    }
    val->is_opened = true;
    return 0;
}

struct parley_val *pl_val_item_value(struct parley_val *val, size_t i)
{
    struct pl_val_item *item = &val->as.list.items[i];
    if (item->value == NULL) {
        item->value = pl_val_of_doc(val->doc, item->raw);
        if (item->value != NULL) {
            item->value->is_frozen = true;
        }
    }
    return item->value;
}

/* --- Looking --- */

enum parley_kind parley_val_kind(const struct parley_val *val)
{
    return val == NULL ? PARLEY_KIND_NULL : val->kind;
}

bool parley_val_bool(const struct parley_val *val, bool fallback)
{
    return parley_val_kind(val) == PARLEY_KIND_BOOL ? val->as.boolean : fallback;
}

int64_t parley_val_int(const struct parley_val *val, int64_t fallback)
{
    double number = 0;
    if (parley_val_kind(val) == PARLEY_KIND_INT) {
        return val->as.integer;
    }
    if (parley_val_kind(val) != PARLEY_KIND_DOUBLE) {
        return fallback;
    }
    number = val->as.number;
    /* both bounds are powers of two, thus exact as doubles; NaN fails the comparison */
    if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0)) {
        return fallback;
    }
    return (double)(int64_t)number == number ? (int64_t)number : fallback;
}

double parley_val_double(const struct parley_val *val, double fallback)
{
    if (parley_val_kind(val) == PARLEY_KIND_INT) {
        return (double)val->as.integer;
    }
    if (parley_val_kind(val) != PARLEY_KIND_DOUBLE || (val->doc != NULL && isinf(val->as.number))) {
        return fallback;
    }
    return val->as.number;
}

static int open_string(struct parley_val *val)
{
    ptrdiff_t len = 0;
    char *text = NULL;
    if (val->is_opened || val->doc == NULL) {
        return 0;
    }
    text = pl_try_alloc(val->raw.len);
    if (text == NULL) {
        return PL_E_NOMEM;
    }
    len = pl_json_string_copy(text, val->raw);
    PL_ASSERT(len >= 0); /* the document is valid JSON */
    text[len] = '\0';
    val->as.text.ptr = text;
    val->as.text.len = (size_t)len;
    val->is_opened = true;
    return 0;
}

const char *parley_val_str(const struct parley_val *val, size_t *len)
{
    if (len != NULL) {
        *len = 0;
    }
    if (parley_val_kind(val) != PARLEY_KIND_STRING || open_string(pl_val_inside(val)) < 0) {
        return NULL;
    }
    if (len != NULL) {
        *len = val->as.text.len;
    }
    return val->as.text.ptr;
}

const void *parley_val_bytes(const struct parley_val *val, size_t *len)
{
    bool is_bytes = parley_val_kind(val) == PARLEY_KIND_BYTES;
    if (len != NULL) {
        *len = is_bytes ? val->as.blob->len : 0;
    }
    return is_bytes ? val->as.blob->data : NULL;
}

/* Whether it is a container, whose items are then known. */
static bool open_container(const struct parley_val *val)
{
    enum parley_kind kind = parley_val_kind(val);
    return (kind == PARLEY_KIND_ARRAY || kind == PARLEY_KIND_OBJECT) &&
           pl_val_open(pl_val_inside(val)) == 0;
}

size_t parley_val_count(const struct parley_val *val)
{
    return open_container(val) ? val->as.list.count : 0;
}

const struct parley_val *parley_val_at(const struct parley_val *val, size_t i)
{
    return i < parley_val_count(val) ? pl_val_item_value(pl_val_inside(val), i) : NULL;
}

const char *parley_val_key_at(const struct parley_val *val, size_t i, size_t *len)
{
    bool is_member = parley_val_kind(val) == PARLEY_KIND_OBJECT && i < parley_val_count(val);
    if (len != NULL) {
        *len = is_member ? val->as.list.items[i].key_len : 0;
    }
    return is_member ? val->as.list.items[i].key : NULL;
}

const struct parley_val *parley_val_get(const struct parley_val *val, const char *key_cstr)
{
    struct pl_str key;
    if (key_cstr == NULL || parley_val_kind(val) != PARLEY_KIND_OBJECT || !open_container(val)) {
        return NULL;
    }
    key = pl_str_of_cstr(key_cstr);
    for (size_t i = val->as.list.count; i > 0; --i) {
        const struct pl_val_item *item = &val->as.list.items[i - 1];
        if (pl_str_eq(pl_str_make(item->key, item->key_len), key)) {
            return pl_val_item_value(pl_val_inside(val), i - 1);
        }
    }
    return NULL;
}

/* --- Bytes inside --- */

/* How many bytes values an item holds, without looking into it. */
static size_t count_item_bins(const struct parley_val *val, const struct pl_val_item *item)
{
    return item->value != NULL ? item->value->bin_count
                               : pl_doc_slots_in(val->doc, item->raw).count;
}

const struct pl_blob *pl_val_bin(const struct parley_val *val, size_t i)
{
    if (i >= val->bin_count) {
        return NULL;
    }
    if (val->kind == PARLEY_KIND_BYTES) {
        return val->as.blob;
    }
    if (val->raw.len > 0) {
        return val->doc->blobs[pl_doc_slots_in(val->doc, val->raw).first[i].num];
    }
    for (size_t at = 0; at < val->as.list.count; ++at) {
        const struct pl_val_item *item = &val->as.list.items[at];
        size_t count = count_item_bins(val, item);
        if (i < count) {
            return item->value != NULL
                       ? pl_val_bin(item->value, i)
                       : val->doc->blobs[pl_doc_slots_in(val->doc, item->raw).first[i].num];
        }
        i -= count;
    }
    return NULL;
}
