/* What an Engine.IO session has still to send: packets in order, each held once.
 * Threads: the client's. */
#ifndef PL_CLIENT_EIO_QUEUE_H
#define PL_CLIENT_EIO_QUEUE_H

#include "codec/eio_packet.h"

struct pl_client_eio_item {
    struct pl_client_eio_item *next;
    enum pl_eio_type type;
    size_t len; /* of data */
    char data[];
};

/* Zeroed is empty. */
struct pl_client_eio_queue {
    struct pl_client_eio_item *first;
    struct pl_client_eio_item *last;
    size_t bytes; /* of memory: many empty messages are bounded as well */
};

/* What one packet of so many bytes counts in queue->bytes. */
static inline size_t pl_client_eio_item_size(size_t len)
{
    return sizeof(struct pl_client_eio_item) + len;
}

/* Append a message: its text, then `binaries`, each a packet of its own; all of them or none.
 * Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_client_eio_queue_message(struct pl_client_eio_queue *queue, struct pl_str text,
                                              const struct pl_str *binaries, size_t binary_count);

/* Append a packet without data. Returns 0 or PL_E_NOMEM. */
PL_MUST_CHECK int pl_client_eio_queue_mark(struct pl_client_eio_queue *queue,
                                           enum pl_eio_type type);

/* The packet that an item is; borrowed from it. */
struct pl_eio_packet pl_client_eio_item_packet(const struct pl_client_eio_item *item);

/* Drop the first; the queue is not empty. */
void pl_client_eio_queue_drop(struct pl_client_eio_queue *queue);
void pl_client_eio_queue_clear(struct pl_client_eio_queue *queue);

/* Write the body of a POST: packets from the front as long as it has at most `body_max` bytes, bytes
 * as their base64; the first whatever its size (spec 1.5.1, 1.5.3). They stay queued.
 * Returns how many; `buf` has failed without memory. */
size_t pl_client_eio_queue_write(const struct pl_client_eio_queue *queue, struct pl_buf *buf,
                                 size_t body_max);

#endif
