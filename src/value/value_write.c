/* Values to JSON. Text from the wire is copied; only placeholders whose number changed are written
 * anew. */
#include "value/value_internal.h"

#include "base/alloc.h"
#include "codec/json_write.h"
#include "codec/sio_placeholder.h"

void pl_bin_list_fini(struct pl_bin_list *bins)
{
    pl_free(bins->blobs);
    *bins = (struct pl_bin_list){.blobs = NULL};
}

/* The number of an attachment: its place in the list, to which it is added when it is new. Each
 * goes there once, however often it is used: a peer cannot make much of little by repeating a
 * placeholder. */
static uint32_t number_of(struct pl_bin_list *bins, struct pl_blob *blob)
{
    for (size_t i = bins->count; i > 0; --i) {
        if (bins->blobs[i - 1] == blob) {
            return (uint32_t)(i - 1);
        }
    }
    if (bins->count == bins->cap) {
        size_t cap = bins->cap == 0 ? 4 : bins->cap * 2;
        struct pl_blob **grown =
            cap > UINT32_MAX ? NULL : pl_try_realloc(bins->blobs, cap * sizeof(*bins->blobs));
        if (grown == NULL) {
            bins->has_failed = true;
            return 0;
        }
        bins->blobs = grown;
        bins->cap = cap;
    }
    bins->blobs[bins->count] = blob;
    return (uint32_t)bins->count++;
}

/* A slice of a document. */
static void write_raw(struct pl_buf *buf, struct pl_bin_list *bins, const struct pl_doc *doc,
                      struct pl_str raw)
{
    struct pl_doc_slots slots = pl_doc_slots_in(doc, raw);
    const char *at = raw.ptr;
    for (size_t i = 0; i < slots.count; ++i) {
        const struct pl_doc_slot *slot = &slots.first[i];
        uint32_t num = number_of(bins, doc->blobs[slot->num]);
        if (num != slot->num) {
            const char *from = doc->text.ptr + slot->from;
            pl_buf_add(buf, at, (size_t)(from - at));
            pl_sio_placeholder_write(buf, num);
            at = from + slot->len;
        }
    }
    pl_buf_add(buf, at, (size_t)(raw.ptr + raw.len - at));
}

static void write_items(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_val *val)
{
    for (size_t i = 0; i < val->as.list.count; ++i) {
        const struct pl_val_item *item = &val->as.list.items[i];
        if (i > 0) {
            pl_buf_add_char(buf, ',');
        }
        if (val->kind == PARLEY_KIND_OBJECT) {
            pl_json_write_string(buf, pl_str_make(item->key, item->key_len));
            pl_buf_add_char(buf, ':');
        }
        if (item->value != NULL) {
            pl_val_write(buf, bins, item->value);
        } else {
            write_raw(buf, bins, val->doc, item->raw);
        }
    }
}

/* A value that was built. */
static void write_built(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_val *val)
{
    switch (val->kind) {
    case PARLEY_KIND_NULL:
        pl_json_write_null(buf);
        break;
    case PARLEY_KIND_BOOL:
        pl_json_write_bool(buf, val->as.boolean);
        break;
    case PARLEY_KIND_INT:
        pl_json_write_i64(buf, val->as.integer);
        break;
    case PARLEY_KIND_DOUBLE:
        pl_json_write_double(buf, val->as.number);
        break;
    case PARLEY_KIND_STRING:
        pl_json_write_string(buf, pl_str_make(val->as.text.ptr, val->as.text.len));
        break;
    case PARLEY_KIND_BYTES:
        pl_sio_placeholder_write(buf, number_of(bins, val->as.blob));
        break;
    case PARLEY_KIND_ARRAY:
        pl_buf_add_char(buf, '[');
        write_items(buf, bins, val);
        pl_buf_add_char(buf, ']');
        break;
    case PARLEY_KIND_OBJECT:
        pl_buf_add_char(buf, '{');
        write_items(buf, bins, val);
        pl_buf_add_char(buf, '}');
        break;
    }
}

/* Recursion is as deep as values are: PARLEY_VAL_DEPTH_MAX. */
void pl_val_write(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_val *val)
{
    if (val == NULL) {
        pl_json_write_null(buf);
    } else if (pl_buf_failed(buf)) {
        return; /* a value that is part of many can be endless to write */
    } else if (val->raw.len > 0) {
        write_raw(buf, bins, val->doc, val->raw);
    } else {
        write_built(buf, bins, val);
    }
}

void pl_args_write(struct pl_buf *buf, struct pl_bin_list *bins, const struct parley_args *args)
{
    if (args == NULL) {
        return;
    }
    if (args->list.raw.len > 0) {
        struct pl_str inside = pl_str_make(args->list.raw.ptr + 1, args->list.raw.len - 2);
        write_raw(buf, bins, args->list.doc, inside);
    } else {
        write_items(buf, bins, &args->list);
    }
}

char *parley_val_to_json(const struct parley_val *val)
{
    struct pl_buf buf;
    struct pl_bin_list bins = {.blobs = NULL};
    bool has_failed = false;
    pl_buf_init(&buf, SIZE_MAX);
    pl_val_write(&buf, &bins, val);
    pl_buf_add_char(&buf, '\0');
    has_failed = pl_buf_failed(&buf) || bins.has_failed;
    pl_bin_list_fini(&bins);
    if (has_failed) {
        pl_buf_fini(&buf);
        return NULL;
    }
    return (char *)buf.ptr; /* the caller owns it from here on */
}
