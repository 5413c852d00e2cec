/* Sessions: named by slot and generation, carried by a sink that may change. A closed session is
 * unreachable at once, and its memory goes when the next turn begins: no callback of its own is on
 * the stack then. */
#include "hub/session.h"

#include "base/alloc.h"
#include "hub/hub_internal.h"

#define FIRST_SLOTS 64

static void grow_slots(struct pl_hub *hub)
{
    uint32_t cap = hub->slot_cap == 0 ? FIRST_SLOTS : hub->slot_cap * 2;
    hub->slots = pl_realloc(hub->slots, cap * sizeof(*hub->slots));
    hub->free_slots = pl_realloc(hub->free_slots, cap * sizeof(*hub->free_slots));
    for (uint32_t slot = cap; slot > hub->slot_cap; slot--) { /* the lowest is taken first */
        hub->slots[slot - 1] = (struct pl_session_slot){0};
        hub->free_slots[hub->free_slot_count++] = slot - 1;
    }
    hub->slot_cap = cap;
}

static struct pl_session_id take_slot(struct pl_hub *hub, struct pl_session *session)
{
    struct pl_session_slot *slot = NULL;
    uint32_t number = 0;
    if (hub->free_slot_count == 0) {
        grow_slots(hub);
    }
    number = hub->free_slots[--hub->free_slot_count];
    slot = &hub->slots[number];
    slot->session = session;
    slot->generation = slot->generation == UINT32_MAX ? 1 : slot->generation + 1;
    return (struct pl_session_id){number, slot->generation};
}

struct pl_session *pl_session_open(struct pl_hub *hub, const struct pl_session_params *params)
{
    struct pl_session *session = NULL;
    pl_hub_assert_thread(hub);
    PL_ASSERT(params->ops != NULL && params->ops->on_message != NULL);
    PL_ASSERT(params->encoding < PL_ENCODING_MAX);
    session = pl_alloc(sizeof(*session));
    session->hub = hub;
    session->ops = params->ops;
    session->user = params->user;
    session->sink = params->sink;
    session->encoding = params->encoding;
    session->id = take_slot(hub, session);
    pl_list_init(&session->members);
    hub->stats.session_count++;
    return session;
}

void pl_session_close(struct pl_session **session)
{
    struct pl_session *closing = *session;
    struct pl_hub *hub = NULL;
    *session = NULL; /* before listeners run: they see it gone */
    if (closing == NULL || closing->is_closed) {
        return;
    }
    hub = closing->hub;
    pl_hub_assert_thread(hub);
    closing->is_closed = true;
    pl_inbound_drop(closing);
    pl_members_unsubscribe_all(closing);
    closing->sink = (struct pl_sink_id){0};
    pl_members_leave_all(closing);
    hub->slots[closing->id.slot].session = NULL;
    hub->free_slots[hub->free_slot_count++] = closing->id.slot;
    hub->stats.session_count--;
    closing->next_closed = hub->closed;
    hub->closed = closing;
}

void pl_sessions_free_closed(struct pl_hub *hub)
{
    while (hub->closed != NULL) {
        struct pl_session *session = hub->closed;
        hub->closed = session->next_closed;
        pl_free(session);
    }
}

void pl_sessions_fini(struct pl_hub *hub)
{
    pl_sessions_free_closed(hub);
    pl_free(hub->slots);
    pl_free(hub->free_slots);
}

struct pl_session_id pl_session_id(const struct pl_session *session)
{
    return session->id;
}

struct pl_session *pl_session_find(struct pl_hub *hub, struct pl_session_id id)
{
    struct pl_session *session = NULL;
    pl_hub_assert_thread(hub);
    if (id.generation == 0 || id.slot >= hub->slot_cap ||
        hub->slots[id.slot].generation != id.generation) {
        return NULL;
    }
    session = hub->slots[id.slot].session;
    return session == NULL || session->is_closed ? NULL : session;
}

void *pl_session_user(const struct pl_session *session)
{
    return session->user;
}

struct pl_sink_id pl_session_sink(const struct pl_session *session)
{
    return session->sink;
}

uint8_t pl_session_encoding(const struct pl_session *session)
{
    return session->encoding;
}

void pl_session_attach(struct pl_session *session, struct pl_sink_id sink, uint8_t encoding)
{
    struct pl_hub *hub = session->hub;
    const struct pl_port_impl *port = hub->config.port_impl;
    struct pl_sink_id old = session->sink;
    pl_hub_assert_thread(hub);
    PL_ASSERT(encoding < PL_ENCODING_MAX);
    if (session->is_closed) {
        return;
    }
    pl_members_unsubscribe_all(session);
    session->sink = sink;
    session->encoding = encoding;
    pl_members_subscribe_all(session);
    if (session->is_paused && old.generation != 0) { /* it is given back as it was given */
        port->resume(hub->config.port, old);
    }
    if (session->is_paused && sink.generation != 0) {
        port->pause(hub->config.port, sink);
    }
}

void pl_session_send(struct pl_session *session, struct pl_frame *frame, unsigned flags)
{
    struct pl_hub *hub = session->hub;
    pl_hub_assert_thread(hub);
    if (session->is_closed || !pl_session_has_sink(session)) {
        pl_frame_unref(&frame);
        return;
    }
    hub->config.port_impl->send(hub->config.port, session->sink, frame, flags);
}
