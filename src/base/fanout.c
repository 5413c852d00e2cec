/* Fan-out: each stream has an array of its sinks and each sink an array of its streams; each entry
 * knows its twin, so that both ends are removed in constant time by moving the last entry into the
 * gap. */
#include "base/fanout.h"

#include "base/alloc.h"

#define POOL_SPARE_MAX 16384 /* chunks: about 2 MiB */

struct stream_entry {
    struct pl_sink *sink;
    uint32_t at; /* place in sink->subs */
};

struct pl_fanout_stream {
    struct stream_entry *entries;
    uint32_t count;
    uint32_t cap;
};

void pl_fanout_init(struct pl_fanout *fanout)
{
    *fanout = (struct pl_fanout){0};
    pl_outq_pool_init(&fanout->pool, POOL_SPARE_MAX);
    pl_list_init(&fanout->dirty);
}

void pl_fanout_fini(struct pl_fanout *fanout)
{
    for (uint32_t i = 0; i < fanout->stream_cap; i++) {
        PL_ASSERT(fanout->streams[i].count == 0);
        pl_free(fanout->streams[i].entries);
    }
    pl_free(fanout->streams);
    pl_free(fanout->sinks);
    pl_sink_ids_fini(&fanout->ids);
    pl_outq_pool_fini(&fanout->pool);
    *fanout = (struct pl_fanout){0};
}

static void put_in_place(struct pl_fanout *fanout, struct pl_sink *sink)
{
    uint32_t place = pl_sink_id_place(sink->id);
    if (place >= fanout->sink_cap) {
        uint32_t cap = fanout->sink_cap == 0 ? 64 : fanout->sink_cap;
        while (cap <= place) {
            cap *= 2;
        }
        fanout->sinks = pl_realloc(fanout->sinks, cap * sizeof(struct pl_sink *));
        memset(fanout->sinks + fanout->sink_cap, 0,
               (cap - fanout->sink_cap) * sizeof(struct pl_sink *));
        fanout->sink_cap = cap;
    }
    fanout->sinks[place] = sink;
}

void pl_fanout_attach_as(struct pl_fanout *fanout, struct pl_sink *sink, struct pl_sink_id id)
{
    PL_ASSERT(sink->id.generation == 0 && sink->encoding < PL_ENCODING_MAX);
    PL_ASSERT(pl_sink_id_thread(id) == fanout->ids.thread);
    sink->id = id;
    put_in_place(fanout, sink);
    pl_list_init(&sink->dirty);
}

void pl_fanout_attach(struct pl_fanout *fanout, struct pl_sink *sink)
{
    pl_fanout_attach_as(fanout, sink, pl_sink_ids_take(&fanout->ids));
}

struct pl_sink *pl_fanout_find(const struct pl_fanout *fanout, struct pl_sink_id id)
{
    uint32_t place = pl_sink_id_place(id);
    struct pl_sink *sink = NULL;
    if (pl_sink_id_thread(id) != fanout->ids.thread || place >= fanout->sink_cap) {
        return NULL;
    }
    sink = fanout->sinks[place];
    return sink != NULL && sink->id.generation == id.generation ? sink : NULL;
}

static struct pl_fanout_stream *stream_at(struct pl_fanout *fanout, uint32_t stream)
{
    if (stream >= fanout->stream_cap) {
        uint32_t cap = fanout->stream_cap == 0 ? 64 : fanout->stream_cap;
        while (cap <= stream) {
            cap *= 2;
        }
        fanout->streams = pl_realloc(fanout->streams, cap * sizeof(struct pl_fanout_stream));
        memset(fanout->streams + fanout->stream_cap, 0,
               (cap - fanout->stream_cap) * sizeof(struct pl_fanout_stream));
        fanout->stream_cap = cap;
    }
    return &fanout->streams[stream];
}

/* Room for one more element in an array that grows by half: idle connections have few
 * subscriptions. */
static void *grown(void *array, uint32_t count, uint32_t *cap, size_t element_size)
{
    if (count < *cap) {
        return array;
    }
    *cap = *cap == 0 ? 1 : *cap + *cap / 2 + 1;
    return pl_realloc(array, *cap * element_size);
}

