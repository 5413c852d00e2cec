/* A row for each member that is read, the keys as the service writes them. What an object cannot be
 * without is needed: its id. Everything else may miss. */
#include "client/talo_entities.h"

#define ROW(key, kind, type, member, shape)                                                        \
    {                                                                                              \
        PL_STR_INIT(key), kind, false, offsetof(struct type, member), 0, shape                     \
    }
#define NEED(key, kind, type, member)                                                              \
    {                                                                                              \
        PL_STR_INIT(key), kind, true, offsetof(struct type, member), 0, NULL                       \
    }
#define LIST(key, type, member, count, shape)                                                      \
    {                                                                                              \
        PL_STR_INIT(key), PL_TALO_LIST, false, offsetof(struct type, member),                      \
            offsetof(struct type, count), shape                                                    \
    }
#define TEXT(key, type, member) ROW(key, PL_TALO_TEXT, type, member, NULL)
#define INT(key, type, member) ROW(key, PL_TALO_INT, type, member, NULL)
#define BOOL(key, type, member) ROW(key, PL_TALO_BOOL, type, member, NULL)
#define DATE(key, type, member) ROW(key, PL_TALO_DATE, type, member, NULL)
#define POINTER(key, type, member, shape) ROW(key, PL_TALO_POINTER, type, member, shape)
#define INLINE(key, type, member, shape) ROW(key, PL_TALO_INLINE, type, member, shape)
#define SHAPE(type, fields)                                                                        \
    {                                                                                              \
        sizeof(struct type), fields, PL_ARRAY_LEN(fields)                                          \
    }

static const struct pl_talo_field prop_fields[] = {
    NEED("key", PL_TALO_TEXT, parley_talo_prop, key),
    NEED("value", PL_TALO_TEXT, parley_talo_prop, value),
};
static const struct pl_talo_shape prop_shape = SHAPE(parley_talo_prop, prop_fields);

static const struct pl_talo_field membership_fields[] = {
    NEED("id", PL_TALO_TEXT, parley_talo_membership, id),
    TEXT("name", parley_talo_membership, name),
};
static const struct pl_talo_shape membership_shape =
    SHAPE(parley_talo_membership, membership_fields);

static const struct pl_talo_field auth_fields[] = {
    TEXT("email", parley_talo_auth, email),
    NEED("verificationEnabled", PL_TALO_BOOL, parley_talo_auth, verification_is_on),
};
static const struct pl_talo_shape auth_shape = SHAPE(parley_talo_auth, auth_fields);

static const struct pl_talo_field presence_fields[] = {
    POINTER("playerAlias", parley_talo_presence, alias, &pl_talo_alias_shape),
    TEXT("customStatus", parley_talo_presence, custom_status),
    DATE("updatedAt", parley_talo_presence, updated_ms),
    NEED("online", PL_TALO_BOOL, parley_talo_presence, is_online),
};
static const struct pl_talo_shape presence_shape = SHAPE(parley_talo_presence, presence_fields);

static const struct pl_talo_field player_fields[] = {
    NEED("id", PL_TALO_TEXT, parley_talo_player, id),
    LIST("props", parley_talo_player, props, prop_count, &prop_shape),
    LIST("aliases", parley_talo_player, aliases, alias_count, &pl_talo_alias_shape),
    LIST("groups", parley_talo_player, groups, group_count, &membership_shape),
    POINTER("presence", parley_talo_player, presence, &presence_shape),
    POINTER("auth", parley_talo_player, auth, &auth_shape),
    DATE("createdAt", parley_talo_player, created_ms),
    DATE("lastSeenAt", parley_talo_player, last_seen_ms),
    BOOL("devBuild", parley_talo_player, is_dev_build),
};
static const struct pl_talo_shape player_shape = SHAPE(parley_talo_player, player_fields);

static const struct pl_talo_field alias_fields[] = {
    NEED("id", PL_TALO_INT, parley_talo_alias, id),
    TEXT("service", parley_talo_alias, service),
    TEXT("identifier", parley_talo_alias, identifier),
    TEXT("displayName", parley_talo_alias, display_name),
    INLINE("player", parley_talo_alias, player, &player_shape),
    DATE("lastSeenAt", parley_talo_alias, last_seen_ms),
    DATE("createdAt", parley_talo_alias, created_ms),
    DATE("updatedAt", parley_talo_alias, updated_ms),
};
const struct pl_talo_shape pl_talo_alias_shape = SHAPE(parley_talo_alias, alias_fields);

