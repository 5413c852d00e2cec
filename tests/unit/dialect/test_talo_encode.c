/* Events of Talo's world as the text frames that clients get (spec 1.8): each has its name, its keys
 * in order, and nothing else. Entities inside are test_talo_write's affair. */
#include "dialect/encodings.h"
#include "dialect/talo/talo.h"
#include "dialect/talo/write.h"
#include "hub/port_inline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct pl_talo_player player = {.created_ms = 1738404000000};
static struct pl_talo_alias alias = {
    .id = 12,
    .service = PL_STR_INIT("username"),
    .identifier = PL_STR_INIT("ada"),
    .display_name = PL_STR_INIT("ada"),
    .player = &player,
};
static struct pl_talo_channel channel = {.id = 7, .name = PL_STR_INIT("lobby"), .member_count = 3};
static struct pl_talo_presence presence = {.is_online = true, .custom_status = PL_STR_INIT("hi")};
static struct pl_talo_subscription subscription = {.id = 3, .subscriber = &alias, .target = &alias};
static struct pl_talo_storage_prop stored = {.key = PL_STR_INIT("gold"),
                                             .value = PL_STR_INIT("80"),
                                             .created_by = &alias,
                                             .updated_by = &alias};
static struct pl_talo_storage_props some = {&stored, 1};
static struct pl_talo_storage_props nothing = {NULL, 0};
static struct pl_talo_prop rate_prop = {PL_STR_INIT("xpRate"), PL_STR_INIT("2")};
static struct pl_talo_props config = {&rate_prop, 1};

/* In the expected text stand A: the alias, C: the channel, P: the presence, S: the subscription,
 * G: the stored prop; between '<' and '>'. */
static void write_placeholder(struct pl_buf *out, char name)
{
    struct pl_json_writer json;
    pl_json_writer_init(&json, out);
    switch (name) {
    case 'A':
        pl_talo_write_alias(&json, &alias, 0);
        break;
    case 'C':
        pl_talo_write_channel(&json, &channel, 0);
        break;
    case 'P':
        pl_talo_write_presence(&json, &presence, &alias);
        break;
    case 'S':
        pl_talo_write_subscription(&json, &subscription);
        break;
    case 'G':
        pl_talo_write_storage_prop(&json, &stored);
        break;
    default:
        fail();
    }
}

static void write_expected(struct pl_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<') {
            write_placeholder(out, text[1]);
            text += 2;
        } else {
            pl_buf_add_char(out, *text);
        }
    }
}

static struct pl_talo_encoder encoder = {.bytes_max = 65536};

static void check(const struct pl_talo_event *event, const char *text)
{
    struct pl_frame *frame = pl_talo_encode(&encoder, event, PL_ENCODING_TALO);
    struct pl_buf expected;
    pl_buf_init(&expected, 65536);
    write_expected(&expected, text);
    assert_non_null(frame);
    assert_int_equal(frame->data[0], 0x81); /* a whole text message */
    struct pl_str payload = pl_str_make((const char *)frame->data + frame->packet_offset,
                                        frame->len - frame->packet_offset);
    if (!pl_str_eq(payload, pl_buf_str(&expected))) {
        fail_msg(PL_STR_FMT "\ninstead of\n" PL_STR_FMT, PL_STR_ARG(payload),
                 PL_STR_ARG(pl_buf_str(&expected)));
    }
    pl_buf_fini(&expected);
    pl_frame_unref(&frame);
}

