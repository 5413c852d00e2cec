/* The port as direct calls on a fan-out of the same thread. A sink that is gone is no error: the
 * hub learns of it a little later. */
#include "hub/port_inline.h"

static void inline_send(void *port, struct pl_sink_id sink, struct pl_frame *frame, unsigned flags)
{
    struct pl_sink *found = pl_fanout_find(port, sink);
    if (found == NULL) {
        pl_frame_unref(&frame);
        return;
    }
    pl_fanout_send(port, found, frame, flags);
}

static void inline_publish(void *port, const struct pl_fanout_publish *publish)
{
    pl_fanout_publish(port, publish);
}

static void inline_subscribe(void *port, struct pl_sink_id sink, uint32_t stream)
{
    struct pl_sink *found = pl_fanout_find(port, sink);
    if (found != NULL) {
        pl_fanout_subscribe(port, found, stream);
    }
}

static void inline_unsubscribe(void *port, struct pl_sink_id sink, uint32_t stream)
{
    struct pl_sink *found = pl_fanout_find(port, sink);
    if (found != NULL) {
        pl_fanout_unsubscribe(port, found, stream);
    }
}

static void inline_pause(void *port, struct pl_sink_id sink)
{
    struct pl_sink *found = pl_fanout_find(port, sink);
    if (found != NULL) {
        found->ops->pause(found);
    }
}

static void inline_resume(void *port, struct pl_sink_id sink)
{
    struct pl_sink *found = pl_fanout_find(port, sink);
    if (found != NULL) {
        found->ops->resume(found);
    }
}

static void inline_close(void *port, struct pl_sink_id sink, uint16_t code, struct pl_str reason)
{
    struct pl_sink *found = pl_fanout_find(port, sink);
    if (found != NULL) {
        found->ops->close(found, code, reason);
    }
}

const struct pl_port_impl pl_port_inline = {
    .send = inline_send,
    .publish = inline_publish,
    .subscribe = inline_subscribe,
    .unsubscribe = inline_unsubscribe,
    .pause = inline_pause,
    .resume = inline_resume,
    .close = inline_close,
};
