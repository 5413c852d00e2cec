/* A list of copies, and what it weighs. */
#include "client/websocket_queue.h"

#include "base/alloc.h"

void pl_websocket_queue_init(struct pl_websocket_queue *queue, size_t bytes_max)
{
    *queue = (struct pl_websocket_queue){.bytes_max = bytes_max};
    pl_list_init(&queue->messages);
}

void pl_websocket_queue_clear(struct pl_websocket_queue *queue)
{
    while (pl_websocket_queue_first(queue) != NULL) {
        pl_websocket_queue_drop_first(queue);
    }
}

int pl_websocket_queue_push(struct pl_websocket_queue *queue, bool is_text, struct pl_str payload)
{
    size_t size = 0;
    struct pl_websocket_message *message = NULL;
    if (!pl_size_add(&size, sizeof(*message), payload.len) ||
        size > queue->bytes_max - queue->bytes) {
        return PL_E_FULL;
    }
    message = pl_try_alloc(size);
    if (message == NULL) {
        return PL_E_NOMEM;
    }
    *message = (struct pl_websocket_message){.len = payload.len, .is_text = is_text};
    if (payload.len > 0) {
        memcpy(message->payload, payload.ptr, payload.len);
    }
    pl_list_push_back(&queue->messages, &message->node);
    queue->bytes += size;
    return 0;
}

struct pl_websocket_message *pl_websocket_queue_first(const struct pl_websocket_queue *queue)
{
    return pl_list_is_empty(&queue->messages)
               ? NULL
               : PL_CONTAINER_OF(queue->messages.next, struct pl_websocket_message, node);
}

void pl_websocket_queue_drop_first(struct pl_websocket_queue *queue)
{
    struct pl_websocket_message *message = pl_websocket_queue_first(queue);
    queue->bytes -= sizeof(*message) + message->len;
    pl_list_remove(&message->node);
    pl_free(message);
}