static const struct pl_talo_field channel_fields[] = {
    NEED("id", PL_TALO_INT, parley_talo_channel, id),
    TEXT("name", parley_talo_channel, name),
    POINTER("owner", parley_talo_channel, owner, &pl_talo_alias_shape),
    LIST("props", parley_talo_channel, props, prop_count, &prop_shape),
    INT("totalMessages", parley_talo_channel, message_count),
    ROW("memberCount", PL_TALO_COUNTED, parley_talo_channel, member_count, NULL),
    DATE("createdAt", parley_talo_channel, created_ms),
    DATE("updatedAt", parley_talo_channel, updated_ms),
    BOOL("autoCleanup", parley_talo_channel, auto_cleanup),
    BOOL("private", parley_talo_channel, is_private),
    BOOL("temporaryMembership", parley_talo_channel, temporary_membership),
};
static const struct pl_talo_shape channel_shape = SHAPE(parley_talo_channel, channel_fields);

static const struct pl_talo_field stored_fields[] = {
    NEED("key", PL_TALO_TEXT, parley_talo_stored, key),
    NEED("value", PL_TALO_TEXT, parley_talo_stored, value),
    POINTER("createdBy", parley_talo_stored, created_by, &pl_talo_alias_shape),
    POINTER("lastUpdatedBy", parley_talo_stored, updated_by, &pl_talo_alias_shape),
    DATE("createdAt", parley_talo_stored, created_ms),
    DATE("updatedAt", parley_talo_stored, updated_ms),
};
static const struct pl_talo_shape stored_shape = SHAPE(parley_talo_stored, stored_fields);

static const struct pl_talo_field subscription_fields[] = {
    NEED("id", PL_TALO_INT, parley_talo_subscription, id),
    POINTER("subscriber", parley_talo_subscription, subscriber, &pl_talo_alias_shape),
    POINTER("subscribedTo", parley_talo_subscription, subscribed_to, &pl_talo_alias_shape),
    TEXT("relationshipType", parley_talo_subscription, relationship_type),
    DATE("createdAt", parley_talo_subscription, created_ms),
    DATE("updatedAt", parley_talo_subscription, updated_ms),
    BOOL("confirmed", parley_talo_subscription, is_confirmed),
};
static const struct pl_talo_shape subscription_shape =
    SHAPE(parley_talo_subscription, subscription_fields);

static const struct pl_talo_field group_fields[] = {
    NEED("id", PL_TALO_TEXT, parley_talo_group, id),
    TEXT("name", parley_talo_group, name),
    TEXT("description", parley_talo_group, description),
    LIST("members", parley_talo_group, members, member_count, &player_shape),
    INT("count", parley_talo_group, count),
    DATE("updatedAt", parley_talo_group, updated_ms),
    BOOL("membersVisible", parley_talo_group, members_are_visible),
};
static const struct pl_talo_shape group_shape = SHAPE(parley_talo_group, group_fields);

static const struct pl_talo_field rejected_fields[] = {
    NEED("key", PL_TALO_TEXT, parley_talo_rejected, key),
    TEXT("error", parley_talo_rejected, code),
    TEXT("message", parley_talo_rejected, message),
};
static const struct pl_talo_shape rejected_shape = SHAPE(parley_talo_rejected, rejected_fields);

static const struct pl_talo_field page_fields[] = {
    INT("count", parley_talo_page, count),
    INT("itemsPerPage", parley_talo_page, per_page),
    BOOL("isLastPage", parley_talo_page, is_last),
};
static const struct pl_talo_shape page_shape = SHAPE(parley_talo_page, page_fields);

