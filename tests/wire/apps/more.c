/* Callbacks that pull the floor from under their own feet: what `socketio-more.test.mjs` talks to.
 * Each event's handler says what it tries. Public API only. */
#include "parley/parley.h"

#include <string.h>

#define UNUSED(one) (void)(one)

#define HANDLER(name)                                                                              \
    static void name(struct parley_socket *socket, const char *event,                              \
                     const struct parley_args *args, struct parley_ack *ack, void *user)

static const char *string_at(const struct parley_args *args, size_t i)
{
    return parley_val_str(parley_args_get(args, i), NULL); /* NULL when it is no string */
}

static struct parley_io *io_of(const struct parley_socket *socket)
{
    return parley_socket_io(socket);
}

static struct parley_socket *named(const struct parley_socket *socket,
                                   const struct parley_args *args, size_t i)
{
    const char *id = string_at(args, i);
    return parley_ns_socket(io_of(socket), parley_socket_ns(socket), id == NULL ? "" : id);
}

/* --- emitting --- */

HANDLER(kick_who_is_told)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
    parley_disconnect(socket);
}

static void tell_status(struct parley_socket *socket, int status, const struct parley_args *args,
                        void *user)
{
    UNUSED(socket);
    UNUSED(args);
    parley_op_emitf(parley_of(user, "/watch"), "status", "%s", parley_error_name(status));
}

/* (id): ask that socket, whose catch-all for what it is sent disconnects it; the status of the
 * call. */
HANDLER(on_ask_trapped)
{
    struct parley_socket *other = named(socket, args, 0);
    int rc = parley_on_any_outgoing(other, kick_who_is_told, NULL);
    UNUSED(event);
    UNUSED(user);
    if (rc == 0) {
        rc = parley_emit_ack(other, "question", NULL, UINT32_MAX, tell_status, io_of(socket));
    }
    parley_ackf(ack, "%s", parley_error_name(rc));
}

/* (room): emit `to-room` to a room from the namespace, whatever the argument is. */
HANDLER(on_to_room)
{
    UNUSED(event);
    UNUSED(user);
    parley_op_emit(parley_op_to(parley_of(io_of(socket), "/"), string_at(args, 0)), "to-room",
                   NULL);
    parley_op_emit(parley_to(socket, string_at(args, 0)), "to-room", NULL);
    parley_ack_send(ack, NULL);
}

/* (a, b): one emit to both rooms. */
HANDLER(on_to_both)
{
    struct parley_op *op = parley_of(io_of(socket), "/");
    UNUSED(event);
    UNUSED(user);
    UNUSED(ack);
    parley_op_emit(parley_op_to(parley_op_to(op, string_at(args, 0)), string_at(args, 1)), "both",
                   NULL);
}

static void tell_answers(int status, const struct parley_val *answers, void *user)
{
    parley_op_emitf(parley_of(user, "/watch"), "answers", "%s,%p", parley_error_name(status),
                    (const void *)answers);
}

/* Ask everybody in the namespace, without an end. */
HANDLER(on_ask_all)
{
    struct parley_op *op = parley_op_broadcast(parley_from(socket));
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_op_emit_ack(parley_op_timeout(op, UINT32_MAX), "question", NULL, tell_answers,
                       io_of(socket));
    parley_ack_send(ack, NULL);
}

/* (timeout_ms): ask everybody in the namespaces of a pattern; the status of the call. */
HANDLER(on_ask_pattern)
{
    struct parley_op *op = parley_of(io_of(socket), "/pair/{n}");
    uint32_t timeout_ms = (uint32_t)parley_val_int(parley_args_get(args, 0), UINT32_MAX);
    UNUSED(event);
    UNUSED(user);
    parley_ackf(ack, "%s",
                parley_error_name(parley_op_emit_ack(parley_op_timeout(op, timeout_ms), "question",
                                                     NULL, tell_answers, io_of(socket))));
}

/* --- rooms --- */

static void kick_in_trap(enum parley_room_event event, const char *room, const char *socket_id,
                         void *user)
{
    bool is_trap = (event == PARLEY_ROOM_CREATED && strcmp(room, "trap") == 0) ||
                   (event == PARLEY_ROOM_LEFT && strcmp(room, "door") == 0);
    struct parley_socket *socket = parley_ns_socket(user, "/", socket_id);
    if (is_trap && socket != NULL) {
        parley_disconnect(socket);
    }
}

HANDLER(on_join)
{
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; i < parley_args_count(args); i++) {
        parley_join(socket, string_at(args, i));
    }
    parley_ack_send(ack, NULL);
}

