/* WebSocket endpoints of an application, without any dialect. Threads: the hub's. */
#ifndef PL_APP_WEBSOCKET_H
#define PL_APP_WEBSOCKET_H

#include "app/app.h"
#include "parley/http.h"

/* One endpoint: the `user` of its route. */
struct pl_app_websocket {
    struct parley_app *app;
    struct parley_ws_hooks hooks;
    void *user;
};

void pl_app_websocket_on_request(struct pl_web_request *request,
                                 void *endpoint); /* 426: no upgrade */
void pl_app_websocket_on_upgrade(struct pl_web_request *request, void *endpoint);

/* The server leaves: close all that are open, with 1001. */
void pl_app_websockets_leave(struct parley_app *app);

#endif
