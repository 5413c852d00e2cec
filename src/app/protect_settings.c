/* Protection, as the settings have it. */
#include "app/protect_settings.h"

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

void pl_protect_settings_set_origins(struct pl_web *web, const struct pl_settings *settings)
{
    const struct pl_setting_list *origins = &settings->protect.origins;
    bool is_any = lists(origins, PL_STR("*"));
    pl_web_set_origins(web, is_any ? NULL : origins->items, is_any ? 0 : origins->count);
}
