/* Commands about plain WebSockets, and what their callbacks print. */
#include "driver.h"

#include <string.h>

static void on_event(struct parley_websocket *websocket, const struct parley_client_event *event,
                     void *user)
{
    (void)websocket;
    driver_event(user, event);
}

static void on_message(struct parley_websocket *websocket, bool is_text, const void *bytes,
                       size_t len, void *user)
{
    struct peer *peer = user;
    struct pl_buf *line = say_begin(peer, "message");
    struct parley_val *val =
        is_text ? parley_val_new_string(bytes, len) : parley_val_new_bytes(bytes, len);
    (void)websocket;
    pl_buf_add_str(line, PL_STR(",\"message\":"));
    write_val(line, val);
    say_end(peer->driver);
    parley_val_unref(val);
    driver_run_list(peer, parley_val_get(parley_val_get(peer->command, "then"), "message"));
}

static int run_create(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    struct parley_websocket_config config;
    if (read_websocket_config(&config, parley_val_get(command, "config")) < 0) {
        return 1;
    }
    peer = driver_add_peer(driver, command);
    config.on_event = on_event;
    config.on_message = on_message;
    config.user = peer;
    return parley_websocket_create(&peer->websocket, driver->client, get_text(command, "url", ""),
                                   &config);
}

static int run_connect(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    (void)command;
    return parley_websocket_connect(peer->websocket);
}

/* "message" is text, or bytes; with "times" it is sent so often, until it is refused. */
static int run_send(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    struct parley_val *val = read_val(parley_val_get(command, "message"));
    int64_t times = parley_val_int(parley_val_get(command, "times"), 1);
    size_t len = 0;
    const char *text = parley_val_str(val, &len);
    const void *bytes = parley_val_bytes(val, text == NULL ? &len : NULL);
    int rc = 0;
    (void)driver;
    for (int64_t i = 0; rc >= 0 && i < times; i++) {
        rc = parley_val_bool(parley_val_get(command, "as_text"), text != NULL)
                 ? parley_websocket_send_text(peer->websocket, text == NULL ? bytes : text, len)
                 : parley_websocket_send_binary(peer->websocket, bytes, len);
    }
    parley_val_unref(val);
    return rc;
}

static int run_close(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    return parley_websocket_close(peer->websocket,
                                  (int)parley_val_int(parley_val_get(command, "code"), 1000),
                                  get_text(command, "reason", NULL));
}

static int run_look(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    const char *protocol = parley_websocket_protocol(peer->websocket);
    (void)command;
    pl_buf_addf(&driver->more, ",\"connected\":%s,\"unsent\":%zu,\"protocol\":",
                parley_websocket_is_connected(peer->websocket) ? "true" : "false",
                parley_websocket_unsent(peer->websocket));
    write_text(&driver->more, protocol, strlen(protocol));
    return 0;
}

const struct command websocket_commands[] = {
    {"ws_create", ON_NOTHING, run_create}, {"ws_connect", ON_WEBSOCKET, run_connect},
    {"ws_send", ON_WEBSOCKET, run_send},   {"ws_close", ON_WEBSOCKET, run_close},
    {"ws_look", ON_WEBSOCKET, run_look},   {NULL, ON_NOTHING, NULL},
};
