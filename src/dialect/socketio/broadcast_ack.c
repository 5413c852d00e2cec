/* Broadcasts that ask for acknowledgements (spec 3.4): one id for all of a namespace, one answer
 * counted per socket. A pattern's go to each of its namespaces, and are answered as one. */
#include "dialect/socketio/broadcast_ack.h"

#include "base/alloc.h"
#include "dialect/socketio/emit.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/op.h"
#include "dialect/socketio/select.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/sockets.h"
#include "value/wire.h"

struct target {
    struct pl_table_link by_id;   /* hash of the socket's id */
    struct parley_socket *socket; /* counted */
    bool is_settled;              /* it has answered, or left */
};

/* What the application asked: one question in each namespace that is selected. */
struct question {
    size_t open_count; /* broadcasts that are not settled, and whoever still asks */
    int status;
    struct parley_val *answers; /* in the order of arrival */
    void (*on_done)(int status, const struct parley_val *answers, void *user);
    void *user;
};

struct broadcast {
    struct pl_list in_ns;
    struct pl_sio_ns *ns; /* counted */
    struct question *question;
    uint64_t id;
    struct pl_timer timer;
    struct pl_table by_id;
    struct target *targets;
    size_t target_count;
    size_t missing_count; /* neither answered nor left */
    bool has_lost_some;   /* who left will not answer any more */
};

/* The worse of two ends: what says more about the answers that are missing. */
static int worse(int a, int b)
{
    static const int by_weight[] = {PL_E_NOMEM, PL_E_TIMEOUT, PL_E_CLOSED};
    for (size_t i = 0; i < PL_ARRAY_LEN(by_weight); i++) {
        if (a == by_weight[i] || b == by_weight[i]) {
            return by_weight[i];
        }
    }
    return 0;
}

/* One less to wait for. */
static void release(struct question *question, int status)
{
    question->status = worse(question->status, status);
    if (--question->open_count > 0) {
        return;
    }
    question->on_done(question->status, question->answers, question->user);
    parley_val_unref(question->answers);
    pl_free(question);
}

/* Unlinked before it is told, so that the callback may do anything. */
static void finish(struct broadcast *broadcast, int status)
{
    pl_list_remove(&broadcast->in_ns);
    pl_timer_stop(pl_sio_timers(broadcast->ns->io), &broadcast->timer);
    release(broadcast->question, status);
    for (size_t i = 0; i < broadcast->target_count; i++) {
        parley_socket_unref(broadcast->targets[i].socket);
    }
    pl_table_fini(&broadcast->by_id);
    pl_free(broadcast->targets);
    pl_sio_ns_tidy(broadcast->ns);
    pl_sio_ns_unref(broadcast->ns);
    pl_free(broadcast);
}

static void on_timeout(struct pl_timer *timer)
{
    finish(PL_CONTAINER_OF(timer, struct broadcast, timer), PL_E_TIMEOUT);
}

/* Returns whether that was the last one. */
static bool finish_if_settled(struct broadcast *broadcast)
{
    if (broadcast->missing_count > 0) {
        return false;
    }
    finish(broadcast, broadcast->has_lost_some ? PL_E_CLOSED : 0);
    return true;
}

/* --- asking --- */

static struct broadcast *create_broadcast(struct question *question, struct pl_sio_ns *ns,
                                          const struct pl_sio_sockets *sockets)
{
    struct broadcast *broadcast = pl_alloc(sizeof(*broadcast));
    broadcast->ns = pl_sio_ns_ref(ns);
    broadcast->question = question;
    question->open_count++;
    broadcast->id = ns->next_ack_id++;
    broadcast->timer.on_due = on_timeout;
    if (sockets->count > 0) {
        broadcast->targets = pl_alloc_array(sockets->count, sizeof(*broadcast->targets));
    }
    for (size_t i = 0; i < sockets->count; i++) {
        struct target *target = &broadcast->targets[broadcast->target_count];
        if (sockets->sockets[i]->state == PL_SIO_CONNECTED) { /* not ended by who was told of it */
            target->socket = parley_socket_ref(sockets->sockets[i]);
            pl_table_add(&broadcast->by_id, &target->by_id, target->socket->by_id.hash);
            broadcast->target_count++;
        }
    }
    broadcast->missing_count = broadcast->target_count;
    pl_list_push_back(&ns->broadcasts, &broadcast->in_ns);
    return broadcast;
}

