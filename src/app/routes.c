/* HTTP routes of an application:
 * paths with a handler per method, folders of files, fixed contents. */
#include "app/app.h"

#include "app/websocket.h"
#include "base/alloc.h"
#include "base/hash.h"
#include "parley/http.h"
#include "web/content.h"
#include "web/static.h"

#include <stdio.h>

#define PREFIX_MAX 256
#define FILE_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

struct parley_routes {
    struct parley_app *app;
    char prefix[PREFIX_MAX];
};

struct method_row {
    struct method_row *next;
    void (*handler)(struct parley_request *request, void *user);
    void *user;
    char method[16]; /* "*": every one that has no row of its own */
};

/* One path, and what is behind it. */
struct route {
    struct pl_list in_app;
    char *path;
    bool is_prefix;
    struct method_row *methods;
    struct pl_content content;
    char etag[24]; /* of the content */
    struct pl_static *files;
    struct pl_app_websocket websocket;
};

/* --- registering --- */

int parley_routes_prefix(struct parley_routes *routes, const char *prefix)
{
    size_t len = strlen(prefix);
    if (len >= PREFIX_MAX || (len > 0 && prefix[0] != '/')) {
        return PARLEY_E_INVALID;
    }
    memcpy(routes->prefix, prefix, len + 1);
    while (len > 0 && routes->prefix[len - 1] == '/') {
        routes->prefix[--len] = '\0';
    }
    return 0;
}

/* The route of a path, made when it is not there; *is_new tells. NULL for what is no path. */
static struct route *get_route(struct parley_routes *routes, const char *path, bool *is_new)
{
    struct parley_app *app = routes->app;
    struct route *route = NULL;
    char full[PREFIX_MAX * 4];
    bool is_prefix = false;
    int len = snprintf(full, sizeof(full), "%s%s", routes->prefix, path);
    if (path[0] != '/' || strpbrk(path, "{}") != NULL || len < 0 || (size_t)len >= sizeof(full)) {
        return NULL;
    }
    if (len >= 2 && strcmp(full + len - 2, "/*") == 0) {
        is_prefix = true;
        full[len - 2] = '\0';
    } else if (len > 1 && full[len - 1] == '/') {
        full[len - 1] = '\0'; /* "/api/" under a prefix: trailing slashes do not count */
    }
    PL_LIST_EACH(node, &app->routes)
    {
        route = PL_CONTAINER_OF(node, struct route, in_app);
        if (strcmp(route->path, full) == 0 && route->is_prefix == is_prefix) {
            *is_new = false;
            return route;
        }
    }
    route = pl_alloc(sizeof(*route));
    route->path = pl_strdup_n(full, strlen(full));
    route->is_prefix = is_prefix;
    pl_list_push_back(&app->routes, &route->in_app);
    *is_new = true;
    return route;
}

static int add(struct parley_app *app, struct route *route, struct pl_route *row)
{
    struct pl_error err = {0};
    int rc = 0;
    row->path = pl_str_of_cstr(route->path[0] == '\0' ? "/" : route->path);
    row->match = route->is_prefix ? PL_ROUTE_PREFIX : PL_ROUTE_EXACT;
    row->owner = "application";
    rc = pl_web_route_add(app->web, row, &err);
    if (rc < 0) {
        parley_log(app, PARLEY_LOG_ERROR, "app.route", "path=%s reason=\"%s\"", route->path,
                   err.text);
    }
    return rc;
}

static const struct method_row *find_method(const struct route *route, struct pl_str method)
{
    const struct method_row *any = NULL;
    bool is_head = pl_str_eq(method, PL_STR("HEAD")); /* answered by GET, without the body */
    for (const struct method_row *row = route->methods; row != NULL; row = row->next) {
        if (pl_str_eq(method, pl_str_of_cstr(row->method)) ||
            (is_head && strcmp(row->method, "GET") == 0)) {
            return row;
        }
        any = strcmp(row->method, "*") == 0 ? row : any;
    }
    return any;
}

static void refuse_method(struct pl_web_request *request, const struct route *route)
{
    struct pl_buf allow;
    int rc = 0;
    pl_buf_init(&allow, 512);
    for (const struct method_row *row = route->methods; row != NULL; row = row->next) {
        pl_buf_addf(&allow, "%s%s", row == route->methods ? "" : ", ", row->method);
    }
    rc = pl_web_request_add_header(request, PL_STR("Allow"), pl_buf_str(&allow), NULL);
    PL_ASSERT(rc == 0);
    pl_buf_fini(&allow);
    pl_web_respond_text(request, 405, PL_STR("Method Not Allowed\n"));
}

static void on_request(struct pl_web_request *request, void *user)
{
    const struct route *route = user;
    const struct method_row *row = find_method(route, pl_web_request_head(request)->method_text);
    if (row == NULL) {
        refuse_method(request, route);
        return;
    }
    pl_web_request_keep(
        request); /* until it answers (app/request.c), which may be long after the client left */
    row->handler((struct parley_request *)request, row->user);
}

static bool is_method(const char *text)
{
    static const char *const methods[] = {"*",   "GET",   "HEAD",   "POST",
                                          "PUT", "PATCH", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < PL_ARRAY_LEN(methods); i++) {
        if (strcmp(text, methods[i]) == 0) {
            return true;
        }
    }
    return false;
}

