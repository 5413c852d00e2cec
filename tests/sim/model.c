/* The reference model: arrays, searched from the front. */
#include "model.h"

#include "base/alloc.h"

#include <string.h>

static void *grown(void *array, size_t count, size_t *cap, size_t element_size)
{
    if (count < *cap) {
        return array;
    }
    *cap = *cap * 2 + 4;
    return pl_realloc(array, *cap * element_size);
}

static void list_add(struct model_list *list, uint32_t item)
{
    list->items = grown(list->items, list->count, &list->cap, sizeof(*list->items));
    list->items[list->count++] = item;
}

static void list_remove(struct model_list *list, uint32_t item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] == item) {
            memmove(list->items + i, list->items + i + 1,
                    (list->count - i - 1) * sizeof(*list->items));
            list->count--;
            return;
        }
    }
}

static void queue_add(struct model_queue *queue, struct model_item item)
{
    if (queue->first > 0 && queue->first + queue->count == queue->cap) {
        memmove(queue->items, queue->items + queue->first, queue->count * sizeof(*queue->items));
        queue->first = 0;
    }
    queue->items =
        grown(queue->items, queue->first + queue->count, &queue->cap, sizeof(*queue->items));
    queue->items[queue->first + queue->count++] = item;
    queue->bytes += item.len;
}

static struct model_item queue_take(struct model_queue *queue)
{
    struct model_item item = queue->items[queue->first++];
    queue->count--;
    queue->bytes -= item.len;
    return item;
}

static void queue_clear(struct model_queue *queue)
{
    queue->first = 0;
    queue->count = 0;
    queue->bytes = 0;
}

const struct model_item *model_queue_at(const struct model_queue *queue, size_t index)
{
    return &queue->items[queue->first + index];
}

void model_init(struct model *model, uint32_t session_max, uint32_t stream_max)
{
    *model = (struct model){.session_max = session_max, .stream_max = stream_max};
    model->sessions = pl_alloc_array(session_max, sizeof(*model->sessions));
    model->streams = pl_alloc_array(stream_max, sizeof(*model->streams));
    model->seen = pl_alloc_array(session_max, 1);
}

void model_fini(struct model *model)
{
    for (uint32_t i = 0; i < model->session_max; i++) {
        pl_free(model->sessions[i].streams.items);
        pl_free(model->sessions[i].pending.items);
        pl_free(model->sessions[i].inbound.items);
    }
    for (uint32_t i = 0; i < model->stream_max; i++) {
        pl_free(model->streams[i].members);
    }
    pl_free(model->sessions);
    pl_free(model->streams);
    pl_free(model->events);
    pl_free(model->seen);
}

void model_open(struct model *model, uint32_t session, uint8_t encoding)
{
    struct model_session *opened = &model->sessions[session];
    opened->is_open = true;
    opened->has_sink = true;
    opened->can_take = true;
    opened->is_ready = true;
    opened->is_paused = false;
    opened->encoding = encoding;
    opened->handler_depth = 0;
    opened->suspend_count = 0;
}

struct model_member *model_find(const struct model *model, uint32_t session, uint32_t stream)
{
    for (size_t i = 0; i < model->streams[stream].count; i++) {
        if (model->streams[stream].members[i].session == session) {
            return &model->streams[stream].members[i];
        }
    }
    return NULL;
}

static void remove_member(struct model *model, uint32_t session, uint32_t stream)
{
    struct model_stream *from = &model->streams[stream];
    struct model_member *member = model_find(model, session, stream);
    size_t at = (size_t)(member - from->members);
    memmove(member, member + 1, (from->count - at - 1) * sizeof(*member));
    from->count--;
    list_remove(&model->sessions[session].streams, stream);
}

static void expect_event(struct model *model, struct model_event event)
{
    model->events = grown(model->events, model->event_count, &model->event_cap, sizeof(event));
    model->events[model->event_count++] = event;
}

bool model_on_event(struct model *model, struct model_event event)
{
    struct model_event expected;
    if (model->event_count == 0) {
        return false;
    }
    expected = model->events[--model->event_count];
    if (expected.stream != event.stream || expected.session != event.session ||
        expected.left != event.left) {
        return false;
    }
    if (event.left) {
        remove_member(model, event.session, event.stream);
    }
    return true;
}

bool model_leave(struct model *model, uint32_t session, uint32_t stream)
{
    struct model_member *member = model_find(model, session, stream);
    if (member == NULL) {
        return false;
    }
    if ((member->flags & MODEL_PRESENCE) != 0 && model->streams[stream].has_listener) {
        expect_event(model, (struct model_event){stream, session, true});
    } else {
        remove_member(model, session, stream);
    }
    return true;
}

void model_close(struct model *model, uint32_t session)
{
    struct model_session *closed = &model->sessions[session];
    closed->is_open = false;
    closed->has_sink = false;
    closed->can_take = false;
    closed->is_paused = false;
    queue_clear(&closed->pending);
    queue_clear(&closed->inbound);
    for (size_t i = closed->streams.count; i > 0; i--) { /* the first event is expected last */
        model_leave(model, session, closed->streams.items[i - 1]);
    }
}

void model_attach(struct model *model, uint32_t session, bool has_sink, uint8_t encoding)
{
    model->sessions[session].has_sink = has_sink;
    model->sessions[session].can_take = has_sink;
    model->sessions[session].is_ready = has_sink;
    model->sessions[session].encoding = encoding;
}

void model_drop_pending(struct model *model, uint32_t session)
{
    queue_clear(&model->sessions[session].pending);
}

