/* A session: one client of one dialect, for as long as the hub knows it, whatever carries its
 * bytes: a WebSocket, a queue for long-polling, or for a while nothing.
 * Threads: the hub's. */
#ifndef PL_HUB_SESSION_H
#define PL_HUB_SESSION_H

#include "hub/hub.h"

enum pl_message_kind {
    PL_MESSAGE_TEXT,
    PL_MESSAGE_BINARY,
};

struct pl_session_ops {
    /* One whole message of the client, in order; `bytes` is borrowed for the call and may be
     * changed in place. While the handler (or somebody later) has the session suspended, the next
     * ones wait. */
    void (*on_message)(struct pl_session *session, enum pl_message_kind kind, struct pl_span bytes);
};

struct pl_session_params {
    const struct pl_session_ops *ops;
    void *user;             /* the dialect's own object */
    struct pl_sink_id sink; /* generation 0: none yet */
    uint8_t encoding;
};

/* Its name across threads and requests. */
struct pl_session_id {
    uint32_t slot;
    uint32_t generation; /* 0 names no session */
};

struct pl_session *pl_session_open(struct pl_hub *hub, const struct pl_session_params *params);

/* End it: drops what waits, forgets the sink (which is the caller's to close, and reads again if
 * the hub had paused it), leaves every stream in the order of joining (presence listeners run). Its
 * memory is given back when the next turn begins, so it may be closed inside its own callbacks;
 * until then calls with an old pointer do nothing. Sets *session to NULL; NULL is fine. */
void pl_session_close(struct pl_session **session);

struct pl_session_id pl_session_id(const struct pl_session *session);
struct pl_session *pl_session_find(struct pl_hub *hub,
                                   struct pl_session_id id); /* NULL when it is gone */
void *pl_session_user(const struct pl_session *session);
struct pl_sink_id pl_session_sink(const struct pl_session *session);
uint8_t pl_session_encoding(const struct pl_session *session);

/* Change what carries the session (long-polling to WebSocket, or a recovered session's new
 * connection): all its subscriptions move. A sink carries one session. The old one is not closed,
 * is resumed if the hub had paused it, and its queue is the caller's to move before. A sink of
 * generation 0 detaches the session: it stays a member everywhere and receives nothing. */
void pl_session_attach(struct pl_session *session, struct pl_sink_id sink, uint8_t encoding);

/* One frame for this session alone; takes the reference over. flags: PL_SEND_... */
void pl_session_send(struct pl_session *session, struct pl_frame *frame, unsigned flags);

/* A message arrived: handled now, or copied into the inbound queue while the session is suspended
 * or one of its handlers is on the stack. When the queue reaches its bound the hub pauses the sink;
 * it resumes it when the queue is half empty.
 * Returns false when there was no memory to keep the message (the caller closes the connection). */
PL_MUST_CHECK bool pl_session_receive(struct pl_session *session, enum pl_message_kind kind,
                                      struct pl_span bytes);

/* A request waits for something (store, crypto, middleware): later messages of this session queue
 * up. Counted: each suspend needs its own resume. Resuming hands the waiting messages over, in
 * order, until the session is suspended again or closed. */
void pl_session_suspend(struct pl_session *session);
void pl_session_resume(struct pl_session *session);
bool pl_session_is_suspended(const struct pl_session *session);

#endif
