/* What a session receives: one message at a time, in order. While a handler is on the stack or the
 * session is suspended, messages wait in a queue; at its bound the sink stops reading until half of
 * it is gone. */
#include "hub/session.h"

#include "base/alloc.h"
#include "hub/hub_internal.h"

#include <string.h>

static void pause_at_bound(struct pl_session *session)
{
    struct pl_hub *hub = session->hub;
    if (session->is_paused || (session->inbound_count < hub->config.inbound_messages_max &&
                               session->inbound_bytes < hub->config.inbound_bytes_max)) {
        return;
    }
    session->is_paused = true;
    if (pl_session_has_sink(session)) {
        hub->config.port_impl->pause(hub->config.port, session->sink);
    }
}

static void resume_at_half(struct pl_session *session)
{
    struct pl_hub *hub = session->hub;
    if (!session->is_paused || session->inbound_count > hub->config.inbound_messages_max / 2 ||
        session->inbound_bytes > hub->config.inbound_bytes_max / 2) {
        return;
    }
    session->is_paused = false;
    if (pl_session_has_sink(session)) {
        hub->config.port_impl->resume(hub->config.port, session->sink);
    }
}

static bool enqueue(struct pl_session *session, enum pl_message_kind kind, struct pl_span bytes)
{
    size_t size = 0;
    struct pl_inbound *message = NULL;
    if (pl_size_add(&size, sizeof(*message), bytes.len)) {
        message = pl_try_alloc(size);
    }
    if (message == NULL) {
        return false;
    }
    message->next = NULL;
    message->len = bytes.len;
    message->kind = kind;
    if (bytes.len > 0) {
        memcpy(message->bytes, bytes.ptr, bytes.len);
    }
    if (session->inbound_last == NULL) {
        session->inbound_first = message;
    } else {
        session->inbound_last->next = message;
    }
    session->inbound_last = message;
    session->inbound_count++;
    session->inbound_bytes += bytes.len;
    session->hub->stats.inbound_bytes += bytes.len;
    pause_at_bound(session);
    return true;
}

static struct pl_inbound *dequeue(struct pl_session *session)
{
    struct pl_inbound *message = session->inbound_first;
    session->inbound_first = message->next;
    if (session->inbound_first == NULL) {
        session->inbound_last = NULL;
    }
    session->inbound_count--;
    session->inbound_bytes -= message->len;
    session->hub->stats.inbound_bytes -= message->len;
    return message;
}

static bool can_handle(const struct pl_session *session)
{
    return !session->is_closed && session->suspend_count == 0 && !session->is_dispatching;
}

static void handle(struct pl_session *session, enum pl_message_kind kind, struct pl_span bytes)
{
    session->is_dispatching = true;
    session->ops->on_message(session, kind, bytes);
    session->is_dispatching = false;
}

/* Hand over what waits until a handler suspends or closes the session. */
static void drain(struct pl_session *session)
{
    while (can_handle(session) && session->inbound_first != NULL) {
        struct pl_inbound *message = dequeue(session);
        handle(session, message->kind, (struct pl_span){message->bytes, message->len});
        pl_free(message);
        if (!session->is_closed) {
            resume_at_half(session);
        }
    }
}

bool pl_session_receive(struct pl_session *session, enum pl_message_kind kind, struct pl_span bytes)
{
    pl_hub_assert_thread(session->hub);
    if (session->is_closed) {
        return true;
    }
    if (!can_handle(session) || session->inbound_first != NULL) {
        return enqueue(session, kind, bytes);
    }
    handle(session, kind, bytes);
    drain(session);
    return true;
}

void pl_session_suspend(struct pl_session *session)
{
    pl_hub_assert_thread(session->hub);
    session->suspend_count++;
    session->hub->stats.suspend_count++;
}

void pl_session_resume(struct pl_session *session)
{
    pl_hub_assert_thread(session->hub);
    PL_ASSERT(session->suspend_count > 0);
    session->suspend_count--;
    drain(session);
}

bool pl_session_is_suspended(const struct pl_session *session)
{
    return session->suspend_count > 0;
}

void pl_inbound_drop(struct pl_session *session)
{
    while (session->inbound_first != NULL) {
        pl_free(dequeue(session));
    }
    if (session->is_paused) {
        resume_at_half(session); /* the queue is empty: the sink is given back reading */
    }
}
