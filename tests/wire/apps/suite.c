/* The application of suite.md: a handler per event, listed at the end. Public API only. */
#include "parley/parley.h"

#include <stdlib.h>
#include <string.h>

#define KEY "suite"
#define ROOMS_MAX 64

/* What a socket has of its own. */
struct member {
    struct parley_ack *held;
    int any_count;
};

static struct member *member_of(const struct parley_socket *socket)
{
    return parley_socket_get(socket, KEY);
}

static void free_member(void *value)
{
    struct member *member = value;
    parley_ack_drop(member->held);
    free(member);
}

/* --- values --- */

static const char *string_at(const struct parley_args *args, size_t i)
{
    const char *text = parley_val_str(parley_args_get(args, i), NULL);
    return text == NULL ? "" : text;
}

/* The arguments from `first` on, behind `begun`, which may be NULL and is taken. */
static struct parley_args *tail(struct parley_args *begun, const struct parley_args *args,
                                size_t first)
{
    struct parley_args *list = begun == NULL ? parley_args_new() : begun;
    for (size_t i = first; i < parley_args_count(args); i++) {
        parley_args_add(list, parley_val_ref(parley_args_get(args, i)));
    }
    return list;
}

static void ack_val(struct parley_ack *ack, const struct parley_val *val)
{
    parley_ackf(ack, "%p", (const void *)val);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The rooms of a socket, sorted by bytes; its own id from place 0 on or not at all. */
static struct parley_val *room_list(const struct parley_socket *socket, size_t first)
{
    const char *names[ROOMS_MAX];
    struct parley_val *list = parley_val_new_array();
    size_t count = 0;
    for (size_t i = first; i < parley_room_count(socket) && count < ROOMS_MAX; i++) {
        names[count++] = parley_room_at(socket, i);
    }
    qsort(names, count, sizeof(names[0]), compare_names);
    for (size_t i = 0; i < count; i++) {
        parley_val_array_add(list, parley_val_new_string(names[i], strlen(names[i])));
    }
    return list;
}

static void ack_rooms(const struct parley_socket *socket, struct parley_ack *ack, size_t first)
{
    struct parley_val *list = room_list(socket, first);
    ack_val(ack, list);
    parley_val_unref(list);
}

/* --- echoes and acknowledgements --- */

#define HANDLER(name)                                                                              \
    static void name(struct parley_socket *socket, const char *event,                              \
                     const struct parley_args *args, struct parley_ack *ack, void *user)
#define UNUSED(one) (void)(one)

HANDLER(on_echo)
{
    UNUSED(ack);
    UNUSED(user);
    parley_emit(socket, event, args);
}

HANDLER(on_ack)
{
    UNUSED(socket);
    UNUSED(event);
    UNUSED(user);
    parley_ack_send(ack, args);
}

HANDLER(on_silent)
{
    UNUSED(socket);
    UNUSED(event);
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
}

HANDLER(on_hold)
{
    struct member *member = member_of(socket);
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ack_drop(member->held);
    member->held = parley_ack_keep(ack);
}

HANDLER(on_release)
{
    struct member *member = member_of(socket);
    struct parley_ack *held = member->held;
    UNUSED(event);
    UNUSED(ack);
    UNUSED(user);
    member->held = NULL;
    parley_ack_send(held, args);
}

static void on_answer(struct parley_socket *socket, int status, const struct parley_args *args,
                      void *user)
{
    UNUSED(user);
    if (status == 0) {
        struct parley_args *answer = tail(parley_args_format("%s", "ok"), args, 0);
        parley_emit(socket, "answer", answer);
        parley_args_unref(answer);
    } else if (status == PARLEY_E_TIMEOUT) {
        parley_emitf(socket, "answer", "%s", "timeout");
    }
}

HANDLER(on_ask)
{
    struct parley_args *question = tail(NULL, args, 1);
    uint32_t timeout_ms = (uint32_t)parley_val_int(parley_args_get(args, 0), 0);
    UNUSED(event);
    UNUSED(ack);
    parley_emit_ack(socket, "question", question, timeout_ms, on_answer, user);
    parley_args_unref(question);
}

static void on_answers(int status, const struct parley_val *answers, void *user)
{
    struct parley_socket *socket = user;
    parley_emitf(socket, "answers", "%s,%p", status == 0 ? "ok" : "timeout", (const void *)answers);
    parley_socket_unref(socket);
}

HANDLER(on_ask_room)
{
    struct parley_args *question = tail(NULL, args, 2);
    struct parley_op *op = parley_of(parley_socket_io(socket), parley_socket_ns(socket));
    uint32_t timeout_ms = (uint32_t)parley_val_int(parley_args_get(args, 1), 0);
    UNUSED(event);
    UNUSED(ack);
    UNUSED(user);
    op = parley_op_timeout(parley_op_to(op, string_at(args, 0)), timeout_ms);
    if (parley_op_emit_ack(op, "question", question, on_answers, parley_socket_ref(socket)) < 0) {
        parley_socket_unref(socket);
    }
    parley_args_unref(question);
}

/* --- rooms --- */

HANDLER(on_join)
{
    const struct parley_val *rooms = parley_args_get(args, 0);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        parley_join(socket, parley_val_str(parley_val_at(rooms, i), NULL));
    }
    ack_rooms(socket, ack, 1);
}

