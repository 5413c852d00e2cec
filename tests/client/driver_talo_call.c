/* Requests of the Talo client by their names, as rows: what each takes from its command. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 1100

struct call {
    struct parley_talo *talo;
    const struct parley_val *command;
    parley_talo_done *done;
    void *user;
};

static const char *text(const struct call *call, const char *key)
{
    return get_text(call->command, key, NULL);
}

static int64_t number(const struct call *call, const char *key)
{
    return parley_val_int(parley_val_get(call->command, key), 0);
}

static bool flag(const struct call *call, const char *key)
{
    return parley_val_bool(parley_val_get(call->command, key), false);
}

static enum parley_talo_choice choice(const struct call *call, const char *key)
{
    const struct parley_val *val = parley_val_get(call->command, key);
    return val == NULL                   ? PARLEY_TALO_ANY
           : parley_val_bool(val, false) ? PARLEY_TALO_YES
                                         : PARLEY_TALO_NO;
}

static enum parley_talo_relationship relationship(const struct call *call)
{
    const char *type = text(call, "type");
    return type == NULL                          ? PARLEY_TALO_ANY_RELATIONSHIP
           : strcmp(type, "unidirectional") == 0 ? PARLEY_TALO_UNIDIRECTIONAL
                                                 : PARLEY_TALO_BIDIRECTIONAL;
}

/* "props": [["key", "value" or null], ...] */
static size_t read_props(struct parley_talo_prop *out, const struct call *call)
{
    const struct parley_val *props = parley_val_get(call->command, "props");
    size_t count = parley_val_count(props);
    if (count > ITEMS_MAX) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        const struct parley_val *prop = parley_val_at(props, i);
        out[i].key = parley_val_str(parley_val_at(prop, 0), NULL);
        out[i].value = parley_val_str(parley_val_at(prop, 1), NULL);
    }
    return count;
}

#define DONE call->done, call->user
#define CALL(name) static int run_##name(const struct call *call)

