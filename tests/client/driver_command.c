/* Commands: found in tables, run, answered. And the sockets by their names. */
#include "driver.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

struct peer *driver_find_peer(struct driver *driver, const char *name)
{
    PL_LIST_EACH(node, &driver->peers)
    {
        struct peer *peer = PL_CONTAINER_OF(node, struct peer, node);
        if (strcmp(peer->name, name) == 0) {
            return peer;
        }
    }
    return NULL;
}

struct peer *driver_add_peer(struct driver *driver, const struct parley_val *command)
{
    const char *name = get_text(command, "name", "");
    struct peer *peer = pl_alloc(sizeof(*peer));
    peer->driver = driver;
    peer->name = pl_strdup_n(name, strlen(name));
    peer->command = parley_val_ref(command);
    pl_list_push_back(&driver->peers, &peer->node);
    return peer;
}

struct keep *driver_keep(struct peer *peer, const struct parley_val *command)
{
    struct keep *keep = pl_alloc(sizeof(*keep));
    keep->peer = peer;
    keep->command = parley_val_ref(command);
    pl_list_push_back(&peer->driver->keeps, &keep->node);
    return keep;
}

static const struct command *find_in(const struct command *table, const char *name)
{
    while (table->name != NULL && strcmp(table->name, name) != 0) {
        table++;
    }
    return table->name == NULL ? NULL : table;
}

static bool fits(const struct command *command, const struct peer *peer)
{
    switch (command->on) {
    case ON_NOTHING:
        return true;
    case ON_SIO:
        return peer != NULL && peer->sio != NULL;
    case ON_WEBSOCKET:
        return peer != NULL && peer->websocket != NULL;
    case ON_TALO:
        return peer != NULL && peer->talo != NULL;
    case ON_ANY:
        return peer != NULL && (peer->sio != NULL || peer->websocket != NULL || peer->talo != NULL);
    }
    return false;
}

/* Returns the library's code; 1 for a command that makes no sense, which is the test's mistake. */
static int carry_out(struct driver *driver, const struct parley_val *val)
{
    const char *name = get_text(val, "do", "");
    const struct command *command = find_in(sio_commands, name);
    if (command == NULL) {
        command = find_in(websocket_commands, name);
    }
    if (command == NULL) {
        command = find_in(talo_commands, name);
    }
    struct peer *peer = driver_find_peer(driver, get_text(val, "name", ""));
    if (command == NULL || !fits(command, peer)) {
        return 1;
    }
    return command->run(driver, peer, val);
}

static void add_code(struct driver *driver, struct pl_buf *line, int rc)
{
    pl_buf_addf(line, "\"rc\":%d,\"code\":\"%s\"", rc, rc > 0 ? "" : parley_client_error_name(rc));
    if (rc < 0) {
        const char *error = parley_client_error(driver->client);
        pl_buf_add_str(line, PL_STR(",\"error\":"));
        write_text(line, error, strlen(error));
    }
}

/* Lines that callbacks print inside of the command come before its answer. */
void driver_run(struct driver *driver, const char *json, size_t len)
{
    struct parley_val *val = parley_val_parse(json, len);
    pl_buf_clear(&driver->more);
    int rc = val == NULL ? 1 : carry_out(driver, val);
    pl_buf_clear(&driver->line);
    pl_buf_addf(&driver->line, "{\"re\":%d,", (int)parley_val_int(parley_val_get(val, "id"), 0));
    add_code(driver, &driver->line, rc);
    pl_buf_add_str(&driver->line, pl_buf_str(&driver->more));
    say_end(driver);
    parley_val_unref(val);
}

void driver_run_list(struct peer *peer, const struct parley_val *list)
{
    struct driver *driver = peer->driver;
    for (size_t i = 0; i < parley_val_count(list); i++) {
        const struct parley_val *val = parley_val_at(list, i);
        int rc = carry_out(driver, val);
        pl_buf_clear(&driver->line);
        pl_buf_addf(&driver->line, "{\"socket\":\"%s\",\"kind\":\"did\",\"what\":\"%s\",",
                    peer->name, get_text(val, "do", ""));
        add_code(driver, &driver->line, rc);
        say_end(driver);
    }
}

void driver_event(struct peer *peer, const struct parley_client_event *event)
{
    const char *kind = parley_client_event_name(event->kind);
    struct pl_buf *line = say_begin(peer, kind);
    pl_buf_addf(line, ",\"error\":\"%s\",\"close_code\":%d,\"attempt\":%u,\"delay_ms\":%d",
                parley_client_error_name(event->error), event->close_code, event->attempt,
                event->delay_ms);
    pl_buf_addf(line, ",\"recovered\":%s,\"reason\":", event->is_recovered ? "true" : "false");
    write_text(line, event->reason, strlen(event->reason));
    pl_buf_add_str(line, PL_STR(",\"detail\":"));
    write_text(line, event->detail, strlen(event->detail));
    if (event->data != NULL) {
        pl_buf_add_str(line, PL_STR(",\"data\":"));
        write_val(line, event->data);
    }
    say_end(peer->driver);
    driver_run_list(peer, parley_val_get(parley_val_get(peer->command, "then"), kind));
}

/* The sockets are left to parley_client_destroy. */
void driver_free(struct driver *driver)
{
    struct pl_list *node;
    find_in(sio_commands, "forget")->run(driver, NULL, NULL);
    while ((node = pl_list_pop_front(&driver->keeps)) != NULL) {
        struct keep *keep = PL_CONTAINER_OF(node, struct keep, node);
        parley_val_unref(keep->command);
        pl_free(keep);
    }
    while ((node = pl_list_pop_front(&driver->peers)) != NULL) {
        struct peer *peer = PL_CONTAINER_OF(node, struct peer, node);
        parley_val_unref(peer->command);
        pl_free(peer->name);
        pl_free(peer);
    }
}