void pl_fanout_subscribe(struct pl_fanout *fanout, struct pl_sink *sink, uint32_t stream)
{
    struct pl_fanout_stream *target = stream_at(fanout, stream);
    target->entries =
        grown(target->entries, target->count, &target->cap, sizeof(struct stream_entry));
    sink->subs = grown(sink->subs, sink->sub_count, &sink->sub_cap, sizeof(struct pl_sink_sub));
    target->entries[target->count] = (struct stream_entry){sink, sink->sub_count};
    sink->subs[sink->sub_count++] = (struct pl_sink_sub){stream, target->count++};
}

static void remove_stream_entry(struct pl_fanout_stream *stream, uint32_t at)
{
    struct stream_entry last = stream->entries[--stream->count];
    if (at < stream->count) {
        stream->entries[at] = last;
        last.sink->subs[last.at].at = at;
    }
    if (stream->count == 0) {
        pl_free(stream->entries);
        *stream = (struct pl_fanout_stream){0};
    }
}

static void remove_sub(struct pl_fanout *fanout, struct pl_sink *sink, uint32_t index)
{
    struct pl_sink_sub removed = sink->subs[index];
    struct pl_sink_sub last;
    remove_stream_entry(&fanout->streams[removed.stream], removed.at);
    last = sink->subs[--sink->sub_count]; /* read now: its place may have just changed */
    if (index < sink->sub_count) {
        sink->subs[index] = last;
        fanout->streams[last.stream].entries[last.at].at = index;
    }
}

void pl_fanout_unsubscribe(struct pl_fanout *fanout, struct pl_sink *sink, uint32_t stream)
{
    /* from the newest: who ends many ends them in that order, which makes each step constant */
    for (uint32_t i = sink->sub_count; i > 0; i--) {
        if (sink->subs[i - 1].stream == stream) {
            remove_sub(fanout, sink, i - 1);
            return;
        }
    }
}

void pl_fanout_detach(struct pl_fanout *fanout, struct pl_sink *sink)
{
    if (sink->id.generation == 0) {
        return;
    }
    while (sink->sub_count > 0) {
        remove_sub(fanout, sink, sink->sub_count - 1);
    }
    pl_free(sink->subs);
    sink->subs = NULL;
    sink->sub_cap = 0;
    pl_list_remove(&sink->dirty);
    pl_outq_clear(&sink->outq, &fanout->pool);
    fanout->sinks[pl_sink_id_place(sink->id)] = NULL;
    if (fanout->ids.thread == 0) { /* else its name is the hub's to give back */
        pl_sink_ids_give(&fanout->ids, sink->id);
    }
    sink->id = (struct pl_sink_id){0};
}

/* Flush, unless the system takes no more; what is over its bound even then is closed. */
static void relieve(struct pl_fanout *fanout, struct pl_sink *sink)
{
    if (!sink->is_blocked) {
        sink->ops->flush(sink);
    }
    if (sink->outq.bytes > sink->limit_bytes && !sink->is_closed) {
        sink->is_closed = true;
        PL_COUNTER_ADD(&fanout->overflow_count, 1);
        sink->ops->overflow(sink);
    }
}

static inline bool takes(const struct pl_sink *sink, unsigned flags)
{
    if (sink->is_closed) {
        return false;
    }
    return (flags & PL_SEND_VOLATILE) == 0 || (sink->is_ready && sink->outq.count == 0);
}

static inline void push(struct pl_fanout *fanout, struct pl_sink *sink, struct pl_frame *frame)
{
    pl_outq_push(&sink->outq, &fanout->pool, frame);
    if (!pl_list_is_linked(&sink->dirty)) {
        pl_list_push_back(&fanout->dirty, &sink->dirty);
    }
    if (sink->outq.bytes > sink->limit_bytes / 2) {
        relieve(fanout, sink);
    }
}

/* What a closed sink does not take was not dropped for being volatile. */
static void count_drop(struct pl_fanout *fanout, const struct pl_sink *sink)
{
    if (!sink->is_closed) {
        PL_COUNTER_ADD(&fanout->dropped_volatile_count, 1);
    }
}

bool pl_fanout_send(struct pl_fanout *fanout, struct pl_sink *sink, struct pl_frame *frame,
                    unsigned flags)
{
    if (!takes(sink, flags)) {
        count_drop(fanout, sink);
        pl_frame_unref_many(frame, 1);
        return false;
    }
    PL_COUNTER_ADD(&fanout->delivered_count, 1);
    push(fanout, sink, frame);
    return true;
}

