/* Talo's dialect as a whole: sockets and REST in front of one world. */
#include "dialect/talo/dialect_internal.h"

#include "base/alloc.h"

static struct pl_talo_rest_limits rest_limits(const struct pl_talo_limits *limits)
{
    return (struct pl_talo_rest_limits){.auth_per_minute = limits->rest_auth_per_minute,
                                        .default_per_minute = limits->rest_default_per_minute};
}

static int open_rest(struct pl_talo_dialect *dialect, struct pl_error *err)
{
    const struct pl_talo_params *params = &dialect->params;
    return pl_talo_rest_create(&dialect->rest,
                               &(struct pl_talo_rest_config){
                                   .web = params->web,
                                   .talo = params->talo,
                                   .log = params->log,
                                   .limits = rest_limits(&params->limits),
                                   .profanity = params->profanity,
                                   .auth = dialect->auth,
                                   .owner = "talo",
                               },
                               err);
}

static void open_auth(struct pl_talo_dialect *dialect)
{
    const struct pl_talo_params *params = &dialect->params;
    dialect->auth = pl_talo_auth_service_create(&(struct pl_talo_auth_config){
        .hub = params->hub,
        .crypto = params->crypto,
        .mail = params->mail,
        .log = params->log,
        .bcrypt_cost = params->limits.bcrypt_cost,
    });
}

int pl_talo_dialect_create(struct pl_talo_dialect **out, const struct pl_talo_params *params,
                           struct pl_error *err)
{
    struct pl_talo_dialect *dialect = pl_alloc(sizeof(*dialect));
    int rc = 0;
    dialect->params = *params;
    open_auth(dialect);
    rc = pl_talo_sockets_open(dialect, err);
    if (rc == 0) {
        rc = open_rest(dialect, err);
    }
    if (rc < 0) {
        pl_talo_dialect_destroy(dialect);
        return rc;
    }
    *out = dialect;
    return 0;
}

void pl_talo_dialect_configure(struct pl_talo_dialect *dialect, const struct pl_talo_limits *limits)
{
    struct pl_talo_rest_limits rest = rest_limits(limits);
    dialect->params.limits = *limits;
    pl_talo_rest_set_limits(dialect->rest, &rest);
    pl_talo_auth_service_set_cost(dialect->auth, limits->bcrypt_cost);
}

void pl_talo_dialect_leave(struct pl_talo_dialect *dialect, uint16_t code)
{
    dialect->is_leaving = true;
    pl_talo_sockets_leave(dialect, code);
}

void pl_talo_dialect_destroy(struct pl_talo_dialect *dialect)
{
    if (dialect == NULL) {
        return;
    }
    PL_ASSERT(pl_list_is_empty(&dialect->sockets));
    pl_timer_stop(pl_hub_timers(dialect->params.hub), &dialect->beat_timer);
    pl_talo_rest_destroy(dialect->rest);
    pl_talo_auth_service_destroy(dialect->auth);
    pl_free(dialect);
}
