/* Protection, as the settings have it. */
#include "app/protect_settings.h"

#include "base/alloc.h"
#include "base/env.h"
#include "base/hash.h"
#include "web/origin.h"

static bool lists(const struct pl_setting_list *list, struct pl_str item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (pl_str_eq(list->items[i], item)) {
            return true;
        }
    }
    return false;
}

/* Whether CORS lets pages of that origin read answers that they do not get. What is asked of the
 * request's own host ("same-origin") depends on the request. */
static bool contradicts(const struct pl_setting_list *allowed, struct pl_str origin)
{
    return !pl_str_eq(origin, PL_STR("*")) && !pl_str_eq(origin, PL_STR("true")) &&
           !lists(allowed, PL_STR("same-origin")) &&
           !pl_origin_is_allowed(allowed->items, allowed->count, origin, PL_STR(""));
}

int pl_protect_settings_check(const struct pl_settings *settings, struct pl_error *err)
{
    const struct pl_settings_cors *cors = &settings->socketio.cors;
    if (cors->credentials && lists(&cors->origin, PL_STR("*"))) {
        return pl_error_set(err, PL_E_INVALID,
                            "socketio.cors.origin is * and socketio.cors.credentials is true: "
                            "browsers refuse that; name the origins");
    }
    for (size_t i = 0; i < cors->origin.count; i++) {
        if (contradicts(&settings->protect.origins, cors->origin.items[i])) {
            return pl_error_set(err, PL_E_INVALID,
                                "socketio.cors.origin has '" PL_STR_FMT
                                "', which protect.origins does not allow",
                                PL_STR_ARG(cors->origin.items[i]));
        }
    }
    return 0;
}

/* Each was read before, by the setting's own check. */
static void read_cidrs(struct pl_cidr *out, const struct pl_setting_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        int rc = pl_cidr_parse(&out[i], list->items[i], NULL);
        PL_ASSERT(rc == 0);
    }
}

/* `exempt` is the caller's, for so many blocks as the two settings have. A trusted proxy has no limit
 * of its own: its clients have theirs. */
static struct pl_peers_limits read_limits(struct pl_cidr *exempt,
                                          const struct pl_settings *settings)
{
    const struct pl_settings_protect *protect = &settings->protect;
    read_cidrs(exempt, &protect->exempt);
    read_cidrs(exempt + protect->exempt.count, &settings->proxies.trusted);
    return (struct pl_peers_limits){
        .connections_max = protect->per_address.connections_max,
        .connects_per_second = protect->per_address.connects_per_second,
        .connects_burst = protect->per_address.connects_burst,
        .requests_per_second = protect->per_address.requests_per_second,
        .requests_burst = protect->per_address.requests_burst,
        .remembered_max = protect->per_address.remembered_max,
        .exempt = exempt,
        .exempt_count = protect->exempt.count + settings->proxies.trusted.count,
    };
}

void pl_protect_settings_set_peers(struct pl_peers *peers, const struct pl_settings *settings)
{
    size_t count = settings->protect.exempt.count + settings->proxies.trusted.count;
    struct pl_cidr *exempt = pl_alloc_array(count + 1, sizeof(*exempt));
    struct pl_peers_limits limits = read_limits(exempt, settings);
    pl_peers_set(peers, &limits);
    pl_free(exempt);
}

struct pl_peers *pl_protect_settings_create_peers(void)
{
    struct pl_env env = pl_env_system();
    uint8_t hash_key[PL_SIPHASH_KEY_BYTES];
    env.random(env.user, hash_key, sizeof(hash_key));
    return pl_peers_create(&(struct pl_peers_limits){0}, hash_key);
}

void pl_protect_settings_set_origins(struct pl_web *web, const struct pl_settings *settings)
{
    const struct pl_setting_list *origins = &settings->protect.origins;
    bool is_any = lists(origins, PL_STR("*"));
    pl_web_set_origins(web, is_any ? NULL : origins->items, is_any ? 0 : origins->count);
}
