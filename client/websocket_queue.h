/* Messages that wait for a connection, up to a number of bytes. Threads: the client's. */
#ifndef PL_CLIENT_WEBSOCKET_QUEUE_H
#define PL_CLIENT_WEBSOCKET_QUEUE_H

#include "base/error.h"
#include "base/list.h"
#include "base/str.h"

struct pl_websocket_queue {
    struct pl_list messages; /* oldest first */
    size_t bytes;            /* of all of them, what each costs besides its payload included */
    size_t bytes_max;
};

struct pl_websocket_message {
    struct pl_list node;
    size_t len;
    bool is_text;
    char payload[];
};

void pl_websocket_queue_init(struct pl_websocket_queue *queue, size_t bytes_max);
void pl_websocket_queue_clear(struct pl_websocket_queue *queue);

/* Keep a copy at the end. Returns 0, PL_E_FULL, PL_E_NOMEM. */
PL_MUST_CHECK int pl_websocket_queue_push(struct pl_websocket_queue *queue, bool is_text,
                                          struct pl_str payload);

/* The oldest, borrowed until it is dropped; NULL when there is none. */
struct pl_websocket_message *pl_websocket_queue_first(const struct pl_websocket_queue *queue);
void pl_websocket_queue_drop_first(struct pl_websocket_queue *queue);

#endif