/* (id, room): put that socket there, or out of there; nobody holds it. */
HANDLER(on_put)
{
    UNUSED(event);
    UNUSED(user);
    parley_join(named(socket, args, 0), string_at(args, 1));
    parley_ack_send(ack, NULL);
}

HANDLER(on_put_out)
{
    UNUSED(event);
    UNUSED(user);
    parley_leave(named(socket, args, 0), string_at(args, 1));
    parley_ack_send(ack, NULL);
}

/* All leave the room that the sender is in, by the name that the sender's list has. */
HANDLER(on_clear)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_op_leave(parley_of(io_of(socket), "/"), parley_room_at(socket, 1));
    parley_ackf(ack, "%zu", parley_room_size(io_of(socket), "/", "cleared"));
}

HANDLER(on_echo)
{
    UNUSED(user);
    UNUSED(ack);
    parley_emit(socket, event, args);
}

/* --- state that is replaced by who frees it --- */

static void free_and_leave(void *value)
{
    parley_disconnect(value);
}

HANDLER(on_replace)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    UNUSED(ack);
    parley_socket_set(socket, "key", socket, free_and_leave);
    parley_socket_set(socket, "key", socket, NULL);
}

/* --- namespaces --- */

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    UNUSED(auth);
    parley_on(socket, "ask-trapped", on_ask_trapped, user);
    parley_on(socket, "to-room", on_to_room, user);
    parley_on(socket, "to-both", on_to_both, user);
    parley_on(socket, "ask-all", on_ask_all, user);
    parley_on(socket, "ask-pattern", on_ask_pattern, user);
    parley_on(socket, "join", on_join, user);
    parley_on(socket, "put", on_put, user);
    parley_on(socket, "put-out", on_put_out, user);
    parley_on(socket, "clear", on_clear, user);
    parley_on(socket, "echo", on_echo, user);
    parley_on(socket, "replace", on_replace, user);
}

static void kick_at_once(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    UNUSED(auth);
    UNUSED(user);
    parley_disconnect(socket);
}

/* A socket that is gone has no say about the connection any more. */
static void disconnect_too_late(struct parley_socket *socket, enum parley_reason reason, void *user)
{
    UNUSED(reason);
    UNUSED(user);
    parley_disconnect_all(socket);
}

static void connect_late(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    UNUSED(auth);
    parley_on_disconnect(socket, disconnect_too_late, user);
}

/* Looks at what it was given after it has answered. */
static void match(const char *name, const struct parley_val *auth, struct parley_next *next,
                  void *user)
{
    if (strncmp(name, "/fn-", 4) == 0) {
        parley_next_accept(next);
    } else {
        parley_next_refuse(next, "no", NULL);
    }
    parley_op_emitf(parley_of(user, "/watch"), "asked", "%s,%p", name, (const void *)auth);
}

static void never_answer(struct parley_socket *socket, struct parley_next *next, void *user)
{
    UNUSED(socket);
    UNUSED(next);
    UNUSED(user);
}

static void hang(struct parley_request *request, struct parley_next *next, void *user)
{
    UNUSED(user);
    if (parley_request_query(request, "hang") == NULL) {
        parley_next_accept(next);
    }
}

/* --- in every callback, whatever takes the floor away: the auth says {"when", "what"} --- */

static const struct parley_val *auth_of(const struct parley_socket *socket)
{
    return parley_val_get(parley_socket_handshake(socket), "auth");
}

static const char *auth_text(const struct parley_socket *socket, const char *key)
{
    const char *text = parley_val_str(parley_val_get(auth_of(socket), key), NULL);
    return text == NULL ? "" : text;
}

static void act(struct parley_socket *socket, const char *when)
{
    const char *what = auth_text(socket, "what");
    if (strcmp(auth_text(socket, "when"), when) != 0) {
        return;
    }
    if (strcmp(what, "leave") == 0) {
        parley_disconnect(socket);
    } else if (strcmp(what, "disconnect") == 0) {
        parley_disconnect_all(socket);
    } else if (strcmp(what, "delete") == 0) {
        parley_ns_delete(io_of(socket), parley_socket_ns(socket));
    } else if (strcmp(what, "delete-pattern") == 0) {
        parley_ns_delete(io_of(socket), "/act/{n}");
    } else if (strcmp(what, "close") == 0) {
        parley_io_close(io_of(socket), NULL, NULL);
    }
    parley_emitf(socket, "still", "%s,%zu", parley_socket_ns(socket), parley_room_count(socket));
}

static void act_on_ack(struct parley_socket *socket, int status, const struct parley_args *args,
                       void *user)
{
    UNUSED(status);
    UNUSED(args);
    UNUSED(user);
    act(socket, "ack");
}

