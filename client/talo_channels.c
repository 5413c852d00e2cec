/* Channels over REST. Source: shared spec talo.md 3.11. */
#include "client/talo_internal.h"

#include <inttypes.h>

/* --- texts that may be left out --- */

/* All given ones are UTF-8. */
static int check_all(struct parley_talo *talo, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int rc = pl_talo_check_optional(talo, "each text", texts[i]);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

/* --- one channel --- */

/* A call about one channel, as the player, without a body. */
static int act(struct parley_talo *talo, const char *method, int64_t channel_id, const char *behind,
               parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter_as_player(talo);
    return rc < 0 ? rc
                  : pl_talo_call_make(talo, pl_talo_call_for(method, done, user,
                                                             "/v1/game-channels/%" PRId64 "%s",
                                                             channel_id, behind));
}

int parley_talo_channel_join(struct parley_talo *talo, int64_t channel_id, parley_talo_done *done,
                             void *user)
{
    return act(talo, "POST", channel_id, "/join", done, user);
}

int parley_talo_channel_leave(struct parley_talo *talo, int64_t channel_id, parley_talo_done *done,
                              void *user)
{
    return act(talo, "POST", channel_id, "/leave", done, user);
}

int parley_talo_channel_delete(struct parley_talo *talo, int64_t channel_id, parley_talo_done *done,
                               void *user)
{
    return act(talo, "DELETE", channel_id, "", done, user);
}

int parley_talo_channel_find(struct parley_talo *talo, int64_t channel_id, parley_talo_done *done,
                             void *user)
{
    int rc = pl_talo_enter(talo);
    return rc < 0 ? rc
                  : pl_talo_call_make(talo,
                                      pl_talo_call_for("GET", done, user,
                                                       "/v1/game-channels/%" PRId64, channel_id));
}

int parley_talo_channel_invite(struct parley_talo *talo, int64_t channel_id, int64_t alias_id,
                               parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("POST", done, user, "/v1/game-channels/%" PRId64 "/invite", channel_id);
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_int(&writer, "inviteeAliasId", alias_id);
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}

/* --- creating and changing --- */

int parley_talo_channel_create(struct parley_talo *talo,
                               const struct parley_talo_channel_setup *setup,
                               parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_text(talo, "the channel's name", setup->name);
    rc = rc < 0 ? rc : pl_talo_check_props(talo, setup->props, setup->prop_count);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("POST", done, user, "/v1/game-channels");
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_text(&writer, "name", setup->name);
        pl_talo_put_props(&writer, setup->props, setup->prop_count);
        pl_talo_put_bool(&writer, "autoCleanup", setup->auto_cleanup);
        pl_talo_put_bool(&writer, "private", setup->is_private);
        pl_talo_put_bool(&writer, "temporaryMembership", setup->temporary_membership);
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}

static void put_choice(struct pl_json_writer *writer, const char *key,
                       enum parley_talo_choice choice)
{
    if (choice != PARLEY_TALO_ANY) {
        pl_talo_put_bool(writer, key, choice == PARLEY_TALO_YES);
    }
}

static void put_owner(struct pl_json_writer *writer, int64_t alias_id)
{
    if (alias_id == -1) {
        pl_json_key(writer, PL_STR("ownerAliasId"));
        pl_json_put_null(writer);
    } else if (alias_id != 0) {
        pl_talo_put_int(writer, "ownerAliasId", alias_id);
    }
}

int parley_talo_channel_update(struct parley_talo *talo, int64_t channel_id,
                               const struct parley_talo_channel_change *given,
                               parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : pl_talo_check_optional(talo, "the name", given->name);
    rc = rc < 0 ? rc : pl_talo_check_props(talo, given->props, given->prop_count);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("PUT", done, user, "/v1/game-channels/%" PRId64, channel_id);
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_text(&writer, "name", given->name);
        if (given->prop_count > 0) {
            pl_talo_put_props(&writer, given->props, given->prop_count);
        }
        put_owner(&writer, given->owner_alias_id);
        put_choice(&writer, "autoCleanup", given->auto_cleanup);
        put_choice(&writer, "private", given->is_private);
        put_choice(&writer, "temporaryMembership", given->temporary_membership);
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}

/* --- lists --- */

static const struct parley_talo_channel_query all_channels;
static const struct parley_talo_member_query all_members;

int parley_talo_channels(struct parley_talo *talo, const struct parley_talo_channel_query *query,
                         parley_talo_done *done, void *user)
{
    const struct parley_talo_channel_query *asked = query == NULL ? &all_channels : query;
    const char *const texts[] = {asked->search, asked->prop_key, asked->prop_value};
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter(talo);
    rc = rc < 0 ? rc : check_all(talo, texts, PL_ARRAY_LEN(texts));
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "/v1/game-channels");
    if (call != NULL) {
        pl_talo_write_query_int(&call->target, "page", asked->page);
        pl_talo_write_query(&call->target, "search", asked->search);
        pl_talo_write_query(&call->target, "propKey", asked->prop_key);
        pl_talo_write_query(&call->target, "propValue", asked->prop_value);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_channels_joined(struct parley_talo *talo,
                                const struct parley_talo_channel_query *query,
                                parley_talo_done *done, void *user)
{
    const struct parley_talo_channel_query *asked = query == NULL ? &all_channels : query;
    const char *const texts[] = {asked->prop_key, asked->prop_value};
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : check_all(talo, texts, PL_ARRAY_LEN(texts));
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "/v1/game-channels/subscriptions");
    if (call != NULL) {
        pl_talo_write_query(&call->target, "propKey", asked->prop_key);
        pl_talo_write_query(&call->target, "propValue", asked->prop_value);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_channel_members(struct parley_talo *talo, int64_t channel_id,
                                const struct parley_talo_member_query *query,
                                parley_talo_done *done, void *user)
{
    const struct parley_talo_member_query *asked = query == NULL ? &all_members : query;
    const char *const texts[] = {asked->player_id, asked->identifier, asked->prop_key,
                                 asked->prop_value, asked->group_id};
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    rc = rc < 0 ? rc : check_all(talo, texts, PL_ARRAY_LEN(texts));
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "/v1/game-channels/%" PRId64 "/members", channel_id);
    if (call != NULL) {
        struct pl_buf *target = &call->target;
        pl_talo_write_query_int(target, "page", asked->page);
        pl_talo_write_query(target, "playerId", asked->player_id);
        pl_talo_write_query(target, "identifier", asked->identifier);
        pl_talo_write_query(target, "playerPropKey", asked->prop_key);
        pl_talo_write_query(target, "playerPropValue", asked->prop_value);
        pl_talo_write_query(target, "playerGroupId", asked->group_id);
        if (asked->alias_id != 0) {
            pl_talo_write_query_int(target, "aliasId", asked->alias_id);
        }
    }
    return pl_talo_call_make(talo, call);
}
