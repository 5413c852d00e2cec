/* Entities as JSON. The order of the keys is the specification's: a client that slices the text of a
 * message for its log finds what it found before. */
#include "dialect/talo/write.h"

#include "store/talo/group_rules.h"

#include <stdio.h>
#include <time.h>

#define DATE_MIN_MS ((int64_t)0)
#define DATE_MAX_MS ((int64_t)253402300799999) /* the end of the year 9999 */
#define REJECTED_MESSAGE_BYTES 8192            /* holds a key of 1000 characters, escaped or not */

static void put_flag(struct pl_json_writer *out, struct pl_str key, bool value)
{
    pl_json_key(out, key);
    pl_json_put_bool(out, value);
}

static void put_text(struct pl_json_writer *out, struct pl_str key, struct pl_str value)
{
    pl_json_key(out, key);
    pl_json_put_string(out, value);
}

static void put_number(struct pl_json_writer *out, struct pl_str key, int64_t value)
{
    pl_json_key(out, key);
    pl_json_put_i64(out, value);
}

static void put_date(struct pl_json_writer *out, struct pl_str key, int64_t ms)
{
    pl_json_key(out, key);
    pl_talo_write_date(out, ms);
}

static void put_uuid(struct pl_json_writer *out, struct pl_str key, const struct pl_uuid *uuid)
{
    pl_json_key(out, key);
    pl_talo_write_uuid(out, uuid);
}

void pl_talo_write_date(struct pl_json_writer *out, int64_t ms)
{
    char text[40];
    struct tm date;
    ms = ms < DATE_MIN_MS ? DATE_MIN_MS : ms > DATE_MAX_MS ? DATE_MAX_MS : ms;
    time_t seconds = (time_t)(ms / 1000);
    if (gmtime_r(&seconds, &date) == NULL) {
        pl_json_put_null(out);
        return;
    }
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &date);
    len += (size_t)snprintf(text + len, sizeof(text) - len, ".%03dZ", (int)(ms % 1000));
    pl_json_put_string(out, pl_str_make(text, len));
}

void pl_talo_write_uuid(struct pl_json_writer *out, const struct pl_uuid *uuid)
{
    char text[PL_UUID_TEXT_LEN + 1];
    pl_uuid_format(text, uuid);
    pl_json_put_string(out, pl_str_make(text, PL_UUID_TEXT_LEN));
}

/* Almost all of what there is to write; so whoever wants more than an answer holds soon gets no. */
void pl_talo_write_props(struct pl_json_writer *out, const struct pl_talo_props *props)
{
    pl_json_array_begin(out);
    for (size_t i = 0; i < props->count && !pl_buf_failed(out->buf); i++) {
        pl_json_object_begin(out);
        put_text(out, PL_STR("key"), props->items[i].key);
        put_text(out, PL_STR("value"), props->items[i].value);
        pl_json_object_end(out);
    }
    pl_json_array_end(out);
}

static void write_groups(struct pl_json_writer *out, const struct pl_talo_player *player)
{
    pl_json_key(out, PL_STR("groups"));
    pl_json_array_begin(out);
    for (size_t i = 0; i < player->group_count; i++) {
        pl_json_object_begin(out);
        put_uuid(out, PL_STR("id"), &player->groups[i].id);
        put_text(out, PL_STR("name"), player->groups[i].name);
        pl_json_object_end(out);
    }
    pl_json_array_end(out);
}

/* Whoever may not see it still learns that the player has a password. */
static void write_auth(struct pl_json_writer *out, const struct pl_talo_player *player,
                       unsigned flags)
{
    const struct pl_talo_auth *auth = &player->auth;
    if (!player->has_auth) {
        return;
    }
    pl_json_key(out, PL_STR("auth"));
    pl_json_object_begin(out);
    if ((flags & PL_TALO_WITH_AUTH) != 0) {
        pl_json_key(out, PL_STR("email"));
        if (auth->email.ptr == NULL) {
            pl_json_put_null(out);
        } else {
            pl_json_put_string(out, auth->email);
        }
        put_flag(out, PL_STR("verificationEnabled"), auth->has_verification);
        pl_json_key(out, PL_STR("sessionCreatedAt"));
        if (auth->session_created_ms == 0) {
            pl_json_put_null(out);
        } else {
            pl_talo_write_date(out, auth->session_created_ms);
        }
    }
    pl_json_object_end(out);
}

/* The part of a presence that is in a player as well. */
static void write_presence_fields(struct pl_json_writer *out,
                                  const struct pl_talo_presence *presence)
{
    put_flag(out, PL_STR("online"), presence->is_online);
    put_text(out, PL_STR("customStatus"), presence->custom_status);
    put_date(out, PL_STR("updatedAt"), presence->updated_ms);
}