HANDLER(on_leave)
{
    UNUSED(event);
    UNUSED(user);
    parley_leave(socket, string_at(args, 0));
    ack_rooms(socket, ack, 1);
}

HANDLER(on_leave_all)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_leave_all(socket);
    ack_rooms(socket, ack, 1);
}

HANDLER(on_rooms)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    ack_rooms(socket, ack, 0);
}

HANDLER(on_watch)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_join(socket, "watchers");
    parley_ack_send(ack, NULL);
}

/* --- operators --- */

static struct parley_op *add_rooms(struct parley_op *op, const struct parley_val *rooms,
                                   struct parley_op *(*add)(struct parley_op *op, const char *room))
{
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        op = add(op, parley_val_str(parley_val_at(rooms, i), NULL));
    }
    return op;
}

/* The operator that the first argument names. */
static struct parley_op *operator_of(struct parley_socket *socket, const struct parley_args *args)
{
    const struct parley_val *opts = parley_args_get(args, 0);
    const char *from = parley_val_str(parley_val_get(opts, "from"), NULL);
    bool is_from_socket = from != NULL && strcmp(from, "socket") == 0;
    struct parley_op *op = is_from_socket
                               ? parley_broadcast(socket)
                               : parley_of(parley_socket_io(socket), parley_socket_ns(socket));
    op = add_rooms(op, parley_val_get(opts, "rooms"), parley_op_to);
    op = add_rooms(op, parley_val_get(opts, "except"), parley_op_except);
    op = parley_val_bool(parley_val_get(opts, "volatile"), false) ? parley_op_volatile(op) : op;
    op = parley_op_compress(op, parley_val_bool(parley_val_get(opts, "compress"), true));
    return parley_val_bool(parley_val_get(opts, "local"), false) ? parley_op_local(op) : op;
}

HANDLER(on_to)
{
    struct parley_args *rest = tail(NULL, args, 2);
    UNUSED(event);
    UNUSED(user);
    parley_op_emit(operator_of(socket, args), string_at(args, 1), rest);
    parley_args_unref(rest);
    parley_ack_send(ack, NULL);
}

HANDLER(on_op_join)
{
    const struct parley_val *rooms = parley_args_get(args, 1);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        parley_op_join(operator_of(socket, args), parley_val_str(parley_val_at(rooms, i), NULL));
    }
    parley_ack_send(ack, NULL);
}

HANDLER(on_op_leave)
{
    const struct parley_val *rooms = parley_args_get(args, 1);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; i < parley_val_count(rooms); i++) {
        parley_op_leave(operator_of(socket, args), parley_val_str(parley_val_at(rooms, i), NULL));
    }
    parley_ack_send(ack, NULL);
}

HANDLER(on_op_disconnect)
{
    bool is_closing = parley_val_bool(parley_args_get(args, 1), false);
    UNUSED(event);
    UNUSED(user);
    parley_ack_send(ack, NULL);
    parley_op_disconnect(operator_of(socket, args), is_closing);
}

