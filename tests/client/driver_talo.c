/* Commands about Talo clients, and what their callbacks print. */
#include "driver.h"

#include <string.h>

static void run_then(struct peer *peer, const char *kind)
{
    driver_run_list(peer, parley_val_get(parley_val_get(peer->command, "then"), kind));
}

static void on_event(struct parley_talo *talo, const struct parley_client_event *event, void *user)
{
    (void)talo;
    driver_event(user, event);
}

static void on_message(struct parley_talo *talo, const struct parley_talo_message *message,
                       void *user)
{
    struct peer *peer = user;
    (void)talo;
    write_talo_message(say_begin(peer, "message"), message);
    say_end(peer->driver);
    run_then(peer, message->res);
}

static void on_error(struct parley_talo *talo, const struct parley_talo_error *error, void *user)
{
    struct peer *peer = user;
    (void)talo;
    write_talo_error(say_begin(peer, "error"), error);
    say_end(peer->driver);
    run_then(peer, "error");
}

static void write_tokens(struct pl_buf *line, const char *session, const char *refresh)
{
    pl_buf_add_str(line, PL_STR(",\"session\":"));
    write_text(line, session, strlen(session));
    pl_buf_add_str(line, PL_STR(",\"refresh\":"));
    write_text(line, refresh, strlen(refresh));
}

static void on_session(struct parley_talo *talo, const char *session, const char *refresh,
                       void *user)
{
    struct peer *peer = user;
    (void)talo;
    write_tokens(say_begin(peer, "session"), session, refresh);
    say_end(peer->driver);
    run_then(peer, "session");
}

static void on_done(struct parley_talo *talo, const struct parley_talo_result *result, void *user)
{
    struct keep *keep = user;
    struct peer *peer = keep->peer;
    struct pl_buf *line = say_begin(peer, "result");
    (void)talo;
    pl_buf_addf(line, ",\"call\":%d",
                (int)parley_val_int(parley_val_get(keep->command, "call"), 0));
    write_talo_result(line, result);
    say_end(peer->driver);
    driver_run_list(peer, parley_val_get(keep->command, "then"));
}

static int run_create(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    struct parley_talo_config config;
    if (read_talo_config(&config, parley_val_get(command, "config")) < 0) {
        return 1;
    }
    peer = driver_add_peer(driver, command);
    config.on_event = on_event;
    config.on_message = on_message;
    config.on_error = on_error;
    config.on_session = on_session;
    config.user = peer;
    return parley_talo_create(&peer->talo, driver->client, get_text(command, "url", NULL), &config);
}

static int run_call(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    return driver_talo_call(peer->talo, command, on_done, driver_keep(peer, command));
}

static int run_open(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    (void)command;
    return parley_talo_open(peer->talo);
}

static int run_close(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    return parley_talo_close(peer->talo, (int)parley_val_int(parley_val_get(command, "code"), 1000),
                             get_text(command, "reason", NULL));
}

static int run_reset(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    (void)command;
    return parley_talo_reset(peer->talo);
}

static int run_clear(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    (void)command;
    return parley_talo_clear_identity(peer->talo);
}

static int run_check(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    (void)command;
    return parley_talo_identity_check(peer->talo);
}

static int run_send(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    struct parley_val *data = read_val(parley_val_get(command, "data"));
    int64_t times = parley_val_int(parley_val_get(command, "times"), 1);
    const char *text = get_text(command, "sendf", NULL);
    int rc = 0;
    (void)driver;
    for (int64_t i = 0; rc >= 0 && i < times; i++) {
        rc = text != NULL ? parley_talo_sendf(peer->talo, get_text(command, "req", NULL),
                                              "{\"message\":%s}", text)
                          : parley_talo_send(peer->talo, get_text(command, "req", NULL), data);
    }
    parley_val_unref(data);
    return rc;
}

static int run_say(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    const char *text = get_text(command, "text", NULL);
    const struct parley_val *channel = parley_val_get(command, "channel");
    (void)driver;
    return channel == NULL ? parley_talo_broadcast(peer->talo, text)
                           : parley_talo_channel_send(peer->talo, parley_val_int(channel, 0), text);
}

static int run_token(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    return parley_talo_set_socket_token(peer->talo, get_text(command, "token", NULL));
}

static int run_session(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    return parley_talo_set_session(peer->talo, get_text(command, "session", NULL),
                                   get_text(command, "refresh", NULL));
}

static int run_look(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    const struct parley_talo_alias *alias = parley_talo_alias(peer->talo);
    (void)command;
    pl_buf_addf(&driver->more, ",\"open\":%s,\"identified\":%s",
                parley_talo_is_open(peer->talo) ? "true" : "false",
                parley_talo_is_identified(peer->talo) ? "true" : "false");
    write_tokens(&driver->more, parley_talo_session_token(peer->talo),
                 parley_talo_refresh_token(peer->talo));
    if (alias != NULL) {
        pl_buf_add_str(&driver->more, PL_STR(",\"alias\":"));
        write_talo_alias(&driver->more, alias);
    }
    return 0;
}

const struct command talo_commands[] = {
    {"talo_create", ON_NOTHING, run_create},
    {"talo_call", ON_TALO, run_call},
    {"talo_open", ON_TALO, run_open},
    {"talo_close", ON_TALO, run_close},
    {"talo_reset", ON_TALO, run_reset},
    {"talo_clear", ON_TALO, run_clear},
    {"talo_check", ON_TALO, run_check},
    {"talo_send", ON_TALO, run_send},
    {"talo_say", ON_TALO, run_say},
    {"talo_token", ON_TALO, run_token},
    {"talo_session", ON_TALO, run_session},
    {"talo_look", ON_TALO, run_look},
    {NULL, ON_NOTHING, NULL},
};
