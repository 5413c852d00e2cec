/* Publishing: find the encodings really present in the audience, make one frame of each, hand them
 * to the port. Counts per stream and encoding settle most publishes at once; only where the
 * excluded ones might be all there are is the audience walked. */
#include "hub/hub.h"

#include "base/alloc.h"
#include "hub/hub_internal.h"

static inline bool receives(const struct pl_member *member)
{
    return (member->flags & PL_MEMBER_SUBSCRIBER) != 0 && pl_session_has_sink(member->session);
}

/* Mark who must get nothing; returns the number of this walk. */
static uint64_t mark_excluded(struct pl_hub *hub, const struct pl_publish *publish,
                              struct pl_session *except)
{
    uint64_t mark = ++hub->mark;
    if (except != NULL) {
        except->mark = mark;
    }
    for (size_t i = 0; i < publish->exclude_count; i++) {
        struct pl_member *member = NULL;
        if (publish->exclude[i] == NULL) {
            continue;
        }
        while ((member = pl_stream_next_member(publish->exclude[i], member)) != NULL) {
            if ((member->flags & PL_MEMBER_SUBSCRIBER) != 0) {
                member->session->mark = mark;
            }
        }
    }
    return mark;
}

/* The hub owns every session: `except` is const because publishing is no business of
 * the session's. */
static struct pl_session *excepted(struct pl_hub *hub, const struct pl_publish *publish)
{
    return publish->except == NULL ? NULL : pl_session_find(hub, publish->except->id);
}

void pl_hub_each_in_audience(struct pl_hub *hub, const struct pl_publish *publish,
                             void (*visit)(void *user, struct pl_session *session), void *user)
{
    uint64_t mark = 0;
    pl_hub_assert_thread(hub);
    mark = mark_excluded(hub, publish, excepted(hub, publish));
    for (size_t i = 0; i < publish->include_count; i++) {
        struct pl_member *member = NULL;
        if (publish->include[i] == NULL) {
            continue;
        }
        while ((member = pl_stream_next_member(publish->include[i], member)) != NULL) {
            if (receives(member) && member->session->mark != mark) {
                member->session->mark = mark;
                visit(user, member->session);
            }
        }
    }
}

/* How many sessions of an encoding the publish excludes at most. */
static uint64_t excluded_max(const struct pl_publish *publish, uint8_t encoding)
{
    const struct pl_session *except = publish->except;
    uint64_t count = except != NULL && except->encoding == encoding;
    for (size_t i = 0; i < publish->exclude_count; i++) {
        if (publish->exclude[i] != NULL) {
            count += publish->exclude[i]->subscribers_by_encoding[encoding];
        }
    }
    return count;
}

/* The largest part of one included stream that uses an encoding: a session is in a stream once at
 * most. */
static uint32_t included_max(const struct pl_publish *publish, uint8_t encoding)
{
    uint32_t count = 0;
    for (size_t i = 0; i < publish->include_count; i++) {
        if (publish->include[i] != NULL &&
            publish->include[i]->subscribers_by_encoding[encoding] > count) {
            count = publish->include[i]->subscribers_by_encoding[encoding];
        }
    }
    return count;
}

static void note_encoding(void *user, struct pl_session *session)
{
    bool *is_present = user;
    is_present[session->encoding] = true;
}

/* Which encodings the audience uses; returns how many. */
static size_t find_encodings(struct pl_hub *hub, const struct pl_publish *publish,
                             bool is_present[static PL_ENCODING_MAX])
{
    size_t count = 0;
    bool is_certain = true;
    for (uint8_t encoding = 0; encoding < PL_ENCODING_MAX; encoding++) {
        uint32_t included = included_max(publish, encoding);
        is_present[encoding] = included > 0 && included > excluded_max(publish, encoding);
        is_certain = is_certain && (included == 0 || is_present[encoding]);
    }
    if (!is_certain) {
        pl_hub_each_in_audience(hub, publish, note_encoding, is_present);
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        count += is_present[i];
    }
    return count;
}

static void count_publish(const struct pl_publish *publish)
{
    for (size_t i = 0; i < publish->include_count; i++) {
        if (publish->include[i] != NULL) {
            publish->include[i]->publish_count++;
        }
    }
}

static void list_numbers(struct pl_number_list *list, struct pl_stream *const *streams,
                         size_t count)
{
    if (count > list->cap) {
        list->cap = count;
        list->numbers = pl_realloc(list->numbers, count * sizeof(*list->numbers));
    }
    list->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (streams[i] != NULL) {
            list->numbers[list->count++] = streams[i]->number;
        }
    }
}

static void hand_to_port(struct pl_hub *hub, const struct pl_publish *publish,
                         struct pl_frame *const *frames)
{
    struct pl_fanout_publish out = {
        .flags = publish->flags,
        .counters = publish->counters,
        .frames = frames,
        .except = publish->except == NULL ? (struct pl_sink_id){0} : publish->except->sink,
    };
    list_numbers(&hub->include, publish->include, publish->include_count);
    list_numbers(&hub->exclude, publish->exclude, publish->exclude_count);
    out.include = hub->include.numbers;
    out.include_count = hub->include.count;
    out.exclude = hub->exclude.numbers;
    out.exclude_count = hub->exclude.count;
    hub->config.port_impl->publish(hub->config.port, &out);
}

int pl_hub_publish(struct pl_hub *hub, const struct pl_publish *publish)
{
    struct pl_frame *frames[PL_ENCODING_MAX] = {0};
    bool is_present[PL_ENCODING_MAX] = {0};
    size_t made_count = 0;
    pl_hub_assert_thread(hub);
    hub->stats.publish_count++;
    count_publish(publish);
    if (find_encodings(hub, publish, is_present) == 0) {
        return 0;
    }
    for (uint8_t encoding = 0; encoding < PL_ENCODING_MAX; encoding++) {
        if (is_present[encoding]) {
            frames[encoding] = publish->message.encode(publish->message.user, encoding);
            made_count += frames[encoding] != NULL;
        }
    }
    hub->stats.encode_count += made_count;
    if (made_count == 0) {
        return PL_E_NOMEM;
    }
    hand_to_port(hub, publish, frames);
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        pl_frame_unref(&frames[i]);
    }
    return 0;
}

void pl_publish_fini(struct pl_hub *hub)
{
    pl_free(hub->include.numbers);
    pl_free(hub->exclude.numbers);
}
