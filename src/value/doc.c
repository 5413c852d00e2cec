/* Documents. Placeholders are found in one pass when the document is made: each becomes a slot, and
 * swallows the slots inside it. */
#include "value/doc.h"

#include "base/alloc.h"
#include "codec/json_read.h"
#include "codec/sio_placeholder.h"

/* The slots of a document that is being made. */
struct slots {
    struct pl_doc *doc;
    size_t cap;
};

int pl_doc_check(uint32_t *height, struct pl_str text, size_t depth_limit, struct pl_error *err)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    uint32_t highest = 0;
    pl_json_reader_init(&reader, text, depth_limit);
    do {
        int rc = pl_json_next(&token, &reader, err);
        if (rc < 0) {
            return rc;
        }
        highest = reader.depth > highest ? reader.depth : highest;
    } while (token.kind != PL_JSON_END);
    *height = highest;
    return 0;
}

static bool push_slot(struct slots *slots, struct pl_doc_slot slot)
{
    struct pl_doc *doc = slots->doc;
    while (doc->slot_count > 0 && doc->slots[doc->slot_count - 1].from > slot.from) {
        --doc->slot_count; /* inside this one, which stands for all of it */
    }
    if (doc->slot_count == slots->cap) {
        size_t cap = slots->cap == 0 ? 4 : slots->cap * 2;
        struct pl_doc_slot *grown = NULL;
        size_t size = 0;
        if (!pl_size_mul(&size, cap, sizeof(*grown))) {
            return false;
        }
        grown = pl_try_realloc(doc->slots, size);
        if (grown == NULL) {
            return false;
        }
        doc->slots = grown;
        slots->cap = cap;
    }
    doc->slots[doc->slot_count++] = slot;
    return true;
}

static int on_placeholder(void *user, const struct pl_sio_placeholder *found)
{
    struct slots *slots = user;
    if (!found->has_num || found->num >= slots->doc->blob_count) {
        return 0;
    }
    return push_slot(slots, (struct pl_doc_slot){.from = found->from,
                                                 .len = found->len,
                                                 .num = (uint32_t)found->num})
               ? 0
               : PL_E_NOMEM;
}

static bool find_slots(struct pl_doc *doc)
{
    struct slots slots = {.doc = doc};
    return pl_sio_placeholders_find(doc->text, PL_JSON_DEPTH_MAX, on_placeholder, &slots, NULL) !=
           PL_E_NOMEM;
}

/* Room for the document, its references to attachments, and its text. */
static struct pl_doc *allocate(size_t blob_count, size_t text_len)
{
    size_t blob_bytes = 0;
    size_t size = 0;
    if (!pl_size_mul(&blob_bytes, blob_count, sizeof(struct pl_blob *)) ||
        !pl_size_add(&size, blob_bytes, sizeof(struct pl_doc) + 3) ||
        !pl_size_add(&size, size, text_len)) {
        return NULL;
    }
    return pl_try_alloc(size);
}

struct pl_doc *pl_doc_create(struct pl_str text, enum pl_doc_form form, uint32_t height,
                             struct pl_blob *const *blobs, size_t blob_count)
{
    size_t wrap_len = form == PL_DOC_IN_BRACKETS ? 1 : 0;
    struct pl_doc *doc = allocate(blob_count, text.len);
    char *copy = NULL;
    PL_ASSERT(blob_count <= UINT32_MAX);
    if (doc == NULL) {
        return NULL;
    }
    *doc = (struct pl_doc){.refs = 1, .height = height, .blob_count = blob_count};
    doc->blobs = (struct pl_blob **)(void *)(doc + 1);
    for (size_t i = 0; i < blob_count; ++i) {
        doc->blobs[i] = pl_blob_ref(blobs[i]);
    }
    copy = (char *)(void *)(doc->blobs + blob_count);
    memset(copy, '[', wrap_len);
    if (text.len > 0) {
        memcpy(copy + wrap_len, text.ptr, text.len);
    }
    memset(copy + wrap_len + text.len, ']', wrap_len);
    copy[text.len + 2 * wrap_len] = '\0';
    doc->text = pl_str_make(copy, text.len + 2 * wrap_len);
    if (blob_count > 0 && !find_slots(doc)) {
        pl_doc_unref(doc);
        return NULL;
    }
    return doc;
}

struct pl_doc *pl_doc_ref(struct pl_doc *doc)
{
    ++doc->refs;
    return doc;
}

void pl_doc_unref(struct pl_doc *doc)
{
    if (doc == NULL || --doc->refs > 0) {
        return;
    }
    for (size_t i = 0; i < doc->blob_count; ++i) {
        pl_blob_unref(&doc->blobs[i]);
    }
    pl_free(doc->slots);
    pl_free(doc);
}

/* The number of slots that begin before `offset`. */
static size_t count_slots_before(const struct pl_doc *doc, size_t offset)
{
    size_t low = 0;
    size_t high = doc->slot_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (doc->slots[middle].from < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct pl_doc_slots pl_doc_slots_in(const struct pl_doc *doc, struct pl_str raw)
{
    size_t from = (size_t)(raw.ptr - doc->text.ptr);
    size_t first = 0;
    size_t behind = 0;
    if (doc->slot_count == 0) {
        return (struct pl_doc_slots){NULL, 0};
    }
    first = count_slots_before(doc, from);
    behind = count_slots_before(doc, from + raw.len);
    return (struct pl_doc_slots){doc->slots + first, behind - first};
}

struct pl_blob *pl_doc_blob_at(const struct pl_doc *doc, struct pl_str raw)
{
    struct pl_doc_slots slots = pl_doc_slots_in(doc, raw);
    if (slots.count != 1 || slots.first->len != raw.len) {
        return NULL;
    }
    return doc->blobs[slots.first->num];
}