static const char *text_of(const struct parley_val *object, const char *key)
{
    return parley_val_str(parley_val_get(object, key), NULL);
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(text_of(*(const struct parley_val *const *)a, "id"),
                  text_of(*(const struct parley_val *const *)b, "id"));
}

/* {"id","rooms","data"} with the rooms sorted and without its own id. */
static struct parley_val *describe(const struct parley_val *socket)
{
    const struct parley_val *rooms = parley_val_get(socket, "rooms");
    const char *names[ROOMS_MAX];
    struct parley_val *list = parley_val_new_array();
    struct parley_val *object = NULL;
    size_t count = 0;
    for (size_t i = 0; i < parley_val_count(rooms) && count < ROOMS_MAX; i++) {
        const char *name = parley_val_str(parley_val_at(rooms, i), NULL);
        if (strcmp(name, text_of(socket, "id")) != 0) {
            names[count++] = name;
        }
    }
    qsort(names, count, sizeof(names[0]), compare_names);
    for (size_t i = 0; i < count; i++) {
        parley_val_array_add(list, parley_val_new_string(names[i], strlen(names[i])));
    }
    object = parley_val_format("{\"id\":%s,\"rooms\":%p,\"data\":%p}", text_of(socket, "id"),
                               (const void *)list, (const void *)parley_val_get(socket, "data"));
    parley_val_unref(list);
    return object;
}

static void on_fetched(int status, const struct parley_val *sockets, void *user)
{
    struct parley_ack *ack = user;
    size_t count = status < 0 ? 0 : parley_val_count(sockets);
    const struct parley_val **sorted = calloc(count + 1, sizeof(struct parley_val *));
    struct parley_val *list = parley_val_new_array();
    for (size_t i = 0; i < count; i++) {
        sorted[i] = parley_val_at(sockets, i);
    }
    qsort(sorted, count, sizeof(struct parley_val *), compare_ids);
    for (size_t i = 0; i < count; i++) {
        parley_val_array_add(list, describe(sorted[i]));
    }
    ack_val(ack, list);
    parley_val_unref(list);
    free(sorted);
}

HANDLER(on_op_fetch)
{
    struct parley_ack *kept = parley_ack_keep(ack);
    UNUSED(event);
    UNUSED(user);
    if (parley_op_fetch(operator_of(socket, args), on_fetched, kept) < 0) {
        parley_ack_drop(kept);
    }
}

/* --- the socket itself --- */

HANDLER(on_set_data)
{
    const struct parley_val *value = parley_args_get(args, 0);
    UNUSED(event);
    UNUSED(user);
    parley_socket_set_data(socket, value == NULL ? NULL : parley_val_ref(value));
    parley_ack_send(ack, NULL);
}

HANDLER(on_get_data)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    ack_val(ack, parley_socket_data(socket));
}

HANDLER(on_kick)
{
    UNUSED(event);
    UNUSED(ack);
    UNUSED(user);
    if (parley_val_bool(parley_args_get(args, 0), false)) {
        parley_disconnect_all(socket);
    } else {
        parley_disconnect(socket);
    }
}

HANDLER(on_tick)
{
    int64_t count = parley_val_int(parley_args_get(args, 0), 0);
    UNUSED(ack);
    UNUSED(user);
    for (long i = 0; i < count; i++) {
        parley_emitf(socket, event, "%ld", i);
    }
}

HANDLER(on_volatile)
{
    int64_t count = parley_val_int(parley_args_get(args, 0), 0);
    UNUSED(event);
    UNUSED(ack);
    UNUSED(user);
    for (long i = 0; i < count; i++) {
        struct parley_args *number = parley_args_format("%ld", i);
        parley_emit_volatile(socket, "v", number);
        parley_args_unref(number);
    }
    parley_emit(socket, "v-end", NULL);
}

HANDLER(on_volatile_after)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
    parley_emit(socket, "first", NULL);
    parley_emit_volatile(socket, "dropped", NULL);
    parley_emit(socket, "last", NULL);
}