CALL(request)
{
    return parley_talo_request(call->talo, text(call, "method"), text(call, "path"),
                               parley_val_get(call->command, "body"), DONE);
}
CALL(health)
{
    return parley_talo_health(call->talo, DONE);
}
CALL(create_ticket)
{
    return parley_talo_create_ticket(call->talo, DONE);
}
CALL(create_socket_token)
{
    return parley_talo_create_socket_token(call->talo, DONE);
}
CALL(identify)
{
    return parley_talo_identify(call->talo, text(call, "service"), text(call, "identifier"), DONE);
}
CALL(player_find)
{
    return parley_talo_player_find(call->talo, text(call, "player"), DONE);
}
CALL(player_search)
{
    return parley_talo_player_search(call->talo, text(call, "query"), DONE);
}
CALL(player_update)
{
    struct parley_talo_prop props[ITEMS_MAX];
    size_t count = read_props(props, call);
    return parley_talo_player_update(call->talo, props, count, DONE);
}
CALL(player_merge)
{
    return parley_talo_player_merge(call->talo, text(call, "kept"), text(call, "merged"), DONE);
}
CALL(register)
{
    struct parley_talo_registration registration = {.identifier = text(call, "identifier"),
                                                    .password = text(call, "password"),
                                                    .email = text(call, "email"),
                                                    .verification_is_on = flag(call, "verify")};
    return parley_talo_register(call->talo, &registration, DONE);
}
CALL(login)
{
    return parley_talo_login(call->talo, text(call, "identifier"), text(call, "password"), DONE);
}
CALL(verify)
{
    return parley_talo_verify(call->talo, number(call, "alias"), text(call, "verification_code"),
                              DONE);
}
CALL(refresh)
{
    return parley_talo_refresh(call->talo, DONE);
}
CALL(logout)
{
    return parley_talo_logout(call->talo, DONE);
}
CALL(change_password)
{
    return parley_talo_change_password(call->talo, text(call, "current"), text(call, "password"),
                                       DONE);
}
CALL(change_email)
{
    return parley_talo_change_email(call->talo, text(call, "current"), text(call, "email"), DONE);
}
CALL(change_identifier)
{
    return parley_talo_change_identifier(call->talo, text(call, "current"),
                                         text(call, "identifier"), DONE);
}
CALL(toggle_verification)
{
    return parley_talo_toggle_verification(call->talo, text(call, "current"), flag(call, "on"),
                                           text(call, "email"), DONE);
}
CALL(migrate)
{
    return parley_talo_migrate(call->talo, text(call, "current"), text(call, "service"),
                               text(call, "identifier"), DONE);
}
CALL(delete_account)
{
    return parley_talo_delete_account(call->talo, text(call, "current"), DONE);
}
CALL(forgot_password)
{
    return parley_talo_forgot_password(call->talo, text(call, "email"), DONE);
}
CALL(reset_password)
{
    return parley_talo_reset_password(call->talo, text(call, "reset_code"), text(call, "password"),
                                      DONE);
}
CALL(presence_get)
{
    return parley_talo_presence_get(call->talo, text(call, "player"), DONE);
}
CALL(presence_update)
{
    return parley_talo_presence_update(call->talo, flag(call, "online"), text(call, "status"),
                                       DONE);
}
CALL(channels)
{
    struct parley_talo_channel_query query = {.search = text(call, "search"),
                                              .prop_key = text(call, "prop_key"),
                                              .prop_value = text(call, "prop_value"),
                                              .page = (int)number(call, "page")};
    return parley_talo_channels(call->talo, &query, DONE);
}
CALL(channels_joined)
{
    return parley_talo_channels_joined(call->talo, NULL, DONE);
}
CALL(channel_find)
{
    return parley_talo_channel_find(call->talo, number(call, "channel"), DONE);
}
CALL(channel_create)
{
    struct parley_talo_prop props[ITEMS_MAX];
    struct parley_talo_channel_setup setup = {.name = text(call, "channel_name"),
                                              .props = props,
                                              .auto_cleanup = flag(call, "cleanup"),
                                              .is_private = flag(call, "private"),
                                              .temporary_membership = flag(call, "temporary")};
    setup.prop_count = read_props(props, call);
    return parley_talo_channel_create(call->talo, &setup, DONE);
}
CALL(channel_update)
{
    struct parley_talo_prop props[ITEMS_MAX];
    struct parley_talo_channel_change change = {.name = text(call, "channel_name"),
                                                .props = props,
                                                .owner_alias_id = number(call, "owner"),
                                                .auto_cleanup = choice(call, "cleanup"),
                                                .is_private = choice(call, "private"),
                                                .temporary_membership = choice(call, "temporary")};
    change.prop_count = read_props(props, call);
    return parley_talo_channel_update(call->talo, number(call, "channel"), &change, DONE);
}
CALL(channel_delete)
{
    return parley_talo_channel_delete(call->talo, number(call, "channel"), DONE);
}
CALL(channel_join)
{
    return parley_talo_channel_join(call->talo, number(call, "channel"), DONE);
}
CALL(channel_leave)
{
    return parley_talo_channel_leave(call->talo, number(call, "channel"), DONE);
}
CALL(channel_invite)
{
    return parley_talo_channel_invite(call->talo, number(call, "channel"), number(call, "alias"),
                                      DONE);
}
CALL(channel_members)
{
    struct parley_talo_member_query query = {.player_id = text(call, "player"),
                                             .identifier = text(call, "identifier"),
                                             .prop_key = text(call, "prop_key"),
                                             .prop_value = text(call, "prop_value"),
                                             .group_id = text(call, "group"),
                                             .alias_id = number(call, "alias"),
                                             .page = (int)number(call, "page")};
    return parley_talo_channel_members(call->talo, number(call, "channel"), &query, DONE);
}
CALL(storage_get)
{
    return parley_talo_storage_get(call->talo, number(call, "channel"), text(call, "key"), DONE);
}
CALL(storage_list)
{
    const struct parley_val *keys = parley_val_get(call->command, "keys");
    const char *texts[ITEMS_MAX];
    for (size_t i = 0; i < parley_val_count(keys); i++) {
        texts[i] = parley_val_str(parley_val_at(keys, i), NULL);
    }
    return parley_talo_storage_list(call->talo, number(call, "channel"), texts,
                                    parley_val_count(keys), DONE);
}
CALL(storage_set)
{
    struct parley_talo_prop props[ITEMS_MAX];
    size_t count = read_props(props, call);
    return parley_talo_storage_set(call->talo, number(call, "channel"), props, count, DONE);
}
CALL(subscribe)
{
    return parley_talo_subscribe(call->talo, number(call, "alias"), relationship(call), DONE);
}
CALL(subscription_confirm)
{
    return parley_talo_subscription_confirm(call->talo, number(call, "subscription"), DONE);
}
CALL(subscription_delete)
{
    return parley_talo_subscription_delete(call->talo, number(call, "subscription"), DONE);
}
static struct parley_talo_subscription_query subscription_query(const struct call *call)
{
    return (struct parley_talo_subscription_query){.is_confirmed = choice(call, "confirmed"),
                                                   .type = relationship(call),
                                                   .alias_id = number(call, "alias"),
                                                   .page = (int)number(call, "page")};
}
CALL(subscribers)
{
    struct parley_talo_subscription_query query = subscription_query(call);
    return parley_talo_subscribers(call->talo, &query, DONE);
}
CALL(subscriptions)
{
    struct parley_talo_subscription_query query = subscription_query(call);
    return parley_talo_subscriptions(call->talo, &query, DONE);
}
CALL(confirm_from)
{
    return parley_talo_confirm_from(call->talo, number(call, "alias"), DONE);
}
CALL(unsubscribe_from)
{
    return parley_talo_unsubscribe_from(call->talo, number(call, "alias"), DONE);
}
CALL(live_config)
{
    return parley_talo_live_config(call->talo, DONE);
}
CALL(group_find)
{
    return parley_talo_group_find(call->talo, text(call, "group"), (int)number(call, "page"), DONE);
}

