/* What Talo's structs hold, as JSON: tests compare it with what the service sent. */
#include "driver.h"

#include <inttypes.h>
#include <string.h>

static void begin(struct pl_buf *out, const char *key)
{
    pl_buf_addf(out, ",\"%s\":", key);
}

static void add_text(struct pl_buf *out, const char *key, const char *text)
{
    begin(out, key);
    if (text == NULL) {
        pl_buf_add_str(out, PL_STR("null"));
    } else {
        write_text(out, text, strlen(text));
    }
}

static void add_int(struct pl_buf *out, const char *key, int64_t number)
{
    pl_buf_addf(out, ",\"%s\":%" PRId64, key, number);
}

static void add_bool(struct pl_buf *out, const char *key, bool value)
{
    pl_buf_addf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

/* An object begins with a member that is always there, so that all others have their comma. */
static void open_object(struct pl_buf *out)
{
    pl_buf_add_str(out, PL_STR("{\"_\":0"));
}

/* A list of structs of one type, by a function for one. */
#define LIST(out, key, items, count, write)                                                        \
    do {                                                                                           \
        begin(out, key);                                                                           \
        pl_buf_add_char(out, '[');                                                                 \
        for (size_t i_ = 0; i_ < (count); i_++) {                                                  \
            if (i_ > 0) {                                                                          \
                pl_buf_add_char(out, ',');                                                         \
            }                                                                                      \
            write(out, &(items)[i_]);                                                              \
        }                                                                                          \
        pl_buf_add_char(out, ']');                                                                 \
    } while (0)

/* One, where it is there. */
#define ONE(out, key, item, write)                                                                 \
    do {                                                                                           \
        if ((item) != NULL) {                                                                      \
            begin(out, key);                                                                       \
            write(out, item);                                                                      \
        }                                                                                          \
    } while (0)

static void write_prop(struct pl_buf *out, const struct parley_talo_prop *prop)
{
    open_object(out);
    add_text(out, "key", prop->key);
    add_text(out, "value", prop->value);
    pl_buf_add_char(out, '}');
}

static void write_presence(struct pl_buf *out, const struct parley_talo_presence *presence)
{
    open_object(out);
    add_bool(out, "online", presence->is_online);
    add_text(out, "status", presence->custom_status);
    add_int(out, "updated", presence->updated_ms);
    ONE(out, "alias", presence->alias, write_talo_alias);
    pl_buf_add_char(out, '}');
}

static void write_membership(struct pl_buf *out, const struct parley_talo_membership *group)
{
    open_object(out);
    add_text(out, "id", group->id);
    add_text(out, "name", group->name);
    pl_buf_add_char(out, '}');
}

static void write_auth(struct pl_buf *out, const struct parley_talo_auth *auth)
{
    open_object(out);
    add_text(out, "email", auth->email);
    add_bool(out, "verification", auth->verification_is_on);
    pl_buf_add_char(out, '}');
}

static void write_player(struct pl_buf *out, const struct parley_talo_player *player)
{
    open_object(out);
    add_text(out, "id", player->id);
    LIST(out, "props", player->props, player->prop_count, write_prop);
    LIST(out, "aliases", player->aliases, player->alias_count, write_talo_alias);
    LIST(out, "groups", player->groups, player->group_count, write_membership);
    ONE(out, "presence", player->presence, write_presence);
    ONE(out, "auth", player->auth, write_auth);
    add_int(out, "created", player->created_ms);
    add_int(out, "seen", player->last_seen_ms);
    add_bool(out, "dev", player->is_dev_build);
    pl_buf_add_char(out, '}');
}

void write_talo_alias(struct pl_buf *out, const struct parley_talo_alias *alias)
{
    open_object(out);
    add_int(out, "id", alias->id);
    add_text(out, "service", alias->service);
    add_text(out, "identifier", alias->identifier);
    add_text(out, "name", alias->display_name);
    begin(out, "player");
    write_player(out, &alias->player);
    add_int(out, "seen", alias->last_seen_ms);
    add_int(out, "created", alias->created_ms);
    add_int(out, "updated", alias->updated_ms);
    pl_buf_add_char(out, '}');
}

static void write_channel(struct pl_buf *out, const struct parley_talo_channel *channel)
{
    open_object(out);
    add_int(out, "id", channel->id);
    add_text(out, "name", channel->name);
    ONE(out, "owner", channel->owner, write_talo_alias);
    LIST(out, "props", channel->props, channel->prop_count, write_prop);
    add_int(out, "messages", channel->message_count);
    add_int(out, "members", channel->member_count);
    add_int(out, "created", channel->created_ms);
    add_int(out, "updated", channel->updated_ms);
    add_bool(out, "cleanup", channel->auto_cleanup);
    add_bool(out, "private", channel->is_private);
    add_bool(out, "temporary", channel->temporary_membership);
    pl_buf_add_char(out, '}');
}

static void write_stored(struct pl_buf *out, const struct parley_talo_stored *stored)
{
    open_object(out);
    add_text(out, "key", stored->key);
    add_text(out, "value", stored->value);
    ONE(out, "created_by", stored->created_by, write_talo_alias);
    ONE(out, "updated_by", stored->updated_by, write_talo_alias);
    add_int(out, "created", stored->created_ms);
    add_int(out, "updated", stored->updated_ms);
    pl_buf_add_char(out, '}');
}

static void write_subscription(struct pl_buf *out,
                               const struct parley_talo_subscription *subscription)
{
    open_object(out);
    add_int(out, "id", subscription->id);
    ONE(out, "subscriber", subscription->subscriber, write_talo_alias);
    ONE(out, "subscribed_to", subscription->subscribed_to, write_talo_alias);
    add_text(out, "type", subscription->relationship_type);
    add_bool(out, "confirmed", subscription->is_confirmed);
    add_int(out, "created", subscription->created_ms);
    add_int(out, "updated", subscription->updated_ms);
    pl_buf_add_char(out, '}');
}

static void write_group(struct pl_buf *out, const struct parley_talo_group *group)
{
    open_object(out);
    add_text(out, "id", group->id);
    add_text(out, "name", group->name);
    add_text(out, "description", group->description);
    LIST(out, "members", group->members, group->member_count, write_player);
    add_int(out, "count", group->count);
    add_int(out, "updated", group->updated_ms);
    add_bool(out, "visible", group->members_are_visible);
    pl_buf_add_char(out, '}');
}

static void write_rejected(struct pl_buf *out, const struct parley_talo_rejected *rejected)
{
    open_object(out);
    add_text(out, "key", rejected->key);
    add_text(out, "code", rejected->code);
    add_text(out, "message", rejected->message);
    pl_buf_add_char(out, '}');
}

static void write_name(struct pl_buf *out, const char *const *name)
{
    write_text(out, *name, strlen(*name));
}

static void write_data(struct pl_buf *out, const struct parley_val *data)
{
    begin(out, "data");
    write_val(out, data);
}

void write_talo_result(struct pl_buf *out, const struct parley_talo_result *result)
{
    pl_buf_addf(out, ",\"error\":\"%s\"", parley_client_error_name(result->error));
    add_int(out, "status", result->status);
    add_text(out, "code", result->code);
    add_text(out, "message", result->message);
    write_data(out, result->data);
    ONE(out, "alias", result->alias, write_talo_alias);
    ONE(out, "player", result->player, write_player);
    ONE(out, "presence", result->presence, write_presence);
    ONE(out, "channel", result->channel, write_channel);
    ONE(out, "subscription", result->subscription, write_subscription);
    ONE(out, "group", result->group, write_group);
    ONE(out, "stored", result->stored, write_stored);
    LIST(out, "players", result->players, result->player_count, write_player);
    LIST(out, "members", result->members, result->member_count, write_talo_alias);
    LIST(out, "channels", result->channels, result->channel_count, write_channel);
    LIST(out, "subscriptions", result->subscriptions, result->subscription_count,
         write_subscription);
    LIST(out, "config", result->config, result->config_count, write_prop);
    LIST(out, "storage", result->storage, result->storage_count, write_stored);
    LIST(out, "deleted", result->deleted, result->deleted_count, write_stored);
    LIST(out, "rejected", result->rejected, result->rejected_count, write_rejected);
    add_int(out, "page_count", result->page.count);
    add_int(out, "per_page", result->page.per_page);
    add_bool(out, "is_last", result->page.is_last);
    add_text(out, "ticket", result->ticket);
    add_text(out, "socket_token", result->socket_token);
    add_text(out, "session_token", result->session_token);
    add_text(out, "refresh_token", result->refresh_token);
    add_int(out, "alias_id", result->alias_id);
    add_bool(out, "verification_required", result->verification_required);
}

void write_talo_error(struct pl_buf *out, const struct parley_talo_error *error)
{
    add_text(out, "req", error->req);
    add_text(out, "code", error->code);
    add_text(out, "message", error->message);
    add_text(out, "cause", error->cause);
}

static void write_error(struct pl_buf *out, const struct parley_talo_error *error)
{
    open_object(out);
    write_talo_error(out, error);
    pl_buf_add_char(out, '}');
}

void write_talo_message(struct pl_buf *out, const struct parley_talo_message *message)
{
    add_int(out, "number", message->kind);
    add_text(out, "res", message->res);
    write_data(out, message->data);
    ONE(out, "alias", message->alias, write_talo_alias);
    ONE(out, "channel", message->channel, write_channel);
    add_text(out, "text", message->text);
    ONE(out, "presence", message->presence, write_presence);
    ONE(out, "subscription", message->subscription, write_subscription);
    ONE(out, "reciprocal", message->reciprocal, write_subscription);
    ONE(out, "error", message->error, write_error);
    LIST(out, "config", message->config, message->config_count, write_prop);
    LIST(out, "upserted", message->upserted, message->upserted_count, write_stored);
    LIST(out, "deleted", message->deleted, message->deleted_count, write_stored);
    LIST(out, "changed", message->changed, message->changed_count, write_name);
    add_int(out, "reason", message->leave_reason);
    add_bool(out, "online_changed", message->online_changed);
    add_bool(out, "status_changed", message->custom_status_changed);
}
