/* Memberships: which session is in which stream, found by hashing both numbers, listed on both
 * sides in the order of joining. Presence listeners run from here. */
#include "hub/hub.h"

#include "base/alloc.h"
#include "hub/hub_internal.h"

/* Both numbers are small and ours; the mixing only spreads them over the buckets. */
static uint64_t hash_pair(uint32_t session_slot, uint32_t stream_number)
{
    uint64_t hash = ((uint64_t)session_slot << 32 | stream_number) + 1;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

struct pl_member *pl_hub_find_member_in(struct pl_hub *hub, const struct pl_session *session,
                                        const struct pl_stream *stream)
{
    struct pl_table_link *link = NULL;
    pl_hub_assert_thread(hub);
    link = pl_table_first(&hub->members, hash_pair(session->id.slot, stream->number));
    for (; link != NULL; link = pl_table_next(link)) {
        struct pl_member *member = PL_CONTAINER_OF(link, struct pl_member, link);
        if (member->session == session && member->stream == stream) {
            return member;
        }
    }
    return NULL;
}

struct pl_member *pl_hub_find_member(struct pl_hub *hub, struct pl_session *session,
                                     const struct pl_stream_key *key)
{
    struct pl_stream *stream = pl_stream_find(hub, key);
    return stream == NULL ? NULL : pl_hub_find_member_in(hub, session, stream);
}

void pl_hub_on_presence(struct pl_hub *hub, uint8_t kind, struct pl_presence_listener listener)
{
    pl_hub_assert_thread(hub);
    hub->listeners[kind] = listener;
}

/* The stream is pinned by the caller when it still needs it: the listener may do anything. */
static void tell_listener(struct pl_hub *hub, struct pl_stream *stream, struct pl_member *member,
                          bool left)
{
    const struct pl_presence_listener *listener = &hub->listeners[stream->kind];
    if (listener->on_presence != NULL) {
        listener->on_presence(listener->user, stream, member, left);
    }
}

static void subscribe(struct pl_member *member)
{
    struct pl_session *session = member->session;
    struct pl_hub *hub = session->hub;
    if (pl_session_has_sink(session)) {
        pl_stream_count_encoding(member->stream, session->encoding, 1);
        hub->config.port_impl->subscribe(hub->config.port, session->sink, member->stream->number);
    }
}

static void unsubscribe(struct pl_member *member)
{
    struct pl_session *session = member->session;
    struct pl_hub *hub = session->hub;
    if (pl_session_has_sink(session)) {
        pl_stream_count_encoding(member->stream, session->encoding, -1);
        hub->config.port_impl->unsubscribe(hub->config.port, session->sink, member->stream->number);
    }
}

static struct pl_member *make_member(struct pl_session *session, struct pl_stream *stream)
{
    struct pl_hub *hub = session->hub;
    struct pl_member *member = pl_alloc(sizeof(*member));
    member->session = session;
    member->stream = stream;
    pl_list_push_back(&session->members, &member->in_session);
    session->member_count++;
    pl_stream_add_member(stream, member);
    pl_table_add(&hub->members, &member->link, hash_pair(session->id.slot, stream->number));
    hub->stats.member_count++;
    return member;
}

static void drop_meta(struct pl_member *member)
{
    if (member->free_meta != NULL && member->meta != NULL) {
        member->free_meta(member->meta);
    }
    member->meta = NULL;
}

/* Returns whether something changed. */
static bool set_meta(struct pl_member *member, void *meta, void (*free_meta)(void *meta))
{
    if (meta == NULL || meta == member->meta) {
        return false;
    }
    drop_meta(member);
    member->meta = meta;
    member->free_meta = free_meta;
    return true;
}

/* The flags that `flags` add to those of a member. Whether a presence is hidden is decided when it
 * begins: others have already been told, or not told, of it. */
static unsigned added_flags(unsigned present, unsigned flags)
{
    if ((flags & PL_MEMBER_HIDDEN) != 0) {
        flags |= PL_MEMBER_PRESENCE;
    }
    if ((present & PL_MEMBER_PRESENCE) != 0) {
        flags &= ~(unsigned)PL_MEMBER_HIDDEN;
    }
    return flags & ~present;
}

static void add_flags(struct pl_member *member, unsigned added)
{
    member->flags = (uint8_t)(member->flags | added);
    pl_stream_count_flags(member->stream, added, 1);
    if ((added & PL_MEMBER_SUBSCRIBER) != 0) {
        subscribe(member);
    }
}

int pl_hub_join(struct pl_hub *hub, struct pl_session *session, const struct pl_stream_key *key,
                unsigned flags, void *meta, void (*free_meta)(void *meta))
{
    struct pl_member *member = NULL;
    unsigned added = 0;
    bool is_new = false;
    bool is_meta_new = false;
    pl_hub_assert_thread(hub);
    PL_ASSERT(session->hub == hub && flags != 0);
    if (session->is_closed) {
        return PL_E_CLOSED;
    }
    member = pl_hub_find_member(hub, session, key);
    if (member == NULL) {
        if (session->member_count >= hub->config.streams_per_session_max) {
            return PL_E_FULL;
        }
        member = make_member(session, pl_stream_ensure(hub, key));
        is_new = true;
    }
    is_meta_new = set_meta(member, meta, free_meta);
    added = added_flags(member->flags, flags);
    add_flags(member, added);
    if ((added & PL_MEMBER_PRESENCE) != 0) {
        tell_listener(hub, member->stream, member, false); /* the member may be gone behind it */
    }
    return is_new || is_meta_new || added != 0 ? 1 : 0;
}

/* The member is taken out of everything before its listener hears of it, so that what the listener
 * publishes does not reach the one who left, and a new join is a new member. */
void pl_hub_leave_member(struct pl_hub *hub, struct pl_member *member)
{
    struct pl_stream *stream = member->stream;
    struct pl_session *session = member->session;
    pl_hub_assert_thread(hub);
    if ((member->flags & PL_MEMBER_SUBSCRIBER) != 0) {
        unsubscribe(member);
    }
    pl_stream_count_flags(stream, member->flags, -1);
    pl_table_remove(&hub->members, &member->link);
    pl_list_remove(&member->in_session);
    session->member_count--;
    hub->stats.member_count--;
    pl_stream_pin(stream);
    pl_stream_remove_member(stream, member);
    if ((member->flags & PL_MEMBER_PRESENCE) != 0) {
        tell_listener(hub, stream, member, true);
    }
    drop_meta(member);
    pl_free(member);
    pl_stream_unpin(hub, stream);
}

bool pl_hub_leave(struct pl_hub *hub, struct pl_session *session, const struct pl_stream_key *key)
{
    struct pl_member *member = pl_hub_find_member(hub, session, key);
    if (member == NULL) {
        return false;
    }
    pl_hub_leave_member(hub, member);
    return true;
}

void pl_members_leave_all(struct pl_session *session)
{
    while (!pl_list_is_empty(&session->members)) { /* a listener may end others of them */
        pl_hub_leave_member(session->hub,
                            PL_CONTAINER_OF(session->members.next, struct pl_member, in_session));
    }
}

/* Newest first: the fan-out looks for a subscription from that end,
 * which makes each step constant. */
void pl_members_unsubscribe_all(struct pl_session *session)
{
    struct pl_list *node = session->members.prev;
    for (; node != &session->members; node = node->prev) {
        struct pl_member *member = PL_CONTAINER_OF(node, struct pl_member, in_session);
        if ((member->flags & PL_MEMBER_SUBSCRIBER) != 0) {
            unsubscribe(member);
        }
    }
}

void pl_members_subscribe_all(struct pl_session *session)
{
    struct pl_list *node = session->members.next;
    for (; node != &session->members; node = node->next) {
        struct pl_member *member = PL_CONTAINER_OF(node, struct pl_member, in_session);
        if ((member->flags & PL_MEMBER_SUBSCRIBER) != 0) {
            subscribe(member);
        }
    }
}

struct pl_member *pl_stream_next_member(const struct pl_stream *stream,
                                        const struct pl_member *after)
{
    struct pl_list *node = after == NULL ? stream->members.next : after->in_stream.next;
    return node == &stream->members ? NULL : PL_CONTAINER_OF(node, struct pl_member, in_stream);
}

struct pl_member *pl_session_next_member(const struct pl_session *session,
                                         const struct pl_member *after)
{
    struct pl_list *node = after == NULL ? session->members.next : after->in_session.next;
    return node == &session->members ? NULL : PL_CONTAINER_OF(node, struct pl_member, in_session);
}

struct pl_session *pl_member_session(const struct pl_member *member)
{
    return member->session;
}

struct pl_stream *pl_member_stream(const struct pl_member *member)
{
    return member->stream;
}

unsigned pl_member_flags(const struct pl_member *member)
{
    return member->flags;
}

void *pl_member_meta(const struct pl_member *member)
{
    return member->meta;
}
