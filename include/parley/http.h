/* HTTP routes of an application, on the same listener as its channels. A prefix of the routes does
 * not move the channels: those stay at the configured path of the server's root.
 * Threads: the hub's. */
#ifndef PARLEY_HTTP_H
#define PARLEY_HTTP_H

#include "parley/app.h"

#ifdef __cplusplus
extern "C" {
#endif

struct parley_request; /* borrowed until answered */
struct parley_ws;      /* a WebSocket of the application's own */

/* All routes added after this begin with `prefix` ("/api"); "" ends it. */
PARLEY_API int parley_routes_prefix(struct parley_routes *routes, const char *prefix);

/* A route: method "GET", "POST" ... or "*"; path exact ("/api/users") or, ending in "/" + "*",
 * everything below it; no part of it is a parameter. The handler answers now, or keeps the request
 * and answers later. PARLEY_E_INVALID for a path without a slash at the front or with braces, an
 * unknown method, or no handler; PARLEY_E_EXISTS when the application has that method and path
 * already. With a path of the server's own ("/healthz", "/readyz", "/metrics") it does not start. */
PARLEY_API int parley_route(struct parley_routes *routes, const char *method, const char *path,
                            void (*handler)(struct parley_request *request, void *user),
                            void *user);

/* Serve the files of a folder under a URL prefix ("/"): ETag, ranges, index.html. The pages of a
 * single-page application: paths that are no file give index.html to browsers. */
PARLEY_API int parley_route_files(struct parley_routes *routes, const char *url_prefix,
                                  const char *folder);

/* One file that is part of the program. Content is borrowed for good. */
PARLEY_API int parley_route_content(struct parley_routes *routes, const char *path,
                                    const char *content_type, const void *content, size_t len);

/* A WebSocket endpoint without any dialect. The server pings its clients and closes those that do
 * not answer (websocket.ping_interval_ms), holds them to rate.messages_per_second, and refuses pages
 * whose origin protect.origins does not allow. */
struct parley_ws_hooks {
    void (*on_open)(struct parley_ws *ws, void *user); /* optional */
    void (*on_message)(struct parley_ws *ws, bool is_text, const void *bytes, size_t len,
                       void *user);
    void (*on_close)(struct parley_ws *ws, uint16_t code,
                     void *user); /* optional; ws is gone after it */
};
PARLEY_API int parley_route_websocket(struct parley_routes *routes, const char *path,
                                      const struct parley_ws_hooks *hooks, void *user);
PARLEY_API int parley_ws_send(struct parley_ws *ws, bool is_text, const void *bytes, size_t len);
PARLEY_API void parley_ws_close(struct parley_ws *ws, uint16_t code, const char *reason);
PARLEY_API void parley_ws_set_user(struct parley_ws *ws, void *user);
PARLEY_API void *parley_ws_user(const struct parley_ws *ws);

/* --- a request --- */

/* What is asked. Texts are borrowed until the answer. */
PARLEY_API const char *parley_request_method(const struct parley_request *request);
PARLEY_API const char *parley_request_path(const struct parley_request *request);   /* decoded */
PARLEY_API const char *parley_request_target(const struct parley_request *request); /* as it came */
PARLEY_API const char *
parley_request_address(const struct parley_request *request); /* of the peer, numeric */
/* NULL when there is none. Borrowed until the answer. */
PARLEY_API const char *parley_request_header(const struct parley_request *request,
                                             const char *name);
PARLEY_API const char *parley_request_query(const struct parley_request *request, const char *name);
PARLEY_API const void *parley_request_body(const struct parley_request *request, size_t *len);
PARLEY_API struct parley_app *parley_request_app(const struct parley_request *request);

/* Whether its client still waits. A handler that keeps a request must answer it all the same: that
 * gives its memory back. */
PARLEY_API bool parley_request_is_open(const struct parley_request *request);

/* A header for the answer to come. PARLEY_E_INVALID when it could break the answer. */
PARLEY_API int parley_request_add_header(struct parley_request *request, const char *name,
                                         const char *value);

/* Answer; the request is gone afterwards. */
PARLEY_API void parley_respond(struct parley_request *request, int status, const char *content_type,
                               const void *body, size_t len);
PARLEY_API void parley_respond_text(struct parley_request *request, int status, const char *text);
/* A JSON template, as parley_val_format has it. */
PARLEY_API void parley_respond_json(struct parley_request *request, int status, const char *fmt,
                                    ...) PARLEY_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
