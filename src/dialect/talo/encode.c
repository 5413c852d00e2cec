/* Events as responses (spec 1.8): a row for each kind has its name and what it writes into `data`.
 * `res` stands before `data`: a client slices the text for its log. */
#include "dialect/talo/encode.h"

#include "dialect/encodings.h"
#include "dialect/talo/talo.h"

#define EVENT_SHARE 4 /* an event has at most the fourth part of what may stay unsent */
#define LOG_PERIOD_MS 10000
#define LOG_BURST 5

static void put_channel(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    pl_json_key(out, PL_STR("channel"));
    pl_talo_write_channel(out, event->channel, 0);
}

static void put_alias(struct pl_json_writer *out, struct pl_str key,
                      const struct pl_talo_event *event)
{
    pl_json_key(out, key);
    pl_talo_write_alias(out, event->alias, 0);
}

static void put_message(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    pl_json_key(out, PL_STR("message"));
    pl_json_put_string(out, event->message);
}

static void put_subscription(struct pl_json_writer *out, struct pl_str key,
                             const struct pl_talo_subscription *subscription)
{
    pl_json_key(out, key);
    if (subscription == NULL) {
        pl_json_put_null(out);
    } else {
        pl_talo_write_subscription(out, subscription);
    }
}

/* --- data of each kind --- */

static void write_presence_updated(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    pl_json_key(out, PL_STR("presence"));
    pl_talo_write_presence(out, event->presence, event->alias);
    pl_json_key(out, PL_STR("meta"));
    pl_json_object_begin(out);
    pl_json_key(out, PL_STR("onlineChanged"));
    pl_json_put_bool(out, event->online_changed);
    pl_json_key(out, PL_STR("customStatusChanged"));
    pl_json_put_bool(out, event->status_changed);
    pl_json_object_end(out);
}

static void write_message(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    put_channel(out, event);
    put_message(out, event);
    put_alias(out, PL_STR("playerAlias"), event);
}

static void write_player_joined(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    put_channel(out, event);
    put_alias(out, PL_STR("playerAlias"), event);
}

static void write_player_left(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    put_channel(out, event);
    put_alias(out, PL_STR("playerAlias"), event);
    pl_json_key(out, PL_STR("meta"));
    pl_json_object_begin(out);
    pl_json_key(out, PL_STR("reason"));
    pl_json_put_i64(out, event->reason);
    pl_json_object_end(out);
}

static void write_ownership_transferred(struct pl_json_writer *out,
                                        const struct pl_talo_event *event)
{
    put_channel(out, event);
    put_alias(out, PL_STR("newOwner"), event);
}

static void write_channel_updated(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    static const struct {
        unsigned bit;
        struct pl_str name;
    } properties[] = {
        {PL_TALO_CHANGED_NAME, PL_STR_INIT("name")},
        {PL_TALO_CHANGED_PROPS, PL_STR_INIT("props")},
        {PL_TALO_CHANGED_OWNER, PL_STR_INIT("ownerAliasId")},
        {PL_TALO_CHANGED_AUTO_CLEANUP, PL_STR_INIT("autoCleanup")},
        {PL_TALO_CHANGED_PRIVATE, PL_STR_INIT("private")},
        {PL_TALO_CHANGED_TEMPORARY, PL_STR_INIT("temporaryMembership")},
    };
    put_channel(out, event);
    pl_json_key(out, PL_STR("changedProperties"));
    pl_json_array_begin(out);
    for (size_t i = 0; i < PL_ARRAY_LEN(properties); i++) {
        if ((event->changed & properties[i].bit) != 0) {
            pl_json_put_string(out, properties[i].name);
        }
    }
    pl_json_array_end(out);
}

static void write_storage_updated(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    put_channel(out, event);
    pl_json_key(out, PL_STR("upsertedProps"));
    pl_talo_write_storage_props(out, event->upserted);
    pl_json_key(out, PL_STR("deletedProps"));
    pl_talo_write_storage_props(out, event->deleted);
}

static void write_config_updated(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    pl_json_key(out, PL_STR("config"));
    pl_talo_write_props(out, event->config);
}

static void write_broadcast(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    put_message(out, event);
    put_alias(out, PL_STR("playerAlias"), event);
}

static void write_subscription(struct pl_json_writer *out, const struct pl_talo_event *event)
{
    put_subscription(out, PL_STR("subscription"), event->subscription);
}

static void write_subscription_deleted(struct pl_json_writer *out,
                                       const struct pl_talo_event *event)
{
    write_subscription(out, event);
    put_subscription(out, PL_STR("reciprocalSubscription"), event->reciprocal);
}