int parley_route(struct parley_routes *routes, const char *method, const char *path,
                 void (*handler)(struct parley_request *request, void *user), void *user)
{
    bool is_new = false;
    struct route *route = NULL;
    struct method_row *row = NULL;
    if (handler == NULL || !is_method(method)) {
        return PARLEY_E_INVALID;
    }
    route = get_route(routes, path, &is_new);
    if (route == NULL) {
        return PARLEY_E_INVALID;
    }
    for (row = route->methods; row != NULL; row = row->next) {
        if (strcmp(row->method, method) == 0) {
            return PARLEY_E_EXISTS;
        }
    }
    if (!is_new && route->methods == NULL) {
        return PARLEY_E_EXISTS; /* files, contents or a WebSocket are there */
    }
    row = pl_alloc(sizeof(*row));
    *row = (struct method_row){.next = route->methods, .handler = handler, .user = user};
    memcpy(row->method, method, strlen(method) + 1);
    route->methods = row;
    if (!is_new) {
        return 0;
    }
    return add(
        routes->app, route,
        &(struct pl_route){.user = route,
                           .on_request = on_request,
                           .body_limit_bytes = routes->app->settings->http.body_limit_bytes});
}

/* --- contents and files --- */

static void on_content(struct pl_web_request *request, void *user)
{
    pl_content_respond(request, &((const struct route *)user)->content);
}

int parley_route_content(struct parley_routes *routes, const char *path, const char *content_type,
                         const void *content, size_t len)
{
    static const uint8_t no_key[16]; /* the ETag tells versions apart, and is no secret */
    bool is_new = false;
    struct route *route = get_route(routes, path, &is_new);
    if (route == NULL || !is_new) {
        return route == NULL ? PARLEY_E_INVALID : PARLEY_E_EXISTS;
    }
    snprintf(route->etag, sizeof(route->etag), "\"%016llx\"",
             (unsigned long long)pl_siphash(no_key, content, len));
    route->content = (struct pl_content){
        .etag = pl_str_of_cstr(route->etag),
        .last_modified_s = PL_CONTENT_LAST_MODIFIED_NONE,
        .type = pl_str_of_cstr(content_type),
        .cache_control = PL_STR("no-cache"),
        .size_bytes = len,
        .part_limit_bytes = SIZE_MAX,
        .owner = route,
        .read = pl_content_read_memory,
        .bytes = content,
    };
    return add(
        routes->app, route,
        &(struct pl_route){.user = route, .methods = 1u << PL_HTTP_GET, .on_request = on_content});
}

int parley_route_files(struct parley_routes *routes, const char *url_prefix, const char *folder)
{
    struct pl_error err = {0};
    bool is_new = false;
    struct route *route = get_route(routes, url_prefix, &is_new);
    int rc = 0;
    if (route == NULL || !is_new) {
        return route == NULL ? PARLEY_E_INVALID : PARLEY_E_EXISTS;
    }
    rc = pl_static_add(&route->files, routes->app->web,
                       &(struct pl_static_config){
                           .owner = "application",
                           .folder = pl_str_of_cstr(folder),
                           .prefix = pl_str_of_cstr(route->path[0] == '\0' ? "/" : route->path),
                           .index = PL_STR("index.html"),
                           .falls_back_to_index = true,
                           .cache_control = PL_STR("no-cache"),
                           .file_limit_bytes = FILE_LIMIT_BYTES,
                       },
                       &err);
    if (rc < 0) {
        parley_log(routes->app, PARLEY_LOG_ERROR, "app.route", "folder=%s reason=\"%s\"", folder,
                   err.text);
    }
    return rc;
}

int parley_route_websocket(struct parley_routes *routes, const char *path,
                           const struct parley_ws_hooks *hooks, void *user)
{
    bool is_new = false;
    struct route *route = get_route(routes, path, &is_new);
    if (route == NULL || !is_new || hooks->on_message == NULL) {
        return route == NULL || is_new ? PARLEY_E_INVALID : PARLEY_E_EXISTS;
    }
    route->websocket = (struct pl_app_websocket){routes->app, *hooks, user};
    return add(routes->app, route,
               &(struct pl_route){.user = &route->websocket,
                                  .methods = 1u << PL_HTTP_GET,
                                  .on_request = pl_app_websocket_on_request,
                                  .on_upgrade = pl_app_websocket_on_upgrade});
}

/* --- life --- */

int pl_app_run_routes_hook(struct parley_app *app)
{
    struct parley_routes routes = {.app = app};
    return app->hooks->routes == NULL ? 0 : app->hooks->routes(app, &routes);
}

static void free_route(struct route *route)
{
    while (route->methods != NULL) {
        struct method_row *row = route->methods;
        route->methods = row->next;
        pl_free(row);
    }
    pl_static_destroy(route->files);
    pl_free(route->path);
    pl_free(route);
}

void pl_app_free_routes(struct parley_app *app)
{
    struct pl_list *node = NULL;
    while ((node = pl_list_pop_front(&app->routes)) != NULL) {
        free_route(PL_CONTAINER_OF(node, struct route, in_app));
    }
}
