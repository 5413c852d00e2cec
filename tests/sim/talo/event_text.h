/* Talo's events as short words ("joined 7 12;"), for tests that compare what was received with what
 * should have been. */
#ifndef PL_SIM_TALO_EVENT_TEXT_H
#define PL_SIM_TALO_EVENT_TEXT_H

#include "service/talo/talo.h"

static inline long long event_text_id(const struct pl_talo_alias *alias)
{
    return alias == NULL ? 0 : (long long)alias->id;
}

/* Append it. details: what else a message or broadcast shows; begins with a space, or is empty. */
static inline void event_text_write(struct pl_buf *out, const struct pl_talo_event *event,
                                    const char *details)
{
    long long channel = event->channel == NULL ? 0 : (long long)event->channel->id;
    long long subscription = event->subscription == NULL ? 0 : (long long)event->subscription->id;
    switch (event->kind) {
    case PL_TALO_EVENT_PRESENCE_UPDATED:
        pl_buf_addf(out, "presence %lld %s %d%d;", event_text_id(event->alias),
                    event->presence->is_online ? "on" : "off", event->online_changed,
                    event->status_changed);
        break;
    case PL_TALO_EVENT_MESSAGE:
        pl_buf_addf(out, "message %lld %lld " PL_STR_FMT " (%lld)%s;", channel,
                    event_text_id(event->alias), PL_STR_ARG(event->message),
                    (long long)event->channel->message_count, details);
        break;
    case PL_TALO_EVENT_PLAYER_JOINED:
        pl_buf_addf(out, "joined %lld %lld;", channel, event_text_id(event->alias));
        break;
    case PL_TALO_EVENT_PLAYER_LEFT:
        pl_buf_addf(out, "left %lld %lld %d owner %lld;", channel, event_text_id(event->alias),
                    event->reason, event_text_id(event->channel->owner));
        break;
    case PL_TALO_EVENT_CHANNEL_DELETED:
        pl_buf_addf(out, "deleted %lld;", channel);
        break;
    case PL_TALO_EVENT_OWNERSHIP_TRANSFERRED:
        pl_buf_addf(out, "owner %lld %lld;", channel, event_text_id(event->alias));
        break;
    case PL_TALO_EVENT_CHANNEL_UPDATED:
        pl_buf_addf(out, "updated %lld %u;", channel, event->changed);
        break;
    case PL_TALO_EVENT_STORAGE_UPDATED:
        pl_buf_addf(out, "storage %lld +%zu -%zu;", channel, event->upserted->count,
                    event->deleted->count);
        break;
    case PL_TALO_EVENT_CONFIG_UPDATED:
        pl_buf_addf(out, "config %zu;", event->config->count);
        break;
    case PL_TALO_EVENT_BROADCAST:
        pl_buf_addf(out, "broadcast %lld " PL_STR_FMT "%s;", event_text_id(event->alias),
                    PL_STR_ARG(event->message), details);
        break;
    case PL_TALO_EVENT_SUBSCRIPTION_CREATED:
        pl_buf_addf(out, "created %lld;", subscription);
        break;
    case PL_TALO_EVENT_SUBSCRIPTION_CONFIRMED:
        pl_buf_addf(out, "confirmed %lld;", subscription);
        break;
    case PL_TALO_EVENT_SUBSCRIPTION_DELETED:
        pl_buf_addf(out, "ended %lld %lld;", subscription,
                    event->reciprocal == NULL ? 0 : (long long)event->reciprocal->id);
        break;
    }
}

/* The same as a frame with one reference. */
static inline struct pl_frame *event_text_frame(const struct pl_talo_event *event,
                                                const char *details)
{
    struct pl_buf text;
    struct pl_frame *frame = NULL;
    pl_buf_init(&text, 4096);
    event_text_write(&text, event, details);
    PL_ASSERT(!pl_buf_failed(&text));
    frame = pl_frame_create(text.len);
    memcpy(frame->data, text.ptr, text.len);
    pl_buf_fini(&text);
    return frame;
}

#endif