static const struct {
    struct pl_str res;
    void (*write)(struct pl_json_writer *out, const struct pl_talo_event *event);
} rows[] = {
    [PL_TALO_EVENT_PRESENCE_UPDATED] = {PL_STR_INIT("v1.players.presence.updated"),
                                        write_presence_updated},
    [PL_TALO_EVENT_MESSAGE] = {PL_STR_INIT("v1.channels.message"), write_message},
    [PL_TALO_EVENT_PLAYER_JOINED] = {PL_STR_INIT("v1.channels.player-joined"), write_player_joined},
    [PL_TALO_EVENT_PLAYER_LEFT] = {PL_STR_INIT("v1.channels.player-left"), write_player_left},
    [PL_TALO_EVENT_CHANNEL_DELETED] = {PL_STR_INIT("v1.channels.deleted"), put_channel},
    [PL_TALO_EVENT_OWNERSHIP_TRANSFERRED] = {PL_STR_INIT("v1.channels.ownership-transferred"),
                                             write_ownership_transferred},
    [PL_TALO_EVENT_CHANNEL_UPDATED] = {PL_STR_INIT("v1.channels.updated"), write_channel_updated},
    [PL_TALO_EVENT_STORAGE_UPDATED] = {PL_STR_INIT("v1.channels.storage.updated"),
                                       write_storage_updated},
    [PL_TALO_EVENT_CONFIG_UPDATED] = {PL_STR_INIT("v1.live-config.updated"), write_config_updated},
    [PL_TALO_EVENT_BROADCAST] = {PL_STR_INIT("v1.player-relationships.broadcast"), write_broadcast},
    [PL_TALO_EVENT_SUBSCRIPTION_CREATED] = {PL_STR_INIT(
                                                "v1.player-relationships.subscription-created"),
                                            write_subscription},
    [PL_TALO_EVENT_SUBSCRIPTION_CONFIRMED] = {PL_STR_INIT(
                                                  "v1.player-relationships.subscription-confirmed"),
                                              write_subscription},
    [PL_TALO_EVENT_SUBSCRIPTION_DELETED] = {PL_STR_INIT(
                                                "v1.player-relationships.subscription-deleted"),
                                            write_subscription_deleted},
};

/* --- responses --- */

void pl_talo_response_begin(struct pl_talo_response *response, struct pl_str res, size_t bytes_max)
{
    pl_buf_init(&response->text, bytes_max);
    pl_json_writer_init(&response->json, &response->text);
    pl_json_object_begin(&response->json);
    pl_json_key(&response->json, PL_STR("res"));
    pl_json_put_string(&response->json, res);
    pl_json_key(&response->json, PL_STR("data"));
}

struct pl_frame *pl_talo_response_end(struct pl_talo_response *response)
{
    struct pl_frame *frame = NULL;
    pl_json_object_end(&response->json);
    if (!pl_buf_failed(&response->text)) {
        frame = pl_ws_frame_create(true, pl_buf_str(&response->text));
    }
    pl_buf_fini(&response->text);
    return frame;
}

void pl_talo_encoder_configure(struct pl_talo_encoder *encoder, const struct pl_talo_limits *limits)
{
    encoder->bytes_max = limits->send_bytes / EVENT_SHARE;
    encoder->limit.period_ms = LOG_PERIOD_MS;
    encoder->limit.burst = LOG_BURST;
}

static void log_dropped(struct pl_talo_encoder *encoder, const struct pl_talo_event *event)
{
    pl_log_limited(encoder->log, &encoder->limit, pl_hub_now_ms(encoder->hub), PL_LOG_WARN,
                   "talo.event_dropped", "event=" PL_STR_FMT " channel=%lld bytes_max=%zu",
                   PL_STR_ARG(rows[event->kind].res),
                   (long long)(event->channel == NULL ? 0 : event->channel->id),
                   encoder->bytes_max);
}

struct pl_frame *pl_talo_encode(void *user, const struct pl_talo_event *event, uint8_t encoding)
{
    struct pl_talo_encoder *encoder = user;
    struct pl_talo_response response;
    PL_ASSERT(encoding == PL_ENCODING_TALO);
    PL_ASSERT((size_t)event->kind < PL_ARRAY_LEN(rows));
    pl_talo_response_begin(&response, rows[event->kind].res, encoder->bytes_max);
    pl_json_object_begin(&response.json);
    rows[event->kind].write(&response.json, event);
    pl_json_object_end(&response.json);
    struct pl_frame *frame = pl_talo_response_end(&response);
    if (frame == NULL) {
        log_dropped(encoder, event);
    }
    return frame;
}
