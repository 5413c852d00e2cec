/* Operations on relationships: who receives whose broadcasts (spec talo, 3.13). The subscriber
 * receives what `target` (subscribedTo) sends.
 * Threads: `run` is the worker's, everything else the hub's. */
#ifndef PL_STORE_TALO_RELATIONSHIPS_H
#define PL_STORE_TALO_RELATIONSHIPS_H

#include "store/talo/channels.h"

enum pl_talo_subscription_refusal {
    PL_TALO_SUBSCRIPTION_NO_ALIAS = 1, /* 404 Player not found: the acting alias */
    PL_TALO_SUBSCRIPTION_NO_TARGET,    /* 404 Player alias for subscription not found */
    PL_TALO_SUBSCRIPTION_IS_SELF,      /* 400 Cannot subscribe to yourself */
    PL_TALO_SUBSCRIPTION_EXISTS,       /* 400 Subscription already exists */
    PL_TALO_SUBSCRIPTION_NO_REQUEST,   /* 404 Subscription request not found */
    PL_TALO_SUBSCRIPTION_NOT_FOUND,    /* 404 Subscription not found */
};

/* POST /v1/players/relationships. Events: created to the target's connections. */
struct pl_talo_op_subscription_create {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;        /* the acting one, who subscribes */
    int64_t target_id;       /* to this one */
    int64_t subscription_id; /* a new one */
    bool is_bidirectional;
    int64_t now_ms;
    struct pl_talo_subscription subscription; /* not confirmed */
};
extern const struct pl_store_op_type pl_talo_op_subscription_create_type;

/* PUT .../{id}/confirm. From now on the subscriber receives the target's broadcasts, and the other
 * way round if there is a reciprocal. Events: confirmed (of subscription alone) to the
 * subscriber's connections. */
struct pl_talo_op_subscription_confirm {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id; /* the acting one: the target */
    int64_t subscription_id;
    int64_t reciprocal_id; /* a new one, for the reciprocal that may be made */
    int64_t now_ms;
    struct pl_talo_subscription subscription;
    struct pl_talo_subscription *reciprocal; /* of a bidirectional one; confirmed. NULL: none */
};
extern const struct pl_store_op_type pl_talo_op_subscription_confirm_type;

enum pl_talo_subscription_side {
    PL_TALO_AS_SUBSCRIBER, /* .../subscriptions: whom the acting alias is subscribed to */
    PL_TALO_AS_TARGET,     /* .../subscribers: who is subscribed to the acting alias */
};

enum pl_talo_tristate {
    PL_TALO_ANY,
    PL_TALO_YES,
    PL_TALO_NO,
};

/* By id. */
struct pl_talo_op_subscription_list {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id;
    enum pl_talo_subscription_side side;
    int64_t page;
    enum pl_talo_tristate is_confirmed;
    enum pl_talo_tristate is_bidirectional;
    bool has_other_id;
    int64_t other_id; /* the alias of the other side */
    struct pl_talo_subscription *subscriptions;
    size_t subscription_count;
    int64_t total; /* of all pages */
};
extern const struct pl_store_op_type pl_talo_op_subscription_list_type;

/* DELETE .../{id}. Nobody of the two receives the other's broadcasts any more by what was deleted.
 * Events: deleted, with both as they were, to the connections of both sides. */
struct pl_talo_op_subscription_delete {
    struct pl_store_op op;
    int64_t game_id;
    int64_t alias_id; /* the acting one: the subscriber */
    int64_t subscription_id;
    struct pl_talo_subscription subscription;
    struct pl_talo_subscription *reciprocal; /* NULL: none was deleted */
};
extern const struct pl_store_op_type pl_talo_op_subscription_delete_type;

#endif