HANDLER(on_give)
{
    int64_t wanted = parley_val_int(parley_args_get(args, 0), 0);
    size_t len = wanted < 0 ? 0 : (size_t)wanted;
    unsigned char *bytes = malloc(len + 1);
    struct parley_args *gift = parley_args_new();
    UNUSED(socket);
    UNUSED(event);
    UNUSED(user);
    for (size_t i = 0; bytes != NULL && i < len; i++) {
        bytes[i] = (unsigned char)(i % 256);
    }
    parley_args_add_bytes(gift, bytes, len);
    parley_ack_send(ack, gift);
    parley_args_unref(gift);
    free(bytes);
}

HANDLER(on_handshake)
{
    const struct parley_val *all = parley_socket_handshake(socket);
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ackf(
        ack, "{\"query\":%p,\"auth\":%p,\"header\":%p,\"address\":%p,\"secure\":%p,\"xdomain\":%p}",
        (const void *)parley_val_get(all, "query"), (const void *)parley_val_get(all, "auth"),
        (const void *)parley_val_get(parley_val_get(all, "headers"), "x-test"),
        (const void *)parley_val_get(all, "address"), (const void *)parley_val_get(all, "secure"),
        (const void *)parley_val_get(all, "xdomain"));
}

HANDLER(on_transport)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ackf(ack, "%s", parley_socket_transport(socket));
}

HANDLER(on_any_count)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ackf(ack, "%d", member_of(socket)->any_count);
}

HANDLER(on_any)
{
    UNUSED(event);
    UNUSED(args);
    UNUSED(ack);
    UNUSED(user);
    member_of(socket)->any_count++;
}

HANDLER(on_unhandled)
{
    struct parley_args *list = tail(parley_args_format("%s", event), args, 0);
    UNUSED(ack);
    UNUSED(user);
    parley_emit(socket, "unhandled", list);
    parley_args_unref(list);
}

static void refuse_forbidden(struct parley_socket *socket, const char *event,
                             const struct parley_args *args, struct parley_next *next, void *user)
{
    UNUSED(socket);
    UNUSED(args);
    UNUSED(user);
    if (strcmp(event, "forbidden") == 0) {
        parley_next_refuse(next, "forbidden", NULL);
    } else {
        parley_next_accept(next);
    }
}

/* --- connecting --- */

static const struct {
    const char *event;
    void (*handler)(struct parley_socket *socket, const char *event, const struct parley_args *args,
                    struct parley_ack *ack, void *user);
} handlers[] = {
    {"echo", on_echo},
    {"ack", on_ack},
    {"silent", on_silent},
    {"hold", on_hold},
    {"release", on_release},
    {"ask", on_ask},
    {"ask-room", on_ask_room},
    {"join", on_join},
    {"leave", on_leave},
    {"leave-all", on_leave_all},
    {"rooms", on_rooms},
    {"to", on_to},
    {"op-join", on_op_join},
    {"op-leave", on_op_leave},
    {"op-disconnect", on_op_disconnect},
    {"op-fetch", on_op_fetch},
    {"set-data", on_set_data},
    {"get-data", on_get_data},
    {"watch", on_watch},
    {"kick", on_kick},
    {"tick", on_tick},
    {"volatile", on_volatile},
    {"volatile-after", on_volatile_after},
    {"give", on_give},
    {"handshake", on_handshake},
    {"transport", on_transport},
    {"any-count", on_any_count},
};

static void on_disconnect(struct parley_socket *socket, enum parley_reason reason, void *user)
{
    struct parley_val *rooms = room_list(socket, 1);
    UNUSED(user);
    parley_op_emitf(parley_op_to(parley_of(parley_socket_io(socket), "/"), "watchers"), "gone",
                    "%s,%s,%s,%p", parley_socket_id(socket), parley_socket_ns(socket),
                    parley_reason_text(reason), (const void *)rooms);
    parley_val_unref(rooms);
}