/* Volatile has no effect where an answer is wanted. */
static int send_question(const struct pl_sio_ns *ns, const struct broadcast *broadcast,
                         const struct pl_sio_emission *emission, bool is_uncompressed)
{
    struct pl_sio_outgoing outgoing;
    struct pl_frame *frames[PL_ENCODING_MAX] = {0};
    int rc = pl_sio_write_emission(&outgoing, broadcast->ns, emission);
    if (rc < 0) {
        return rc;
    }
    outgoing.is_uncompressed = is_uncompressed;
    for (size_t i = 0; i < broadcast->target_count; i++) {
        struct pl_session *session = pl_sio_socket_session(broadcast->targets[i].socket);
        struct pl_frame **frame = session == NULL ? NULL : &frames[pl_session_encoding(session)];
        if (frame != NULL && *frame == NULL) {
            *frame = pl_sio_outgoing_frame(ns->io, &outgoing, pl_session_encoding(session));
        }
        if (frame != NULL && *frame != NULL) {
            pl_frame_ref(*frame, 1);
            pl_sio_count(ns->io, PL_METRIC_SOCKETIO_MESSAGES_OUT, 1);
            pl_sio_count(ns->io, PL_METRIC_SOCKETIO_BYTES_OUT, (int64_t)(*frame)->len);
            pl_session_send(session, *frame, 0);
        }
    }
    for (size_t i = 0; i < PL_ENCODING_MAX; i++) {
        pl_frame_unref(&frames[i]);
    }
    return 0;
}

static void start_timer(struct broadcast *broadcast, uint32_t timeout_ms)
{
    struct parley_io *io = broadcast->ns->io;
    if (timeout_ms != UINT32_MAX) {
        pl_timer_set(pl_sio_timers(io), &broadcast->timer,
                     pl_hub_now_ms(io->hub) +
                         (timeout_ms == 0 ? io->config.ack_timeout_ms : timeout_ms));
    }
}

static void ignore_done(int status, const struct parley_val *answers, void *user)
{
    (void)status;
    (void)answers;
    (void)user;
}

/* Ask everybody who is selected in one namespace. */
static int ask_in(struct question *question, const struct parley_op *op, struct pl_sio_ns *ns,
                  const struct pl_sio_emission *wanted)
{
    struct pl_sio_emission emission = *wanted;
    struct pl_sio_sockets sockets = {0};
    struct broadcast *broadcast = NULL;
    pl_sio_select(&sockets, op, ns);
    for (size_t i = 0; i < sockets.count; i++) {
        pl_sio_tell_outgoing(sockets.sockets[i], emission.event, emission.args);
    }
    broadcast = create_broadcast(question, ns, &sockets);
    pl_sio_sockets_fini(&sockets);
    emission.has_id = true;
    emission.id = broadcast->id;
    return send_question(ns, broadcast, &emission, op->is_uncompressed);
}

/* The part of a question that is open in a namespace; NULL: whoever was told of the emit has ended
 * it. */
static struct broadcast *find_part(const struct pl_sio_ns *ns, const struct question *question)
{
    PL_LIST_EACH(node, &ns->broadcasts)
    {
        struct broadcast *broadcast = PL_CONTAINER_OF(node, struct broadcast, in_ns);
        if (broadcast->question == question) {
            return broadcast;
        }
    }
    return NULL;
}

/* All is asked, or nothing shall be: wait for the answers, or forget the parts. */
static void settle(const struct question *question, struct pl_sio_ns *const *namespaces,
                   size_t count, uint32_t timeout_ms, int rc)
{
    for (size_t i = 0; i < count; i++) {
        struct broadcast *broadcast = find_part(namespaces[i], question);
        if (broadcast != NULL && rc < 0) {
            finish(broadcast, rc);
        } else if (broadcast != NULL && !finish_if_settled(broadcast)) {
            start_timer(broadcast, timeout_ms);
        }
    }
}

static int ask(const struct parley_op *op, const struct pl_sio_emission *emission,
               void (*on_done)(int status, const struct parley_val *answers, void *user),
               void *user)
{
    size_t count = 0;
    struct pl_sio_ns **namespaces = pl_sio_op_namespaces(op, &count);
    struct question *question = pl_alloc(sizeof(*question));
    int rc = 0;
    *question = (struct question){
        .open_count = 1, .answers = parley_val_new_array(), .on_done = on_done, .user = user};
    rc = question->answers == NULL ? PL_E_NOMEM : 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = ask_in(question, op, namespaces[i], emission);
    }
    if (rc < 0) { /* the caller hears of it by the return value alone */
        question->on_done = ignore_done;
    }
    settle(question, namespaces, count, op->timeout_ms, rc);
    pl_sio_op_namespaces_free(namespaces, count);
    release(question, 0);
    return rc;
}

