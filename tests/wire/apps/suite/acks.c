/* Echoes, and acknowledgements in both directions. */
#include "suite.h"

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
    struct suite_member *member = suite_member_of(socket);
    UNUSED(event);
    UNUSED(args);
    UNUSED(user);
    parley_ack_drop(member->held);
    member->held = parley_ack_keep(ack);
}

HANDLER(on_release)
{
    struct suite_member *member = suite_member_of(socket);
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
        struct parley_args *answer = suite_tail(parley_args_format("%s", "ok"), args, 0);
        parley_emit(socket, "answer", answer);
        parley_args_unref(answer);
    } else if (status == PARLEY_E_TIMEOUT) {
        parley_emitf(socket, "answer", "%s", "timeout");
    }
}

HANDLER(on_ask)
{
    struct parley_args *question = suite_tail(NULL, args, 1);
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
    struct parley_args *question = suite_tail(NULL, args, 2);
    struct parley_op *op = parley_of(parley_socket_io(socket), parley_socket_ns(socket));
    uint32_t timeout_ms = (uint32_t)parley_val_int(parley_args_get(args, 1), 0);
    UNUSED(event);
    UNUSED(ack);
    UNUSED(user);
    op = parley_op_timeout(parley_op_to(op, suite_string_at(args, 0)), timeout_ms);
    if (parley_op_emit_ack(op, "question", question, on_answers, parley_socket_ref(socket)) < 0) {
        parley_socket_unref(socket);
    }
    parley_args_unref(question);
}

void suite_add_acks(struct parley_socket *socket)
{
    static const struct suite_handler handlers[] = {
        {"echo", on_echo},       {"ack", on_ack}, {"silent", on_silent},     {"hold", on_hold},
        {"release", on_release}, {"ask", on_ask}, {"ask-room", on_ask_room},
    };
    suite_add(socket, handlers, sizeof(handlers) / sizeof(handlers[0]));
}