/* How many references each frame may need at most: one per subscriber of the included streams. */
static uint32_t count_audience(struct pl_fanout *fanout, const struct pl_fanout_publish *publish)
{
    uint32_t count = 0;
    for (size_t i = 0; i < publish->include_count; i++) {
        count += (uint32_t)pl_fanout_subscriber_count(fanout, publish->include[i]);
    }
    return count;
}

static void mark_excluded(struct pl_fanout *fanout, const struct pl_fanout_publish *publish,
                          uint64_t number)
{
    struct pl_sink *except = pl_fanout_find(fanout, publish->except);
    if (except != NULL) {
        except->mark = number;
    }
    for (size_t i = 0; i < publish->exclude_count; i++) {
        if (publish->exclude[i] >= fanout->stream_cap) {
            continue;
        }
        struct pl_fanout_stream *stream = &fanout->streams[publish->exclude[i]];
        for (uint32_t j = 0; j < stream->count; j++) {
            stream->entries[j].sink->mark = number;
        }
    }
}

static void deliver_to_stream(struct pl_fanout *fanout, const struct pl_fanout_publish *publish,
                              uint32_t number_of_stream, uint64_t number, uint32_t *used)
{
    const struct pl_fanout_stream *stream = &fanout->streams[number_of_stream];
    for (uint32_t i = 0; i < stream->count; i++) {
        struct pl_sink *sink = stream->entries[i].sink;
        struct pl_frame *frame = publish->frames[sink->encoding];
        if (i + 4 < stream->count) {
            __builtin_prefetch(stream->entries[i + 4].sink, 1);
        }
        if (sink->mark == number || frame == NULL) {
            continue;
        }
        sink->mark = number;
        if (!takes(sink, publish->flags)) {
            count_drop(fanout, sink);
            continue;
        }
        used[sink->encoding]++;
        push(fanout, sink, frame);
    }
}

static void count_publish(struct pl_fanout *fanout, const struct pl_fanout_counters *counters,
                          uint32_t recipients, uint32_t frame_bytes)
{
    if (fanout->metrics != NULL && counters->recipients != counters->bytes) {
        pl_metrics_add(fanout->metrics, counters->recipients, recipients);
        pl_metrics_add(fanout->metrics, counters->bytes, (int64_t)recipients * frame_bytes);
    }
}

size_t pl_fanout_publish(struct pl_fanout *fanout, const struct pl_fanout_publish *publish)
{
    uint32_t used[PL_ENCODING_MAX] = {0};
    uint32_t audience = count_audience(fanout, publish);
    uint64_t number = ++fanout->publish_count;
    size_t total = 0;
    if (audience == 0) {
        return 0;
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        if (publish->frames[i] !=
            NULL) { /* before the loop: an early flush gives references back */
            pl_frame_ref(publish->frames[i], audience);
        }
    }
    mark_excluded(fanout, publish, number);
    for (size_t i = 0; i < publish->include_count; i++) {
        if (publish->include[i] < fanout->stream_cap) {
            deliver_to_stream(fanout, publish, publish->include[i], number, used);
        }
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        total += used[i];
        if (used[i] > 0) {
            count_publish(fanout, &publish->counters, used[i], publish->frames[i]->len);
        }
        if (publish->frames[i] != NULL && used[i] < audience) {
            pl_frame_unref_many(publish->frames[i], audience - used[i]);
        }
    }
    PL_COUNTER_ADD(&fanout->delivered_count, total);
    return total;
}

void pl_fanout_flush(struct pl_fanout *fanout)
{
    struct pl_list batch; /* what becomes dirty while flushing waits for the next turn */
    struct pl_list *node = NULL;
    pl_list_init(&batch);
    pl_list_splice_back(&batch, &fanout->dirty);
    while ((node = pl_list_pop_front(&batch)) != NULL) {
        struct pl_sink *sink = PL_CONTAINER_OF(node, struct pl_sink, dirty);
        relieve(fanout, sink);
    }
}

size_t pl_fanout_subscriber_count(const struct pl_fanout *fanout, uint32_t stream)
{
    return stream < fanout->stream_cap ? fanout->streams[stream].count : 0;
}