/* No two answers use one key for different things, so there is one table for all. */
static const struct pl_talo_field result_fields[] = {
    TEXT("errorCode", parley_talo_result, code),
    TEXT("message", parley_talo_result, message),
    POINTER("alias", parley_talo_result, alias, &pl_talo_alias_shape),
    POINTER("player", parley_talo_result, player, &player_shape),
    POINTER("presence", parley_talo_result, presence, &presence_shape),
    POINTER("channel", parley_talo_result, channel, &channel_shape),
    POINTER("subscription", parley_talo_result, subscription, &subscription_shape),
    POINTER("group", parley_talo_result, group, &group_shape),
    POINTER("prop", parley_talo_result, stored, &stored_shape),
    LIST("players", parley_talo_result, players, player_count, &player_shape),
    LIST("members", parley_talo_result, members, member_count, &pl_talo_alias_shape),
    LIST("channels", parley_talo_result, channels, channel_count, &channel_shape),
    LIST("subscriptions", parley_talo_result, subscriptions, subscription_count,
         &subscription_shape),
    LIST("config", parley_talo_result, config, config_count, &prop_shape),
    LIST("props", parley_talo_result, storage, storage_count, &stored_shape),
    LIST("upsertedProps", parley_talo_result, storage, storage_count, &stored_shape),
    LIST("deletedProps", parley_talo_result, deleted, deleted_count, &stored_shape),
    LIST("failedProps", parley_talo_result, rejected, rejected_count, &rejected_shape),
    LIST("rejectedProps", parley_talo_result, rejected, rejected_count, &rejected_shape),
    INLINE("membersPagination", parley_talo_result, page, &page_shape),
    INT("count", parley_talo_result, page.count),
    INT("itemsPerPage", parley_talo_result, page.per_page),
    BOOL("isLastPage", parley_talo_result, page.is_last),
    TEXT("ticket", parley_talo_result, ticket),
    TEXT("socketToken", parley_talo_result, socket_token),
    TEXT("sessionToken", parley_talo_result, session_token),
    TEXT("refreshToken", parley_talo_result, refresh_token),
    INT("aliasId", parley_talo_result, alias_id),
    BOOL("verificationRequired", parley_talo_result, verification_required),
};
const struct pl_talo_shape pl_talo_result_shape = SHAPE(parley_talo_result, result_fields);

/* --- messages --- */

static const struct pl_talo_field error_fields[] = {
    TEXT("req", parley_talo_error, req),
    TEXT("errorCode", parley_talo_error, code),
    TEXT("message", parley_talo_error, message),
    TEXT("cause", parley_talo_error, cause),
};
const struct pl_talo_shape pl_talo_error_shape = SHAPE(parley_talo_error, error_fields);

static const struct pl_talo_field meta_fields[] = {
    BOOL("onlineChanged", parley_talo_message, online_changed),
    BOOL("customStatusChanged", parley_talo_message, custom_status_changed),
    INT("reason", parley_talo_message, leave_reason),
};
static const struct pl_talo_shape meta_shape = SHAPE(parley_talo_message, meta_fields);

static const struct pl_talo_field message_fields[] = {
    POINTER("playerAlias", parley_talo_message, alias, &pl_talo_alias_shape),
    POINTER("newOwner", parley_talo_message, alias, &pl_talo_alias_shape),
    POINTER("channel", parley_talo_message, channel, &channel_shape),
    TEXT("message", parley_talo_message, text),
    POINTER("presence", parley_talo_message, presence, &presence_shape),
    POINTER("subscription", parley_talo_message, subscription, &subscription_shape),
    POINTER("reciprocalSubscription", parley_talo_message, reciprocal, &subscription_shape),
    LIST("config", parley_talo_message, config, config_count, &prop_shape),
    LIST("upsertedProps", parley_talo_message, upserted, upserted_count, &stored_shape),
    LIST("deletedProps", parley_talo_message, deleted, deleted_count, &stored_shape),
    {PL_STR_INIT("changedProperties"), PL_TALO_TEXTS, false,
     offsetof(struct parley_talo_message, changed),
     offsetof(struct parley_talo_message, changed_count), NULL},
    {PL_STR_INIT("meta"), PL_TALO_INLINE, false, 0, 0, &meta_shape}, /* into the same struct */
};
const struct pl_talo_shape pl_talo_message_shape = SHAPE(parley_talo_message, message_fields);
