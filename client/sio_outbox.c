/* Events that wait to be sent: each with its arguments as JSON and its attachments, whose header is
 * written when it goes. */
#include "client/sio_internal.h"

#include "base/alloc.h"
#include "codec/json_read.h"

#define KEPT_COST_BYTES 64 /* what an event is charged with beside its bytes */

void pl_client_sio_outbox_init(struct pl_client_sio_outbox *outbox)
{
    pl_list_init(&outbox->events);
    outbox->bytes = 0;
}

void pl_client_sio_outbox_clear(struct pl_client_sio_outbox *outbox)
{
    struct pl_client_sio_kept *kept = NULL;
    while ((kept = pl_client_sio_outbox_first(outbox)) != NULL) {
        pl_client_sio_outbox_take(outbox, kept);
        pl_client_sio_kept_destroy(kept);
    }
}

/* Of the block: cannot overflow, since all of it is in memory already. */
static size_t block_size(const struct pl_client_sio_event *event)
{
    return sizeof(struct pl_client_sio_kept) + event->blob_count * sizeof(struct pl_blob *) +
           event->name.len + 1 + event->raw_args.len;
}

size_t pl_client_sio_kept_size(const struct pl_client_sio_event *event)
{
    size_t size = KEPT_COST_BYTES + event->name.len + event->raw_args.len;
    for (size_t i = 0; i < event->blob_count; i++) {
        if (!pl_size_add(&size, size, event->blobs[i]->len)) {
            return SIZE_MAX; /* the same bytes many times */
        }
    }
    return size;
}

static void add_text(struct pl_str *out, char **at, struct pl_str text)
{
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
    }
    *out = pl_str_make(*at, text.len);
    *at += text.len;
}

struct pl_client_sio_kept *pl_client_sio_outbox_add(struct pl_client_sio_outbox *outbox,
                                                    const struct pl_client_sio_event *event)
{
    struct pl_client_sio_kept *kept = pl_try_alloc(block_size(event));
    char *at = NULL;
    if (kept == NULL) {
        return NULL;
    }
    *kept = (struct pl_client_sio_kept){.size = pl_client_sio_kept_size(event),
                                        .has_id = event->has_id,
                                        .id = event->id,
                                        .blob_count = event->blob_count};
    for (size_t i = 0; i < event->blob_count; i++) {
        kept->blobs[i] = pl_blob_ref(event->blobs[i]);
    }
    at = (char *)(kept->blobs + event->blob_count);
    add_text(&kept->name, &at, event->name);
    *at++ = '\0';
    add_text(&kept->raw_args, &at, event->raw_args);
    pl_list_push_back(&outbox->events, &kept->node);
    outbox->bytes += kept->size;
    return kept;
}

struct pl_client_sio_kept *pl_client_sio_outbox_first(const struct pl_client_sio_outbox *outbox)
{
    return pl_list_is_empty(&outbox->events)
               ? NULL
               : PL_CONTAINER_OF(outbox->events.next, struct pl_client_sio_kept, node);
}

void pl_client_sio_outbox_drop_volatile(struct pl_client_sio_outbox *outbox)
{
    PL_LIST_EACH(node, &outbox->events)
    {
        struct pl_client_sio_kept *kept = PL_CONTAINER_OF(node, struct pl_client_sio_kept, node);
        if (kept->is_volatile) {
            pl_client_sio_outbox_take(outbox, kept);
            pl_client_sio_kept_destroy(kept);
        }
    }
}

void pl_client_sio_outbox_take(struct pl_client_sio_outbox *outbox, struct pl_client_sio_kept *kept)
{
    pl_list_remove(&kept->node);
    outbox->bytes -= kept->size;
}

void pl_client_sio_kept_destroy(struct pl_client_sio_kept *kept)
{
    if (kept == NULL) {
        return;
    }
    for (size_t i = 0; i < kept->blob_count; i++) {
        pl_blob_unref(&kept->blobs[i]);
    }
    pl_free(kept);
}

const struct parley_args *pl_client_sio_kept_args(const struct pl_client_sio_kept *kept)
{
    return pl_args_of_wire(kept->raw_args, PL_JSON_DEPTH_MAX - 1, kept->blobs, kept->blob_count);
}
