/* One frame for each encoding, made when the first connection needs it. */
#include "service/talo/events.h"

#include "service/talo/talo_internal.h"

struct frames {
    const struct pl_talo_config *config;
    const struct pl_talo_event *event;
    struct pl_frame *of[PL_ENCODING_MAX];
    bool is_made[PL_ENCODING_MAX];
};

static struct pl_frame *frame_for(struct frames *frames, uint8_t encoding)
{
    if (!frames->is_made[encoding]) {
        frames->is_made[encoding] = true;
        frames->of[encoding] =
            frames->config->encode(frames->config->user, frames->event, encoding);
    }
    return frames->of[encoding];
}

static void send_to(struct frames *frames, struct pl_talo_conn *conn)
{
    struct pl_frame *frame = frame_for(frames, pl_session_encoding(conn->session));
    if (frame != NULL) {
        pl_frame_ref(frame, 1);
        pl_session_send(conn->session, frame, 0);
    }
}

void pl_talo_event_send(struct pl_talo *talo, const int64_t *alias_ids, size_t alias_count,
                        uint32_t scope, const struct pl_talo_event *event)
{
    struct frames frames = {.config = &talo->config, .event = event};
    for (size_t i = 0; i < alias_count; i++) {
        struct pl_talo_conn_list list;
        pl_talo_conns_of_alias(&list, talo, alias_ids[i]);
        for (size_t at = 0; at < list.count; at++) {
            if ((list.items[at]->scopes & scope) != 0) {
                send_to(&frames, list.items[at]);
            }
        }
        pl_talo_conn_list_fini(&list);
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        pl_frame_unref(&frames.of[i]);
    }
}
