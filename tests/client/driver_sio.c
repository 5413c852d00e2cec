/* Commands about Socket.IO sockets, and what their callbacks print. */
#include "driver.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* An acknowledgement that the server wants; it stays to be answered a second time, too late, ... */
struct held_ack {
    struct pl_list node;
    unsigned number;
    struct parley_sio_ack *ack;
};

/* --- what comes --- */

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    (void)sio;
    driver_event(user, event);
}

static void get_auth(struct parley_sio *sio, void *user)
{
    struct peer *peer = user;
    (void)sio;
    say_begin(peer, "get_auth");
    say_end(peer->driver);
    driver_run_list(peer, parley_val_get(parley_val_get(peer->command, "then"), "get_auth"));
}

static unsigned hold(struct driver *driver, struct parley_sio_ack *ack)
{
    struct held_ack *held = pl_alloc(sizeof(*held));
    held->number = ++driver->ack_count;
    held->ack = parley_sio_ack_ref(ack);
    pl_list_push_back(&driver->acks, &held->node);
    return held->number;
}

static void hear(struct keep *keep, const char *event, const struct parley_args *args,
                 struct parley_sio_ack *ack)
{
    struct peer *peer = keep->peer;
    struct pl_buf *line = say_begin(peer, "event");
    pl_buf_add_str(line, PL_STR(",\"event\":"));
    write_text(line, event, strlen(event));
    pl_buf_add_str(line, PL_STR(",\"label\":"));
    write_val(line, parley_val_get(keep->command, "label"));
    if (ack != NULL) {
        pl_buf_addf(line, ",\"ack\":%u", hold(peer->driver, ack));
    }
    pl_buf_add_str(line, PL_STR(",\"args\":"));
    write_args(line, args);
    say_end(peer->driver);
    if (ack != NULL && parley_val_bool(parley_val_get(keep->command, "answers"), false) &&
        parley_sio_ack_send(ack, args) < 0) {
        abort();
    }
    driver_run_list(peer, parley_val_get(keep->command, "then"));
}

static void listener_a(struct parley_sio *sio, const char *event, const struct parley_args *args,
                       struct parley_sio_ack *ack, void *user)
{
    (void)sio;
    hear(user, event, args, ack);
}

/* Another function, so that `off` has two to tell apart. */
static void listener_b(struct parley_sio *sio, const char *event, const struct parley_args *args,
                       struct parley_sio_ack *ack, void *user)
{
    listener_a(sio, event, args, ack, user);
}

static void on_ack(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct keep *keep = user;
    struct pl_buf *line = say_begin(keep->peer, "ack");
    (void)sio;
    pl_buf_addf(line, ",\"call\":%d,\"error\":\"%s\",\"args\":",
                (int)parley_val_int(parley_val_get(keep->command, "call"), 0),
                parley_client_error_name(error));
    write_args(line, args);
    say_end(keep->peer->driver);
    driver_run_list(keep->peer, parley_val_get(keep->command, "then"));
}

/* --- commands --- */

/* A socket of its own, or with "of" a namespace on that one's connection. */
static int create(struct driver *driver, struct peer *of, const struct parley_val *command)
{
    struct parley_sio_config config;
    const struct parley_val *settings = parley_val_get(command, "config");
    int rc = read_sio_config(&config, settings);
    if (rc < 0) {
        return 1;
    }
    struct peer *peer = driver_add_peer(driver, command);
    struct parley_val *auth = read_val(config.auth);
    config.auth = auth;
    config.get_auth =
        parley_val_bool(parley_val_get(settings, "asks_auth"), false) ? get_auth : NULL;
    config.on_event = on_event;
    config.user = peer;
    if (of == NULL) {
        rc = parley_sio_create(&peer->sio, driver->client, get_text(command, "url", ""), &config);
    } else {
        rc = parley_sio_create_namespace(&peer->sio, of->sio, get_text(command, "namespace", ""),
                                         &config);
    }
    parley_val_unref(auth);
    return rc;
}

static int run_create(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)peer;
    return create(driver, NULL, command);
}

static int run_namespace(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    struct peer *of = driver_find_peer(driver, get_text(command, "of", ""));
    (void)peer;
    return of == NULL || of->sio == NULL ? 1 : create(driver, of, command);
}

static int run_connect(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    (void)command;
    return parley_sio_connect(peer->sio);
}

static int run_disconnect(struct driver *driver, struct peer *peer,
                          const struct parley_val *command)
{
    (void)driver;
    (void)command;
    return parley_sio_disconnect(peer->sio);
}

static int run_auth(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    struct parley_val *auth = read_val(parley_val_get(command, "auth"));
    (void)driver;
    int rc = parley_sio_auth(peer->sio, auth);
    parley_val_unref(auth);
    return rc;
}