static void test_events_have_exactly_the_documented_fields(void **state)
{
    static const struct {
        struct pl_talo_event event;
        const char *text;
    } rows[] = {
        {{.kind = PL_TALO_EVENT_PRESENCE_UPDATED,
          .presence = &presence,
          .alias = &alias,
          .online_changed = true},
         "{\"res\":\"v1.players.presence.updated\",\"data\":{\"presence\":<P>,"
         "\"meta\":{\"onlineChanged\":true,\"customStatusChanged\":false}}}"},
        {{.kind = PL_TALO_EVENT_MESSAGE,
          .channel = &channel,
          .alias = &alias,
          .message = PL_STR_INIT("hi \"there\"\n")},
         "{\"res\":\"v1.channels.message\",\"data\":{\"channel\":<C>,"
         "\"message\":\"hi \\\"there\\\"\\n\",\"playerAlias\":<A>}}"},
        {{.kind = PL_TALO_EVENT_PLAYER_JOINED, .channel = &channel, .alias = &alias},
         "{\"res\":\"v1.channels.player-joined\",\"data\":{\"channel\":<C>,\"playerAlias\":<A>}}"},
        {{.kind = PL_TALO_EVENT_PLAYER_LEFT, .channel = &channel, .alias = &alias, .reason = 1},
         "{\"res\":\"v1.channels.player-left\",\"data\":{\"channel\":<C>,\"playerAlias\":<A>,"
         "\"meta\":{\"reason\":1}}}"},
        {{.kind = PL_TALO_EVENT_CHANNEL_DELETED, .channel = &channel},
         "{\"res\":\"v1.channels.deleted\",\"data\":{\"channel\":<C>}}"},
        {{.kind = PL_TALO_EVENT_OWNERSHIP_TRANSFERRED, .channel = &channel, .alias = &alias},
         "{\"res\":\"v1.channels.ownership-transferred\",\"data\":{\"channel\":<C>,"
         "\"newOwner\":<A>}}"},
        {{.kind = PL_TALO_EVENT_CHANNEL_UPDATED, .channel = &channel, .changed = 63},
         "{\"res\":\"v1.channels.updated\",\"data\":{\"channel\":<C>,\"changedProperties\":["
         "\"name\",\"props\",\"ownerAliasId\",\"autoCleanup\",\"private\","
         "\"temporaryMembership\"]}}"},
        {{.kind = PL_TALO_EVENT_CHANNEL_UPDATED,
          .channel = &channel,
          .changed = PL_TALO_CHANGED_PROPS},
         "{\"res\":\"v1.channels.updated\",\"data\":{\"channel\":<C>,"
         "\"changedProperties\":[\"props\"]}}"},
        {{.kind = PL_TALO_EVENT_STORAGE_UPDATED,
          .channel = &channel,
          .upserted = &some,
          .deleted = &nothing},
         "{\"res\":\"v1.channels.storage.updated\",\"data\":{\"channel\":<C>,"
         "\"upsertedProps\":[<G>],\"deletedProps\":[]}}"},
        {{.kind = PL_TALO_EVENT_CONFIG_UPDATED, .config = &config},
         "{\"res\":\"v1.live-config.updated\",\"data\":{\"config\":[{\"key\":\"xpRate\","
         "\"value\":\"2\"}]}}"},
        {{.kind = PL_TALO_EVENT_BROADCAST, .alias = &alias, .message = PL_STR_INIT("won")},
         "{\"res\":\"v1.player-relationships.broadcast\",\"data\":{\"message\":\"won\","
         "\"playerAlias\":<A>}}"},
        {{.kind = PL_TALO_EVENT_SUBSCRIPTION_CREATED, .subscription = &subscription},
         "{\"res\":\"v1.player-relationships.subscription-created\",\"data\":{"
         "\"subscription\":<S>}}"},
        {{.kind = PL_TALO_EVENT_SUBSCRIPTION_CONFIRMED, .subscription = &subscription},
         "{\"res\":\"v1.player-relationships.subscription-confirmed\",\"data\":{"
         "\"subscription\":<S>}}"},
        {{.kind = PL_TALO_EVENT_SUBSCRIPTION_DELETED, .subscription = &subscription},
         "{\"res\":\"v1.player-relationships.subscription-deleted\",\"data\":{"
         "\"subscription\":<S>,\"reciprocalSubscription\":null}}"},
        {{.kind = PL_TALO_EVENT_SUBSCRIPTION_DELETED,
          .subscription = &subscription,
          .reciprocal = &subscription},
         "{\"res\":\"v1.player-relationships.subscription-deleted\",\"data\":{"
         "\"subscription\":<S>,\"reciprocalSubscription\":<S>}}"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        check(&rows[i].event, rows[i].text);
    }
}

static void test_presence_that_nobody_changed_has_no_alias(void **state)
{
    struct pl_talo_event event = {.kind = PL_TALO_EVENT_PRESENCE_UPDATED, .presence = &presence};
    struct pl_frame *frame = pl_talo_encode(&encoder, &event, PL_ENCODING_TALO);
    (void)state;
    assert_non_null(frame);
    assert_non_null(memmem(frame->data, frame->len, "\"playerAlias\":null", 18));
    pl_frame_unref(&frame);
}

static void test_event_that_would_fill_what_may_stay_unsent_is_dropped(void **state)
{
    static char text[1000];
    struct pl_hub *hub = NULL;
    struct pl_timers timers;
    struct pl_talo_limits limits = {.send_bytes = 4096};
    (void)state;
    pl_timers_init(&timers);
    assert_int_equal(pl_hub_create(&hub,
                                   &(struct pl_hub_config){.env = pl_env_system(),
                                                           .port_impl = &pl_port_inline,
                                                           .timers = &timers},
                                   NULL),
                     0);
    struct pl_talo_encoder small = {.hub = hub};
    pl_talo_encoder_configure(&small, &limits);
    memset(text, 'x', sizeof(text));
    for (size_t len = 900; len <= sizeof(text); len += 100) {
        struct pl_talo_prop prop = {PL_STR("key"), pl_str_make(text, len)};
        struct pl_talo_props large = {&prop, 1};
        struct pl_talo_event event = {.kind = PL_TALO_EVENT_CONFIG_UPDATED, .config = &large};
        struct pl_frame *frame = pl_talo_encode(&small, &event, PL_ENCODING_TALO);
        assert_int_equal(frame != NULL, len == 900);
        pl_frame_unref(&frame);
    }
    pl_hub_destroy(hub);
    pl_timers_fini(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_have_exactly_the_documented_fields),
        cmocka_unit_test(test_presence_that_nobody_changed_has_no_alias),
        cmocka_unit_test(test_event_that_would_fill_what_may_stay_unsent_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