#define ROW(name)                                                                                  \
    {                                                                                              \
#name, run_##name                                                                          \
    }

int driver_talo_call(struct parley_talo *talo, const struct parley_val *command,
                     parley_talo_done *done, void *user)
{
    static const struct {
        const char *name;
        int (*run)(const struct call *call);
    } rows[] = {
        ROW(request),
        ROW(health),
        ROW(create_ticket),
        ROW(create_socket_token),
        ROW(identify),
        ROW(player_find),
        ROW(player_search),
        ROW(player_update),
        ROW(player_merge),
        ROW(register),
        ROW(login),
        ROW(verify),
        ROW(refresh),
        ROW(logout),
        ROW(change_password),
        ROW(change_email),
        ROW(change_identifier),
        ROW(toggle_verification),
        ROW(migrate),
        ROW(delete_account),
        ROW(forgot_password),
        ROW(reset_password),
        ROW(presence_get),
        ROW(presence_update),
        ROW(channels),
        ROW(channels_joined),
        ROW(channel_find),
        ROW(channel_create),
        ROW(channel_update),
        ROW(channel_delete),
        ROW(channel_join),
        ROW(channel_leave),
        ROW(channel_invite),
        ROW(channel_members),
        ROW(storage_get),
        ROW(storage_list),
        ROW(storage_set),
        ROW(subscribe),
        ROW(subscription_confirm),
        ROW(subscription_delete),
        ROW(subscribers),
        ROW(subscriptions),
        ROW(confirm_from),
        ROW(unsubscribe_from),
        ROW(live_config),
        ROW(group_find),
    };
    const struct call call = {.talo = talo, .command = command, .done = done, .user = user};
    const char *name = get_text(command, "what", "");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].run(&call);
        }
    }
    return 1;
}