void model_keep_pending(struct model *model, uint32_t session, size_t count)
{
    struct model_queue *pending = &model->sessions[session].pending;
    while (pending->count > count) {
        pending->count--;
        pending->bytes -= model_queue_at(pending, pending->count)->len;
    }
}

/* The flags that a membership has after a join. A presence that is there stays as visible as it
 * was. */
static unsigned joined_flags(unsigned before, unsigned asked)
{
    unsigned after = before | (asked & MODEL_SUBSCRIBER);
    if ((asked & (MODEL_PRESENCE | MODEL_HIDDEN)) != 0 && (before & MODEL_PRESENCE) == 0) {
        after |= MODEL_PRESENCE | (asked & MODEL_HIDDEN);
    }
    return after;
}

int model_join(struct model *model, uint32_t session, uint32_t stream, unsigned flags,
               uint32_t meta)
{
    struct model_stream *target = &model->streams[stream];
    struct model_member *member = model_find(model, session, stream);
    struct model_member before = {.session = session};
    if (member != NULL) {
        before = *member;
    } else {
        if (model->sessions[session].streams.count >= model->streams_per_session_max) {
            return -1;
        }
        target->members = grown(target->members, target->count, &target->cap, sizeof(*member));
        member = &target->members[target->count++];
        *member = before;
        list_add(&model->sessions[session].streams, stream);
    }
    member->flags = joined_flags(before.flags, flags);
    member->meta = meta != 0 ? meta : before.meta;
    if ((member->flags & ~before.flags & MODEL_PRESENCE) != 0 && target->has_listener) {
        expect_event(model, (struct model_event){stream, session, false});
    }
    return member->flags != before.flags || meta != 0;
}

size_t model_audience(struct model *model, const struct model_publish *publish, uint32_t *out)
{
    size_t count = 0;
    memset(model->seen, 0, model->session_max);
    if (publish->except != MODEL_NOBODY) {
        model->seen[publish->except] = 1;
    }
    for (size_t i = 0; i < publish->exclude_count; i++) {
        const struct model_stream *stream = &model->streams[publish->exclude[i]];
        for (size_t j = 0; j < stream->count; j++) {
            if ((stream->members[j].flags & MODEL_SUBSCRIBER) != 0) {
                model->seen[stream->members[j].session] = 1;
            }
        }
    }
    for (size_t i = 0; i < publish->include_count; i++) {
        const struct model_stream *stream = &model->streams[publish->include[i]];
        for (size_t j = 0; j < stream->count; j++) {
            uint32_t session = stream->members[j].session;
            if ((stream->members[j].flags & MODEL_SUBSCRIBER) != 0 && !model->seen[session] &&
                model->sessions[session].has_sink) {
                model->seen[session] = 1;
                out[count++] = session;
            }
        }
    }
    return count;
}

unsigned model_encodings(const struct model *model, const uint32_t *audience, size_t count)
{
    unsigned bits = 0;
    for (size_t i = 0; i < count; i++) {
        bits |= 1U << model->sessions[audience[i]].encoding;
    }
    return bits;
}

void model_send(struct model *model, uint32_t session, struct model_item item, bool is_volatile)
{
    struct model_session *to = &model->sessions[session];
    if (to->can_take && (!is_volatile || (to->is_ready && to->pending.count == 0))) {
        queue_add(&to->pending, item);
    }
}

bool model_delivered(struct model *model, uint32_t session, uint32_t number)
{
    struct model_queue *pending = &model->sessions[session].pending;
    return pending->count > 0 && queue_take(pending).number == number;
}

bool model_must_wait(const struct model *model, uint32_t session)
{
    const struct model_session *at = &model->sessions[session];
    return at->suspend_count > 0 || at->handler_depth > 0 || at->inbound.count > 0;
}

void model_receive(struct model *model, uint32_t session, struct model_item item)
{
    struct model_session *at = &model->sessions[session];
    bool waits = model_must_wait(model, session);
    queue_add(&at->inbound, item);
    if (waits && (at->inbound.count >= model->inbound_messages_max ||
                  at->inbound.bytes >= model->inbound_bytes_max)) {
        at->is_paused = true;
    }
}

bool model_handle_begin(struct model *model, uint32_t session, struct model_item item)
{
    struct model_session *at = &model->sessions[session];
    struct model_item expected;
    if (!at->is_open || at->inbound.count == 0 || at->suspend_count > 0 || at->handler_depth > 0) {
        return false;
    }
    expected = queue_take(&at->inbound);
    at->handler_depth++;
    return expected.number == item.number && expected.len == item.len;
}

void model_handle_end(struct model *model, uint32_t session)
{
    struct model_session *at = &model->sessions[session];
    if (!at->is_open) {
        return;
    }
    at->handler_depth--;
    if (at->inbound.count <= model->inbound_messages_max / 2 &&
        at->inbound.bytes <= model->inbound_bytes_max / 2) {
        at->is_paused = false;
    }
}

bool model_rate_take(struct model_session *session, uint32_t per_second, uint32_t burst,
                     int64_t now_ms)
{
    for (; session->rate_last_ms < now_ms; session->rate_last_ms++) {
        session->rate_millitokens += per_second;
        if (session->rate_millitokens >= burst * UINT64_C(1000)) {
            session->rate_millitokens = burst * UINT64_C(1000);
            session->rate_last_ms = now_ms; /* full stays full */
            break;
        }
    }
    if (session->rate_millitokens < 1000) {
        return false;
    }
    session->rate_millitokens -= 1000;
    return true;
}
