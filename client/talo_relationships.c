/* Subscriptions between players, over REST. Source: shared spec talo.md 3.13. */
#include "client/talo_internal.h"

#include <inttypes.h>

static const char *name_of(enum parley_talo_relationship type)
{
    switch (type) {
    case PARLEY_TALO_ANY_RELATIONSHIP:
        break;
    case PARLEY_TALO_UNIDIRECTIONAL:
        return "unidirectional";
    case PARLEY_TALO_BIDIRECTIONAL:
        return "bidirectional";
    }
    return NULL;
}

int parley_talo_subscribe(struct parley_talo *talo, int64_t alias_id,
                          enum parley_talo_relationship type, parley_talo_done *done, void *user)
{
    struct pl_json_writer writer;
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    if (rc == 0 && name_of(type) == NULL) {
        rc = pl_client_fail(talo->client, PL_E_INVALID,
                            "a subscription is unidirectional or bidirectional");
    }
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("POST", done, user, "/v1/players/relationships");
    if (call != NULL) {
        pl_json_writer_init(&writer, &call->body);
        pl_json_object_begin(&writer);
        pl_talo_put_int(&writer, "aliasId", alias_id);
        pl_talo_put_text(&writer, "relationshipType", name_of(type));
        pl_json_object_end(&writer);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_subscription_confirm(struct parley_talo *talo, int64_t subscription_id,
                                     parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter_as_player(talo);
    return rc < 0 ? rc
                  : pl_talo_call_make(talo, pl_talo_call_for("PUT", done, user,
                                                             "/v1/players/relationships/%" PRId64
                                                             "/confirm",
                                                             subscription_id));
}

int parley_talo_subscription_delete(struct parley_talo *talo, int64_t subscription_id,
                                    parley_talo_done *done, void *user)
{
    int rc = pl_talo_enter_as_player(talo);
    return rc < 0 ? rc
                  : pl_talo_call_make(talo, pl_talo_call_for("DELETE", done, user,
                                                             "/v1/players/relationships/%" PRId64,
                                                             subscription_id));
}

/* --- lists --- */

static const struct parley_talo_subscription_query all_subscriptions;

static void write_query(struct pl_buf *target, const struct parley_talo_subscription_query *query)
{
    pl_talo_write_query_int(target, "page", query->page);
    if (query->is_confirmed != PARLEY_TALO_ANY) {
        pl_talo_write_query(target, "confirmed",
                            query->is_confirmed == PARLEY_TALO_YES ? "true" : "false");
    }
    if (query->alias_id != 0) {
        pl_talo_write_query_int(target, "aliasId", query->alias_id);
    }
    pl_talo_write_query(target, "relationshipType", name_of(query->type));
}

static int list(struct parley_talo *talo, const char *target, pl_talo_after *after,
                const struct parley_talo_subscription_query *query, parley_talo_done *done,
                void *user)
{
    struct pl_talo_call *call = NULL;
    int rc = pl_talo_enter_as_player(talo);
    if (rc < 0) {
        return rc;
    }
    call = pl_talo_call_for("GET", done, user, "%s", target);
    if (call != NULL) {
        call->after = after;
        write_query(&call->target, query == NULL ? &all_subscriptions : query);
    }
    return pl_talo_call_make(talo, call);
}

int parley_talo_subscribers(struct parley_talo *talo,
                            const struct parley_talo_subscription_query *query,
                            parley_talo_done *done, void *user)
{
    return list(talo, "/v1/players/relationships/subscribers", NULL, query, done, user);
}

int parley_talo_subscriptions(struct parley_talo *talo,
                              const struct parley_talo_subscription_query *query,
                              parley_talo_done *done, void *user)
{
    return list(talo, "/v1/players/relationships/subscriptions", NULL, query, done, user);
}

/* --- by the other player: the list is asked for, and its call becomes the one that acts --- */

static bool act_on_first(struct parley_talo *talo, struct pl_talo_call *call,
                         struct parley_talo_result *result, const char *method, const char *behind)
{
    if (result->error < 0) {
        return false;
    }
    if (result->subscription_count == 0) {
        result->error = PL_E_NOT_FOUND;
        result->message = "there is no such subscription";
        return false;
    }
    call->method = method;
    call->after = NULL;
    pl_buf_clear(&call->target);
    pl_buf_addf(&call->target, "/v1/players/relationships/%" PRId64 "%s",
                result->subscriptions[0].id, behind);
    if (pl_buf_failed(&call->target)) {
        result->error = PL_E_NOMEM;
        result->message = "no memory for a request";
        return false;
    }
    pl_talo_call_again(talo, call);
    return true;
}

static bool after_subscribers(struct parley_talo *talo, struct pl_talo_call *call,
                              struct parley_talo_result *result, struct pl_str body)
{
    (void)body;
    return act_on_first(talo, call, result, "PUT", "/confirm");
}

static bool after_subscriptions(struct parley_talo *talo, struct pl_talo_call *call,
                                struct parley_talo_result *result, struct pl_str body)
{
    (void)body;
    return act_on_first(talo, call, result, "DELETE", "");
}

int parley_talo_confirm_from(struct parley_talo *talo, int64_t alias_id, parley_talo_done *done,
                             void *user)
{
    const struct parley_talo_subscription_query query = {.is_confirmed = PARLEY_TALO_NO,
                                                         .alias_id = alias_id};
    return list(talo, "/v1/players/relationships/subscribers", after_subscribers, &query, done,
                user);
}

int parley_talo_unsubscribe_from(struct parley_talo *talo, int64_t alias_id, parley_talo_done *done,
                                 void *user)
{
    const struct parley_talo_subscription_query query = {.alias_id = alias_id};
    return list(talo, "/v1/players/relationships/subscriptions", after_subscriptions, &query, done,
                user);
}