static void act_on_answers(int status, const struct parley_val *answers, void *user)
{
    struct parley_socket *socket = user;
    UNUSED(status);
    UNUSED(answers);
    act(socket, "answers");
    parley_socket_unref(socket);
}

static void act_on_pattern_answers(int status, const struct parley_val *answers, void *user)
{
    struct parley_socket *socket = user;
    UNUSED(status);
    UNUSED(answers);
    act(socket, "pattern-answers");
    parley_socket_unref(socket);
}

HANDLER(act_on_go)
{
    struct parley_io *io = io_of(socket);
    UNUSED(event);
    UNUSED(user);
    parley_join(socket, "room");
    parley_emit_ack(socket, "question", args, 0, act_on_ack, NULL);
    parley_op_emit_ack(parley_of(io_of(socket), parley_socket_ns(socket)), "question", args,
                       act_on_answers, parley_socket_ref(socket));
    if (parley_op_emit_ack(parley_of(io, "/act/{n}"), "question", args, act_on_pattern_answers,
                           parley_socket_ref(socket)) < 0) {
        parley_socket_unref(socket); /* the namespace may be gone by now */
    }
    act(socket, "event");
    parley_ack_send(ack, args);
}

HANDLER(act_on_any)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
    act(socket, "any");
}

HANDLER(act_on_outgoing)
{
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
    if (strcmp(event, "still") != 0) {
        act(socket, "outgoing");
    }
}

static void act_on_use(struct parley_socket *socket, const char *event,
                       const struct parley_args *args, struct parley_next *next, void *user)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    act(socket, "use");
    parley_next_accept(next);
}

static void act_on_disconnecting(struct parley_socket *socket, enum parley_reason reason,
                                 void *user)
{
    UNUSED(reason);
    UNUSED(user);
    act(socket, "disconnecting");
}

static void act_on_disconnect(struct parley_socket *socket, enum parley_reason reason, void *user)
{
    UNUSED(reason);
    UNUSED(user);
    act(socket, "disconnect");
}

static void act_on_room(enum parley_room_event event, const char *room, const char *socket_id,
                        void *user)
{
    static const char *const when[] = {"created", "joined", "left", "deleted"};
    struct parley_socket *socket = parley_ns_socket(user, "/act/0", socket_id);
    UNUSED(room);
    if (socket != NULL) {
        act(socket, when[event]);
    }
}

static void act_on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    UNUSED(auth);
    UNUSED(user);
    parley_on(socket, "go", act_on_go, NULL);
    parley_on_any(socket, act_on_any, NULL);
    parley_on_any_outgoing(socket, act_on_outgoing, NULL);
    parley_use(socket, act_on_use, NULL);
    parley_on_disconnecting(socket, act_on_disconnecting, NULL);
    parley_on_disconnect(socket, act_on_disconnect, NULL);
    act(socket, "connect");
    parley_emit(socket, "welcome", NULL);
}

static void act_in_middleware(struct parley_socket *socket, struct parley_next *next, void *user)
{
    UNUSED(user);
    act(socket, "middleware");
    parley_next_accept(next);
    act(socket, "after-middleware");
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    int rc = parley_ns_on(io, "/", on_connect, NULL);
    UNUSED(app);
    rc = rc < 0 ? rc : parley_ns_on_room(io, "/", kick_in_trap, io);
    rc = rc < 0 ? rc : parley_ns_on(io, "/watch", on_connect, NULL);
    rc = rc < 0 ? rc : parley_ns_on(io, "/late", connect_late, NULL);
    rc = rc < 0 ? rc : parley_ns_on(io, "/stuck", on_connect, NULL);
    rc = rc < 0 ? rc : parley_ns_use(io, "/stuck", never_answer, NULL);
    rc = rc < 0 ? rc : parley_ns_on_pattern(io, "/kick/{n}", kick_at_once, NULL);
    rc = rc < 0 ? rc : parley_ns_on_pattern(io, "/pair/{n}", on_connect, NULL);
    rc = rc < 0 ? rc : parley_ns_on_match(io, match, on_connect, io);
    rc = rc < 0 ? rc : parley_ns_on_pattern(io, "/act/{n}", act_on_connect, NULL);
    rc = rc < 0 ? rc : parley_ns_use(io, "/act/{n}", act_in_middleware, NULL);
    rc = rc < 0 ? rc : parley_ns_on_room(io, "/act/{n}", act_on_room, io);
    parley_io_use(io, hang, NULL);
    return rc;
}

PARLEY_APP(.name = "more", .register_channels = register_channels)