/* One emit by the template form, the rest by lists. */
static int emit_one(struct peer *peer, const struct parley_val *command,
                    const struct parley_args *args)
{
    const char *event = get_text(command, "event", "");
    const char *how = get_text(command, "how", "");
    if (strcmp(how, "volatile") == 0) {
        return parley_sio_emit_volatile(peer->sio, event, args);
    }
    if (strcmp(how, "format") == 0) {
        return parley_sio_emitf(peer->sio, event, "%s,{\"n\":%d}",
                                parley_val_str(parley_args_get(args, 0), NULL),
                                (int)parley_val_int(parley_args_get(args, 1), 0));
    }
    if (strcmp(how, "ack") == 0) {
        int timeout_ms = (int)parley_val_int(parley_val_get(command, "timeout_ms"), 0);
        return parley_sio_emit_ack(peer->sio, event, args, timeout_ms, on_ack,
                                   driver_keep(peer, command));
    }
    return parley_sio_emit(peer->sio, event, args);
}

/* With "times": so often, each with its number behind the arguments, until one is refused. */
static int run_emit(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    int64_t times = parley_val_int(parley_val_get(command, "times"), 0);
    int rc = 0;
    int64_t i = 0;
    for (; rc >= 0 && i < (times > 0 ? times : 1); i++) {
        struct parley_args *args = read_args(parley_val_get(command, "args"));
        if (times > 0 && parley_args_add(args, parley_val_new_int(i)) < 0) {
            abort();
        }
        rc = emit_one(peer, command, args);
        parley_args_unref(args);
    }
    pl_buf_addf(&driver->more, ",\"count\":%d", (int)(rc < 0 ? i - 1 : i));
    return rc;
}

static int run_on(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    const char *how = get_text(command, "how", "");
    const char *event = get_text(command, "event", "");
    bool is_b = strcmp(get_text(command, "fn", "a"), "b") == 0;
    parley_sio_listener *fn = is_b ? listener_b : listener_a;
    struct keep *keep = driver_keep(peer, command);
    (void)driver;
    if (strcmp(how, "once") == 0) {
        return parley_sio_once(peer->sio, event, fn, keep);
    }
    if (strcmp(how, "any") == 0) {
        return parley_sio_on_any(peer->sio, fn, keep);
    }
    if (strcmp(how, "outgoing") == 0) {
        return parley_sio_on_any_outgoing(peer->sio, fn, keep);
    }
    return parley_sio_on(peer->sio, event, fn, keep);
}

static int run_off(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    const char *fn = get_text(command, "fn", "");
    (void)driver;
    int count = parley_sio_off(peer->sio, get_text(command, "event", NULL),
                               strcmp(fn, "a") == 0   ? listener_a
                               : strcmp(fn, "b") == 0 ? listener_b
                                                      : NULL);
    pl_buf_addf(&driver->more, ",\"count\":%d", count);
    return count < 0 ? count : 0;
}

static int run_ack(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    unsigned number = (unsigned)parley_val_int(parley_val_get(command, "ack"), 0);
    (void)peer;
    PL_LIST_EACH(node, &driver->acks)
    {
        struct held_ack *held = PL_CONTAINER_OF(node, struct held_ack, node);
        if (held->number == number) {
            struct parley_args *args = read_args(parley_val_get(command, "args"));
            int rc = parley_sio_ack_send(held->ack, args);
            parley_args_unref(args);
            return rc;
        }
    }
    return 1;
}

static int run_forget(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    struct pl_list *node;
    (void)peer;
    (void)command;
    while ((node = pl_list_pop_front(&driver->acks)) != NULL) {
        struct held_ack *held = PL_CONTAINER_OF(node, struct held_ack, node);
        parley_sio_ack_unref(held->ack);
        pl_free(held);
    }
    return 0;
}

static void add_text(struct driver *driver, const char *name, const char *text)
{
    pl_buf_addf(&driver->more, ",\"%s\":", name);
    write_text(&driver->more, text, strlen(text));
}

static int run_look(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)command;
    add_text(driver, "sid", parley_sio_id(peer->sio));
    add_text(driver, "namespace", parley_sio_namespace(peer->sio));
    add_text(driver, "transport", parley_sio_transport(peer->sio));
    pl_buf_addf(&driver->more, ",\"connected\":%s",
                parley_sio_is_connected(peer->sio) ? "true" : "false");
    return parley_sio_user(peer->sio) == peer && parley_sio_client(peer->sio) == driver->client ? 0
                                                                                                : 1;
}

static int run_destroy(struct driver *driver, struct peer *peer, const struct parley_val *command)
{
    (void)driver;
    (void)command;
    peer->is_gone = true;
    parley_sio_destroy(peer->sio);
    parley_websocket_destroy(peer->websocket);
    parley_talo_destroy(peer->talo);
    peer->talo = NULL;
    peer->sio = NULL;
    peer->websocket = NULL;
    return 0;
}

const struct command sio_commands[] = {
    {"create", ON_NOTHING, run_create},
    {"namespace", ON_NOTHING, run_namespace},
    {"connect", ON_SIO, run_connect},
    {"disconnect", ON_SIO, run_disconnect},
    {"auth", ON_SIO, run_auth},
    {"emit", ON_SIO, run_emit},
    {"on", ON_SIO, run_on},
    {"off", ON_SIO, run_off},
    {"ack", ON_NOTHING, run_ack},
    {"forget", ON_NOTHING, run_forget},
    {"look", ON_SIO, run_look},
    {"destroy", ON_ANY, run_destroy},
    {NULL, ON_NOTHING, NULL},
};
