/* Who hears whose broadcasts. */
#include "model_internal.h"

static struct model_subscription *find_subscription(struct model *model, int subscriber, int target)
{
    for (int i = 0; i < MODEL_SUBSCRIPTIONS_MAX; i++) {
        struct model_subscription *subscription = &model->subscriptions[i];
        if (subscription->exists && subscription->subscriber == subscriber &&
            subscription->target == target) {
            return subscription;
        }
    }
    return NULL;
}

bool model_complete_subscribe(struct model *model, const struct pl_talo_op_subscription_create *op,
                              struct model_outcome outcome)
{
    int subscriber = (int)op->alias_id - 1;
    int target = (int)op->target_id - 1;
    if (subscriber == target || find_subscription(model, subscriber, target) != NULL) {
        return false;
    }
    if (outcome.has_happened) {
        model->subscriptions[op->subscription_id - 1] =
            (struct model_subscription){.exists = true,
                                        .is_bidirectional = op->is_bidirectional,
                                        .subscriber = subscriber,
                                        .target = target};
    }
    if (outcome.is_known) {
        MODEL_TELL_ALIAS(model, target, "created %lld;", (long long)op->subscription_id);
    }
    return true;
}

static struct model_subscription *
confirm_reciprocal(struct model *model, const struct model_subscription *subscription, int64_t id)
{
    struct model_subscription *reciprocal =
        find_subscription(model, subscription->target, subscription->subscriber);
    if (reciprocal == NULL) {
        reciprocal = &model->subscriptions[id - 1];
        *reciprocal = (struct model_subscription){.exists = true,
                                                  .is_bidirectional = true,
                                                  .subscriber = subscription->target,
                                                  .target = subscription->subscriber};
    }
    reciprocal->is_confirmed = true;
    return reciprocal;
}

bool model_complete_confirm(struct model *model, const struct pl_talo_op_subscription_confirm *op,
                            struct model_outcome outcome)
{
    struct model_subscription *subscription = &model->subscriptions[op->subscription_id - 1];
    const struct model_subscription *reciprocal = NULL;
    if (!subscription->exists || subscription->is_confirmed ||
        subscription->target != (int)op->alias_id - 1) {
        return false;
    }
    if (!outcome.has_happened) {
        return true;
    }
    subscription->is_confirmed = true;
    if (subscription->is_bidirectional) {
        reciprocal = confirm_reciprocal(model, subscription, op->reciprocal_id);
    }
    if (outcome.is_known) {
        model_hear(model, subscription, true);
        if (reciprocal != NULL) {
            model_hear(model, reciprocal, true);
        }
        MODEL_TELL_ALIAS(model, subscription->subscriber, "confirmed %lld;",
                         (long long)op->subscription_id);
    }
    return true;
}

bool model_complete_unsubscribe(struct model *model,
                                const struct pl_talo_op_subscription_delete *op,
                                struct model_outcome outcome)
{
    struct model_subscription *subscription = &model->subscriptions[op->subscription_id - 1];
    struct model_subscription *reciprocal = NULL;
    if (!subscription->exists || subscription->subscriber != (int)op->alias_id - 1) {
        return false;
    }
    if (!outcome.has_happened) {
        return true;
    }
    if (subscription->is_bidirectional) {
        reciprocal = find_subscription(model, subscription->target, subscription->subscriber);
    }
    subscription->exists = false;
    if (reciprocal != NULL) {
        reciprocal->exists = false;
    }
    if (outcome.is_known) {
        int other = reciprocal == NULL ? 0 : (int)(reciprocal - model->subscriptions) + 1;
        model_hear(model, subscription, false);
        if (reciprocal != NULL) {
            model_hear(model, reciprocal, false);
        }
        MODEL_TELL_ALIAS(model, subscription->subscriber, "ended %lld %d;",
                         (long long)op->subscription_id, other);
        MODEL_TELL_ALIAS(model, subscription->target, "ended %lld %d;",
                         (long long)op->subscription_id, other);
    }
    return true;
}