static void write_player_presence(struct pl_json_writer *out, const struct pl_talo_player *player)
{
    pl_json_key(out, PL_STR("presence"));
    if (!player->has_presence) {
        pl_json_put_null(out);
        return;
    }
    pl_json_object_begin(out);
    write_presence_fields(out, &player->presence);
    pl_json_object_end(out);
}

static void write_aliases(struct pl_json_writer *out, const struct pl_talo_player *player,
                          unsigned flags)
{
    pl_json_key(out, PL_STR("aliases"));
    pl_json_array_begin(out);
    for (size_t i = 0; i < player->alias_count; i++) {
        pl_talo_write_alias(out, &player->aliases[i], flags);
    }
    pl_json_array_end(out);
}

void pl_talo_write_player(struct pl_json_writer *out, const struct pl_talo_player *player,
                          unsigned flags)
{
    pl_json_object_begin(out);
    put_uuid(out, PL_STR("id"), &player->id);
    pl_json_key(out, PL_STR("props"));
    pl_talo_write_props(out, &player->props);
    if ((flags & PL_TALO_WITH_ALIASES) != 0) {
        write_aliases(out, player, flags);
    }
    put_flag(out, PL_STR("devBuild"), player->is_dev_build);
    put_date(out, PL_STR("createdAt"), player->created_ms);
    put_date(out, PL_STR("lastSeenAt"), player->last_seen_ms);
    write_groups(out, player);
    write_auth(out, player, flags);
    write_player_presence(out, player);
    pl_json_object_end(out);
}

void pl_talo_write_alias(struct pl_json_writer *out, const struct pl_talo_alias *alias,
                         unsigned flags)
{
    pl_json_object_begin(out);
    put_number(out, PL_STR("id"), alias->id);
    put_text(out, PL_STR("service"), alias->service);
    put_text(out, PL_STR("identifier"), alias->identifier);
    put_text(out, PL_STR("displayName"), alias->display_name);
    pl_json_key(out, PL_STR("player"));
    pl_talo_write_player(out, alias->player, flags & PL_TALO_WITH_AUTH);
    put_date(out, PL_STR("lastSeenAt"), alias->last_seen_ms);
    put_date(out, PL_STR("createdAt"), alias->created_ms);
    put_date(out, PL_STR("updatedAt"), alias->updated_ms);
    pl_json_object_end(out);
}

static void write_alias_or_null(struct pl_json_writer *out, const struct pl_talo_alias *alias)
{
    if (alias == NULL) {
        pl_json_put_null(out);
    } else {
        pl_talo_write_alias(out, alias, 0);
    }
}

void pl_talo_write_presence(struct pl_json_writer *out, const struct pl_talo_presence *presence,
                            const struct pl_talo_alias *alias)
{
    pl_json_object_begin(out);
    pl_json_key(out, PL_STR("playerAlias"));
    write_alias_or_null(out, alias);
    write_presence_fields(out, presence);
    pl_json_object_end(out);
}

void pl_talo_write_channel(struct pl_json_writer *out, const struct pl_talo_channel *channel,
                           unsigned flags)
{
    pl_json_object_begin(out);
    put_number(out, PL_STR("id"), channel->id);
    put_text(out, PL_STR("name"), channel->name);
    pl_json_key(out, PL_STR("owner"));
    write_alias_or_null(out, channel->owner);
    put_number(out, PL_STR("totalMessages"), channel->message_count);
    pl_json_key(out, PL_STR("props"));
    pl_talo_write_props(out, &channel->props);
    put_flag(out, PL_STR("autoCleanup"), channel->is_auto_cleanup);
    put_flag(out, PL_STR("private"), channel->is_private);
    put_flag(out, PL_STR("temporaryMembership"), channel->is_temporary);
    put_date(out, PL_STR("createdAt"), channel->created_ms);
    put_date(out, PL_STR("updatedAt"), channel->updated_ms);
    if ((flags & PL_TALO_WITH_MEMBER_COUNT) != 0) {
        put_number(out, PL_STR("memberCount"), channel->member_count);
    }
    pl_json_object_end(out);
}

void pl_talo_write_storage_prop(struct pl_json_writer *out, const struct pl_talo_storage_prop *prop)
{
    pl_json_object_begin(out);
    put_text(out, PL_STR("key"), prop->key);
    put_text(out, PL_STR("value"), prop->value);
    pl_json_key(out, PL_STR("createdBy"));
    write_alias_or_null(out, prop->created_by);
    pl_json_key(out, PL_STR("lastUpdatedBy"));
    write_alias_or_null(out, prop->updated_by);
    put_date(out, PL_STR("createdAt"), prop->created_ms);
    put_date(out, PL_STR("updatedAt"), prop->updated_ms);
    pl_json_object_end(out);
}

void pl_talo_write_storage_props(struct pl_json_writer *out,
                                 const struct pl_talo_storage_props *props)
{
    pl_json_array_begin(out);
    for (size_t i = 0; i < props->count; i++) {
        pl_talo_write_storage_prop(out, &props->items[i]);
    }
    pl_json_array_end(out);
}

