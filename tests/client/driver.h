/* The driver: libparley-client as a program, for tests in other languages. Commands are JSON lines on
 * standard input, what happens is JSON lines on standard output; tests/wire/lib/driver.mjs is the
 * other side. Bytes are {"$bytes":"BASE64"} both ways.
 * Threads: the client's, but for what driver.c says. */
#ifndef PL_TESTS_CLIENT_DRIVER_H
#define PL_TESTS_CLIENT_DRIVER_H

#include "base/buf.h"
#include "base/list.h"
#include "parley/client_socketio.h"
#include "parley/client_talo.h"
#include "parley/client_websocket.h"

#include <pthread.h>

enum driver_mode {
    DRIVER_TICK,   /* a game: one tick each few milliseconds */
    DRIVER_LOOP,   /* a program with a poll loop of its own */
    DRIVER_THREAD, /* a thread of the client's */
};

struct driver {
    struct parley_client *client;
    enum driver_mode mode;
    int budget_ms;
    bool is_ticking;  /* inside parley_client_tick, or a function that was posted */
    pthread_t thread; /* DRIVER_THREAD: where the first posted function ran */
    bool has_thread;
    struct pl_list peers;
    struct pl_list keeps;
    struct pl_list acks;
    unsigned ack_count;
    struct pl_buf line; /* what is being printed */
    struct pl_buf more; /* members of the reply, each with a comma before it */
};

/* A socket of any kind under the name that the test gave it. It stays when the socket is
 * destroyed: callbacks that come too late are seen. */
struct peer {
    struct pl_list node;
    struct driver *driver;
    char *name;
    struct parley_sio *sio;
    struct parley_websocket *websocket;
    struct parley_talo *talo;
    bool is_gone;
    const struct parley_val *command; /* that created it: "then" is in there */
};

/* What listeners and acknowledgements that are waited for get as `user`. Kept until the end. */
struct keep {
    struct pl_list node;
    struct peer *peer;
    const struct parley_val *command;
};

struct command {
    const char *name;
    enum { ON_NOTHING, ON_SIO, ON_WEBSOCKET, ON_TALO, ON_ANY } on;
    /* Returns the code that the library returned. */
    int (*run)(struct driver *driver, struct peer *peer, const struct parley_val *command);
};

extern const struct command sio_commands[];       /* ended by a name that is NULL */
extern const struct command websocket_commands[]; /* the same */
extern const struct command talo_commands[];

/* --- driver_command.c --- */

void driver_run(struct driver *driver, const char *json, size_t len);

/* The commands in `list`, one after the other: what a test wants done inside a callback. */
void driver_run_list(struct peer *peer, const struct parley_val *list);

struct peer *driver_add_peer(struct driver *driver, const struct parley_val *command);
struct peer *driver_find_peer(struct driver *driver, const char *name);
struct keep *driver_keep(struct peer *peer, const struct parley_val *command);
void driver_free(struct driver *driver); /* everything but the client */

/* What all sockets do with events: print them, and carry out the commands of then[kind]. */
void driver_event(struct peer *peer, const struct parley_client_event *event);

/* --- driver_json.c --- */

/* The member of a command as text; `fallback` when it has none. */
const char *get_text(const struct parley_val *command, const char *key, const char *fallback);

/* A value, or arguments from an array, with {"$bytes":...} turned into bytes. Owned; NULL of NULL. */
struct parley_val *read_val(const struct parley_val *val);
struct parley_args *read_args(const struct parley_val *array);

/* JSON into a buffer. */
void write_text(struct pl_buf *out, const char *text, size_t len);
void write_val(struct pl_buf *out, const struct parley_val *val);
void write_args(struct pl_buf *out, const struct parley_args *args);

/* Begin a line about a socket, end it and print it. Notes when it comes from a wrong place. */
struct pl_buf *say_begin(struct peer *peer, const char *kind);
void say_end(struct driver *driver);

/* --- driver_config.c --- */

/* Settings of a command over the defaults. PARLEY_E_NOT_FOUND for one that there is not. */
int read_sio_config(struct parley_sio_config *out, const struct parley_val *config);
int read_websocket_config(struct parley_websocket_config *out, const struct parley_val *config);
int read_talo_config(struct parley_talo_config *out, const struct parley_val *config);

/* --- driver_talo_call.c, driver_talo_json.c --- */

/* A request by its name. */
int driver_talo_call(struct parley_talo *talo, const struct parley_val *command,
                     parley_talo_done *done, void *user);

/* Members of a line: what the structs have, each with a comma before it. */
void write_talo_result(struct pl_buf *out, const struct parley_talo_result *result);
void write_talo_message(struct pl_buf *out, const struct parley_talo_message *message);
void write_talo_error(struct pl_buf *out, const struct parley_talo_error *error);
void write_talo_alias(struct pl_buf *out, const struct parley_talo_alias *alias);

#endif
