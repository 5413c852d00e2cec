/* /healthz, /readyz, /metrics and the empty page. */
#include "app/builtin_routes.h"

#define METRICS_LIMIT_BYTES (1024u * 1024)

static void on_healthz(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_text(request, 200, PL_STR("ok\n"));
}

static void on_readyz(struct pl_web_request *request, void *user)
{
    if (((const struct pl_builtin_routes *)user)->is_draining) {
        pl_web_respond_text(request, 503, PL_STR("draining\n"));
        return;
    }
    pl_web_respond_text(request, 200, PL_STR("ready\n"));
}

static void on_metrics(struct pl_web_request *request, void *user)
{
    const struct pl_builtin_routes *routes = user;
    struct pl_web_header type = {PL_STR("Content-Type"),
                                 PL_STR("text/plain; version=0.0.4; charset=utf-8")};
    struct pl_metrics metrics = {0};
    struct pl_buf text;
    pl_buf_init(&text, METRICS_LIMIT_BYTES);
    routes->collect(routes->user, &metrics);
    pl_metrics_write(&text, &metrics);
    if (pl_buf_failed(&text)) {
        pl_web_respond_empty(request, 503);
    } else {
        pl_web_respond(request, &(struct pl_web_response){.status = 200,
                                                          .headers = &type,
                                                          .header_count = 1,
                                                          .body = pl_buf_str(&text)});
    }
    pl_buf_fini(&text);
}

static void on_root(struct pl_web_request *request, void *user)
{
    (void)user;
    pl_web_respond_empty(request, 200);
}

int pl_builtin_routes_add(struct pl_web *web, struct pl_builtin_routes *routes,
                          struct pl_error *err)
{
    static const struct {
        struct pl_str path;
        void (*on_request)(struct pl_web_request *request, void *user);
        bool gives_way; /* to an application that has the path, by a prefix too */
    } rows[] = {
        {PL_STR_INIT("/healthz"), on_healthz, false},
        {PL_STR_INIT("/readyz"), on_readyz, false},
        {PL_STR_INIT("/metrics"), on_metrics, false},
        {PL_STR_INIT("/"), on_root, true},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (rows[i].gives_way && pl_web_has_route(web, rows[i].path)) {
            routes->has_page = true;
            continue;
        }
        int rc = pl_web_route_add(web,
                                  &(struct pl_route){.path = rows[i].path,
                                                     .match = PL_ROUTE_EXACT,
                                                     .owner = "server",
                                                     .methods = 1u << PL_HTTP_GET,
                                                     .user = routes,
                                                     .on_request = rows[i].on_request},
                                  err);
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}