void pl_talo_write_subscription(struct pl_json_writer *out,
                                const struct pl_talo_subscription *subscription)
{
    pl_json_object_begin(out);
    put_number(out, PL_STR("id"), subscription->id);
    pl_json_key(out, PL_STR("subscriber"));
    write_alias_or_null(out, subscription->subscriber);
    pl_json_key(out, PL_STR("subscribedTo"));
    write_alias_or_null(out, subscription->target);
    put_flag(out, PL_STR("confirmed"), subscription->is_confirmed);
    put_text(out, PL_STR("relationshipType"),
             subscription->is_bidirectional ? PL_STR("bidirectional") : PL_STR("unidirectional"));
    put_date(out, PL_STR("createdAt"), subscription->created_ms);
    put_date(out, PL_STR("updatedAt"), subscription->updated_ms);
    pl_json_object_end(out);
}

static struct pl_str rejected_code(enum pl_talo_prop_error error)
{
    switch (error) {
    case PL_TALO_PROP_KEY_TOO_LONG:
        return PL_STR("PROP_KEY_TOO_LONG");
    case PL_TALO_PROP_VALUE_TOO_LONG:
        return PL_STR("PROP_VALUE_TOO_LONG");
    case PL_TALO_PROP_ARRAY_TOO_LONG:
        return PL_STR("PROP_ARRAY_TOO_LONG");
    case PL_TALO_PROP_CONTAINS_PROFANITY:
        return PL_STR("PROP_CONTAINS_PROFANITY");
    case PL_TALO_PROP_KEY_RESERVED:
        return PL_STR("PROP_KEY_RESERVED");
    }
    return PL_STR("");
}

static void describe_rejected(struct pl_buf *out, const struct pl_talo_rejected_prop *prop)
{
    switch (prop->error) {
    case PL_TALO_PROP_KEY_TOO_LONG:
        pl_buf_addf(out, "Prop key length (%zu) exceeds %zu characters", prop->length,
                    prop->length_max);
        return;
    case PL_TALO_PROP_VALUE_TOO_LONG:
        pl_buf_addf(out, "Prop value length (%zu) exceeds %zu characters", prop->length,
                    prop->length_max);
        return;
    case PL_TALO_PROP_ARRAY_TOO_LONG:
        pl_buf_addf(out, "Prop array length (%zu) for key '", prop->length);
        pl_buf_add_str(out, prop->key);
        pl_buf_addf(out, "' exceeds %zu items", prop->length_max);
        return;
    case PL_TALO_PROP_CONTAINS_PROFANITY:
        pl_buf_add_str(out, PL_STR("Prop value contains profanity"));
        return;
    case PL_TALO_PROP_KEY_RESERVED:
        pl_buf_add_str(out, PL_STR("Prop key is reserved"));
        return;
    }
}

void pl_talo_write_rejected(struct pl_json_writer *out,
                            const struct pl_talo_rejected_props *rejected)
{
    struct pl_buf message;
    pl_buf_init(&message, REJECTED_MESSAGE_BYTES);
    pl_json_array_begin(out);
    for (size_t i = 0; i < rejected->count; i++) {
        const struct pl_talo_rejected_prop *prop = &rejected->items[i];
        pl_buf_clear(&message);
        describe_rejected(&message, prop);
        pl_json_object_begin(out);
        put_text(out, PL_STR("key"), prop->key);
        put_text(out, PL_STR("error"), rejected_code(prop->error));
        put_text(out, PL_STR("message"), pl_buf_str(&message));
        pl_json_object_end(out);
    }
    pl_json_array_end(out);
    pl_buf_fini(&message);
}

void pl_talo_write_group(struct pl_json_writer *out, const struct pl_talo_group *group,
                         const struct pl_talo_player *members, size_t member_count)
{
    pl_json_object_begin(out);
    put_uuid(out, PL_STR("id"), &group->id);
    put_text(out, PL_STR("name"), group->name);
    put_text(out, PL_STR("description"), group->description);
    pl_json_key(out, PL_STR("rules"));
    pl_talo_rules_write(out, group);
    put_text(out, PL_STR("ruleMode"), group->is_any ? PL_STR("$or") : PL_STR("$and"));
    put_flag(out, PL_STR("membersVisible"), group->has_visible_members);
    put_date(out, PL_STR("updatedAt"), group->updated_ms);
    put_number(out, PL_STR("count"), group->count);
    if (members != NULL) {
        pl_json_key(out, PL_STR("members"));
        pl_json_array_begin(out);
        for (size_t i = 0; i < member_count; i++) {
            pl_talo_write_player(out, &members[i], 0);
        }
        pl_json_array_end(out);
    }
    pl_json_object_end(out);
}
