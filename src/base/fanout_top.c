/* The rows are few, so a new one is put in its place by moving those behind it. */
#include "base/fanout_top.h"

void pl_sink_top_begin(struct pl_sink_top *top, size_t count_max)
{
    *top = (struct pl_sink_top){.count_max = pl_size_min(count_max, PL_SINK_TOP_MAX)};
}

/* Equal ones stay in the order in which they were met. */
static void put(struct pl_sink_top *top, const struct pl_sink_load *load)
{
    size_t at = top->count;
    if (top->count_max == 0 ||
        (top->count == top->count_max && load->bytes <= top->rows[top->count - 1].bytes)) {
        return;
    }
    while (at > 0 && top->rows[at - 1].bytes < load->bytes) {
        at--;
    }
    top->count += top->count < top->count_max;
    memmove(&top->rows[at + 1], &top->rows[at], (top->count - 1 - at) * sizeof(top->rows[0]));
    top->rows[at] = *load;
}

static void look_at(struct pl_sink_top *top, const struct pl_sink *sink)
{
    top->sink_count++;
    if (sink->outq.bytes == 0) {
        return;
    }
    top->queued_count++;
    top->bytes += sink->outq.bytes;
    put(top, &(struct pl_sink_load){.id = sink->id,
                                    .bytes = sink->outq.bytes,
                                    .frames = sink->outq.count,
                                    .is_blocked = sink->is_blocked});
}

bool pl_sink_top_step(struct pl_sink_top *top, const struct pl_fanout *fanout, uint32_t slots)
{
    for (; slots > 0 && top->next_slot < fanout->sink_cap; slots--, top->next_slot++) {
        if (fanout->sinks[top->next_slot] != NULL) {
            look_at(top, fanout->sinks[top->next_slot]);
        }
    }
    return top->next_slot >= fanout->sink_cap;
}

static void describe(struct pl_sink_load *row, struct pl_sink *sink)
{
    row->info = (struct pl_sink_info){.transport = "", .stalled_ms = -1};
    if (sink->ops->describe != NULL) {
        sink->ops->describe(sink, &row->info);
    }
}

void pl_sink_top_finish(struct pl_sink_top *top, const struct pl_fanout *fanout)
{
    size_t kept = 0;
    for (size_t i = 0; i < top->count; i++) {
        struct pl_sink *sink = pl_fanout_find(fanout, top->rows[i].id);
        if (sink != NULL) {
            top->rows[kept] = top->rows[i];
            describe(&top->rows[kept++], sink);
        }
    }
    top->count = kept;
}

void pl_sink_top_merge(struct pl_sink_top *top, const struct pl_sink_top *other)
{
    for (size_t i = 0; i < other->count; i++) {
        put(top, &other->rows[i]);
    }
    top->sink_count += other->sink_count;
    top->queued_count += other->queued_count;
    top->bytes += other->bytes;
}
