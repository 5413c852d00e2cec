/* The table chains by hash, and no order may rest on that: rows of the same size are ordered by
 * their names. */
#include "hub/stream_top.h"

#include "base/utf8.h"
#include "hub/hub_internal.h"

void pl_stream_top_begin(struct pl_stream_top *top, size_t count_max)
{
    *top = (struct pl_stream_top){.count_max = pl_size_min(count_max, PL_STREAM_TOP_MAX)};
}

/* As much of `text` as fits, up to a character's end. Returns whether that is all of it. */
static bool copy_name(char out[PL_STREAM_TOP_TEXT_MAX], struct pl_str text)
{
    size_t len = pl_size_min(text.len, PL_STREAM_TOP_TEXT_MAX - 1);
    while (len < text.len && len > 0 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80) {
        len--; /* inside a character */
    }
    if (len > 0) {
        memcpy(out, text.ptr, len);
    }
    out[len] = 0;
    if (!pl_utf8_is_valid(pl_str_make(out, len))) {
        for (size_t i = 0; i < len; i++) {
            out[i] = (uint8_t)out[i] >= 0x80 ? '?' : out[i];
        }
    }
    return len == text.len;
}

/* Whether the stream goes in front of the row. Compared are the names as they are shown: rows that
 * look alike may stand in any order. */
static bool is_before(const struct pl_stream_load *a, const struct pl_stream_load *b)
{
    int order = 0;
    if (a->member_count != b->member_count) {
        return a->member_count > b->member_count;
    }
    order = a->kind - b->kind;
    order = order != 0 ? order : strcmp(a->subject, b->subject);
    order = order != 0 ? order : strcmp(a->subcontext, b->subcontext);
    order = order != 0 ? order : strcmp(a->label, b->label);
    return order < 0;
}

static void fill(struct pl_stream_load *row, const struct pl_stream *stream)
{
    struct pl_stream_key key = pl_stream_key(stream);
    row->kind = key.kind;
    row->member_count = stream->member_count;
    row->publish_count = stream->publish_count;
    bool is_whole = copy_name(row->subject, key.subject);
    is_whole = copy_name(row->subcontext, key.subcontext) && is_whole;
    is_whole = copy_name(row->label, key.label) && is_whole;
    row->is_cut = !is_whole;
}

static void look_at(struct pl_stream_top *top, const struct pl_stream *stream)
{
    struct pl_stream_load row;
    size_t at = top->count;
    bool is_full = top->count == top->count_max;
    if (top->count_max == 0 || stream->member_count == 0 ||
        (is_full && stream->member_count < top->rows[at - 1].member_count)) {
        return;
    }
    fill(&row, stream);
    if (is_full && !is_before(&row, &top->rows[at - 1])) {
        return;
    }
    while (at > 0 && is_before(&row, &top->rows[at - 1])) {
        at--;
    }
    top->count += !is_full;
    memmove(&top->rows[at + 1], &top->rows[at], (top->count - 1 - at) * sizeof(row));
    top->rows[at] = row;
}

bool pl_stream_top_step(struct pl_stream_top *top, const struct pl_hub *hub, size_t buckets)
{
    const struct pl_table *table = &hub->streams;
    pl_hub_assert_thread(hub);
    if (top->bucket_count != table->bucket_count) {
        pl_stream_top_begin(top, top->count_max);
        top->bucket_count = table->bucket_count;
    }
    for (; buckets > 0 && top->next_bucket < table->bucket_count; buckets--, top->next_bucket++) {
        struct pl_table_link *link = pl_table_bucket(table, top->next_bucket);
        for (; link != NULL; link = link->next) {
            look_at(top, PL_CONTAINER_OF(link, struct pl_stream, link));
        }
    }
    return top->next_bucket >= table->bucket_count;
}