int parley_op_emit_ack(struct parley_op *op, const char *event, const struct parley_args *args,
                       void (*on_done)(int status, const struct parley_val *answers, void *user),
                       void *user)
{
    struct pl_sio_emission emission = {.args = args};
    int rc = op == NULL ? PL_E_NOT_FOUND : pl_sio_event_to_emit(&emission.event, op->ns->io, event);
    if (rc == 0 && on_done == NULL) {
        rc = PL_E_INVALID;
    }
    if (rc == 0) {
        rc = ask(op, &emission, on_done, user);
    }
    parley_op_drop(op);
    return rc;
}

/* --- answers --- */

static struct target *find_target(const struct broadcast *broadcast,
                                  const struct parley_socket *socket)
{
    struct pl_table_link *link = pl_table_first(&broadcast->by_id, socket->by_id.hash);
    for (; link != NULL; link = pl_table_next(link)) {
        struct target *target = PL_CONTAINER_OF(link, struct target, by_id);
        if (target->socket == socket) {
            return target;
        }
    }
    return NULL;
}

static struct broadcast *find_broadcast(const struct pl_sio_ns *ns, uint64_t id)
{
    for (struct pl_list *node = ns->broadcasts.next; node != &ns->broadcasts; node = node->next) {
        struct broadcast *broadcast = PL_CONTAINER_OF(node, struct broadcast, in_ns);
        if (broadcast->id == id) {
            return broadcast;
        }
    }
    return NULL;
}

/* The first argument of an answer, one reference: null when it has none. NULL without memory. */
static const struct parley_val *first_argument(const struct pl_sio_message *message)
{
    struct parley_args *args = NULL;
    const struct parley_val *first = NULL;
    if (message->packet.arg_count == 0) {
        return parley_val_new_null();
    }
    args = pl_args_of_wire(message->packet.args, PL_SIO_DEPTH_MAX, message->attachments,
                           message->attachment_count);
    first = parley_args_get(args, 0);
    first = first == NULL ? NULL : parley_val_ref(first);
    parley_args_unref(args);
    return first;
}

void pl_sio_broadcast_receive(struct parley_socket *socket, const struct pl_sio_message *message)
{
    struct broadcast *broadcast = find_broadcast(socket->ns, message->packet.id);
    struct target *target = broadcast == NULL ? NULL : find_target(broadcast, socket);
    if (target == NULL || target->is_settled) {
        return;
    }
    target->is_settled = true;
    broadcast->missing_count--;
    if (parley_val_array_add(broadcast->question->answers, first_argument(message)) < 0) {
        finish(broadcast, PL_E_NOMEM);
    } else {
        finish_if_settled(broadcast);
    }
}

/* Nobody waits for this socket any more. Returns whether that settled a broadcast. */
static bool strike_out(const struct pl_sio_ns *ns, const struct parley_socket *socket)
{
    bool has_settled = false;
    for (struct pl_list *node = ns->broadcasts.next; node != &ns->broadcasts; node = node->next) {
        struct broadcast *broadcast = PL_CONTAINER_OF(node, struct broadcast, in_ns);
        struct target *target = find_target(broadcast, socket);
        if (target != NULL && !target->is_settled) {
            target->is_settled = true;
            broadcast->has_lost_some = true;
            has_settled = --broadcast->missing_count == 0 || has_settled;
        }
    }
    return has_settled;
}

void pl_sio_broadcasts_leave(struct parley_socket *socket)
{
    struct pl_sio_ns *ns = socket->ns;
    struct pl_list *node = NULL;
    if (!strike_out(ns, socket)) {
        return;
    }
    node = ns->broadcasts.next;
    while (node != &ns->broadcasts) {
        struct broadcast *broadcast = PL_CONTAINER_OF(node, struct broadcast, in_ns);
        /* a callback may change the list: start again */
        struct pl_list *next = node->next;
        node = finish_if_settled(broadcast) ? ns->broadcasts.next : next;
    }
}

void pl_sio_broadcasts_close(struct pl_sio_ns *ns)
{
    while (!pl_list_is_empty(&ns->broadcasts)) {
        finish(PL_CONTAINER_OF(ns->broadcasts.next, struct broadcast, in_ns), PL_E_CLOSED);
    }
}
