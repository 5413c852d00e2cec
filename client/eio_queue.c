/* The queue of an Engine.IO session: a list of packets, copied once. */
#include "client/eio_queue.h"

#include "base/alloc.h"
#include "codec/eio_payload.h"

static struct pl_client_eio_item *create(enum pl_eio_type type, struct pl_str data)
{
    size_t size = 0;
    struct pl_client_eio_item *item = NULL;
    if (!pl_size_add(&size, sizeof(*item), data.len)) {
        return NULL;
    }
    item = pl_try_alloc(size);
    if (item == NULL) {
        return NULL;
    }
    item->next = NULL;
    item->type = type;
    item->len = data.len;
    if (data.len > 0) {
        memcpy(item->data, data.ptr, data.len);
    }
    return item;
}

static int append(struct pl_client_eio_queue *queue, enum pl_eio_type type, struct pl_str data)
{
    struct pl_client_eio_item *item = create(type, data);
    if (item == NULL) {
        return PL_E_NOMEM;
    }
    if (queue->last == NULL) {
        queue->first = item;
    } else {
        queue->last->next = item;
    }
    queue->last = item;
    queue->bytes += pl_client_eio_item_size(data.len);
    return 0;
}

/* Put all of `more`, which is not empty, behind `queue`. */
static void join(struct pl_client_eio_queue *queue, const struct pl_client_eio_queue *more)
{
    if (queue->last == NULL) {
        *queue = *more;
        return;
    }
    queue->last->next = more->first;
    queue->last = more->last;
    queue->bytes += more->bytes;
}

int pl_client_eio_queue_message(struct pl_client_eio_queue *queue, struct pl_str text,
                                const struct pl_str *binaries, size_t binary_count)
{
    struct pl_client_eio_queue message = {0};
    int rc = append(&message, PL_EIO_MESSAGE, text);
    for (size_t i = 0; rc == 0 && i < binary_count; i++) {
        rc = append(&message, PL_EIO_BINARY, binaries[i]);
    }
    if (rc < 0) {
        pl_client_eio_queue_clear(&message);
        return rc;
    }
    join(queue, &message);
    return 0;
}

int pl_client_eio_queue_mark(struct pl_client_eio_queue *queue, enum pl_eio_type type)
{
    return append(queue, type, PL_STR(""));
}

struct pl_eio_packet pl_client_eio_item_packet(const struct pl_client_eio_item *item)
{
    return (struct pl_eio_packet){item->type, pl_str_make(item->data, item->len)};
}

void pl_client_eio_queue_drop(struct pl_client_eio_queue *queue)
{
    struct pl_client_eio_item *item = queue->first;
    queue->first = item->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    queue->bytes -= pl_client_eio_item_size(item->len);
    pl_free(item);
}

void pl_client_eio_queue_clear(struct pl_client_eio_queue *queue)
{
    while (queue->first != NULL) {
        pl_client_eio_queue_drop(queue);
    }
}

size_t pl_client_eio_queue_write(const struct pl_client_eio_queue *queue, struct pl_buf *buf,
                                 size_t body_max)
{
    size_t count = 0;
    struct pl_eio_payload_writer writer;
    pl_eio_payload_writer_init(&writer, buf);
    for (const struct pl_client_eio_item *item = queue->first; item != NULL; item = item->next) {
        struct pl_eio_packet packet = pl_client_eio_item_packet(item);
        size_t len = 0;
        if (count > 0 &&
            (!pl_size_add(&len, pl_eio_payload_len(&writer) + 1, pl_eio_packet_text_len(&packet)) ||
             len > body_max)) {
            break;
        }
        pl_eio_payload_add(&writer, &packet);
        count++;
    }
    return count;
}