static void on_connect(struct parley_socket *socket, const struct parley_val *auth, void *user)
{
    struct parley_val *recovered = parley_val_new_bool(parley_socket_is_recovered(socket));
    parley_socket_set(socket, KEY, calloc(1, sizeof(struct member)), free_member);
    parley_on_any(socket, on_any, user);
    parley_use(socket, refuse_forbidden, user);
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        parley_on(socket, handlers[i].event, handlers[i].handler, user);
    }
    parley_on_unhandled(socket, on_unhandled, user);
    parley_on_disconnect(socket, on_disconnect, user);
    parley_emitf(socket, "welcome",
                 "{\"id\":%s,\"nsp\":%s,\"auth\":%p,\"recovered\":%p,\"transport\":%s}",
                 parley_socket_id(socket), parley_socket_ns(socket), (const void *)auth,
                 (const void *)recovered, parley_socket_transport(socket));
    parley_val_unref(recovered);
}

/* --- middlewares --- */

static const struct parley_val *auth_of(const struct parley_socket *socket, const char *key)
{
    return parley_val_get(parley_val_get(parley_socket_handshake(socket), "auth"), key);
}

static void want_token(struct parley_socket *socket, struct parley_next *next, void *user)
{
    const char *token = parley_val_str(auth_of(socket, "token"), NULL);
    UNUSED(user);
    if (token != NULL && strcmp(token, "secret") == 0) {
        parley_next_accept(next);
    } else {
        size_t len = 0;
        const char *json = parley_val_str(auth_of(socket, "data"), &len);
        struct parley_val *data =
            json != NULL ? parley_val_parse(json, len) : parley_val_format("{\"retry\":%d}", 5);
        parley_next_refuse(next, "denied", data);
        parley_val_unref(data);
    }
}

static void refuse_second(struct parley_socket *socket, struct parley_next *next, void *user)
{
    UNUSED(user);
    if (parley_val_bool(auth_of(socket, "second"), false)) {
        parley_next_refuse(next, "second", NULL);
    } else {
        parley_next_accept(next);
    }
}

/* An answer that comes in a later turn. */
struct late {
    struct parley_next *next;
    bool is_denied;
};

static void answer_late(void *user)
{
    struct late *late = user;
    if (late->is_denied) {
        parley_next_refuse(late->next, "denied later", NULL);
    } else {
        parley_next_accept(late->next);
    }
    free(late);
}

static void decide_later(struct parley_socket *socket, struct parley_next *next, void *user)
{
    struct late *late = calloc(1, sizeof(*late));
    UNUSED(user);
    if (late == NULL) {
        parley_next_refuse(next, "no memory", NULL);
        return;
    }
    *late = (struct late){next, parley_val_bool(auth_of(socket, "deny"), false)};
    if (parley_post(parley_socket_app(socket), answer_late, late) < 0) {
        answer_late(late);
    }
}

static void match_fn(const char *name, const struct parley_val *auth, struct parley_next *next,
                     void *user)
{
    UNUSED(user);
    if (strncmp(name, "/fn-", 4) == 0 && parley_val_bool(parley_val_get(auth, "ok"), false)) {
        parley_next_accept(next);
    } else {
        parley_next_refuse(next, "no", NULL);
    }
}

static void allow_request(struct parley_request *request, struct parley_next *next, void *user)
{
    const char *refuse = parley_request_query(request, "refuse");
    UNUSED(user);
    if (refuse == NULL) {
        parley_next_accept(next);
    } else {
        parley_next_refuse(next, strcmp(refuse, "text") == 0 ? "no entry" : NULL, NULL);
    }
}

static int register_channels(struct parley_app *app, struct parley_io *io)
{
    static const char *const names[] = {"/", "/chat", "/guarded", "/later"};
    int rc = 0;
    UNUSED(app);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && rc == 0; i++) {
        rc = parley_ns_on(io, names[i], on_connect, NULL);
    }
    if (rc == 0) {
        rc = parley_ns_use(io, "/guarded", want_token, NULL);
    }
    if (rc == 0) {
        rc = parley_ns_use(io, "/guarded", refuse_second, NULL);
    }
    if (rc == 0) {
        rc = parley_ns_use(io, "/later", decide_later, NULL);
    }
    if (rc == 0) {
        rc = parley_ns_on_pattern(io, "/room/{id}", on_connect, NULL);
    }
    if (rc == 0) {
        rc = parley_ns_on_match(io, match_fn, on_connect, NULL);
    }
    parley_io_allow_request(io, allow_request, NULL);
    return rc;
}

PARLEY_APP(.name = "suite", .register_channels = register_channels)
