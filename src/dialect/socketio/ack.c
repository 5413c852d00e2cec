/* Acknowledgements of one socket: those the client asked for, and those it owes us. */
#include "dialect/socketio/ack.h"

#include "base/alloc.h"
#include "dialect/socketio/broadcast_ack.h"
#include "dialect/socketio/emit.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/socket.h"
#include "value/wire.h"

/* --- answering --- */

struct parley_ack *parley_ack_keep(struct parley_ack *ack)
{
    struct parley_ack *kept = NULL;
    if (ack == NULL || ack->is_kept || ack->is_done) {
        return ack != NULL && ack->is_kept ? ack : NULL;
    }
    kept = pl_alloc(sizeof(*kept));
    *kept = (struct parley_ack){
        .socket = parley_socket_ref(ack->socket), .id = ack->id, .is_kept = true};
    ack->is_done = true;
    return kept;
}

void parley_ack_drop(struct parley_ack *ack)
{
    if (ack == NULL) {
        return;
    }
    ack->is_done = true;
    if (ack->is_kept) {
        parley_socket_unref(ack->socket);
        pl_free(ack);
    }
}

static int send_ack(const struct parley_ack *ack, const struct parley_args *args)
{
    struct pl_sio_outgoing outgoing;
    int rc = ack->is_done ? PL_E_STATE : pl_sio_socket_may_emit(ack->socket);
    if (rc == 0) {
        rc = pl_sio_write_ack_packet(&outgoing, ack->socket->ns, ack->id, args);
    }
    return rc < 0 ? rc : pl_sio_conn_send(ack->socket->conn, &outgoing, 0);
}

int parley_ack_send(struct parley_ack *ack, const struct parley_args *args)
{
    int rc = ack == NULL ? 0 : send_ack(ack, args);
    parley_ack_drop(ack);
    return rc;
}

int parley_ackf(struct parley_ack *ack, const char *fmt, ...)
{
    struct parley_args *args = NULL;
    va_list list;
    int rc = 0;
    if (ack == NULL) {
        return 0;
    }
    va_start(list, fmt);
    rc = pl_args_formatv(&args, fmt, list);
    va_end(list);
    if (rc < 0) {
        parley_ack_drop(ack);
        return rc;
    }
    rc = parley_ack_send(ack, args);
    parley_args_unref(args);
    return rc;
}

/* --- asking --- */

struct pending {
    struct pl_table_link by_id; /* in ns->acks; the hash comes from the id */
    struct pl_list in_socket;
    struct pl_timer timer;
    uint64_t id;
    struct parley_socket *socket; /* borrowed: it ends what is pending when it goes */
    void (*on_ack)(struct parley_socket *socket, int status, const struct parley_args *args,
                   void *user);
    void *user;
};

static uint64_t hash_number(uint64_t id)
{
    uint64_t hash = (id + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Unlinked before it is told, so that the callback may do anything. */
static void complete(struct pending *pending, int status, const struct parley_args *args)
{
    struct parley_socket *socket = parley_socket_ref(pending->socket);
    struct pending done = *pending;
    pl_table_remove(&socket->ns->acks, &pending->by_id);
    pl_list_remove(&pending->in_socket);
    pl_timer_stop(pl_sio_timers(socket->ns->io), &pending->timer);
    socket->rare->ack_count--;
    pl_free(pending);
    done.on_ack(socket, status, args, done.user);
    parley_socket_unref(socket);
}

static void on_timeout(struct pl_timer *timer)
{
    complete(PL_CONTAINER_OF(timer, struct pending, timer), PL_E_TIMEOUT, NULL);
}

static struct pending *add_pending(struct parley_socket *socket, uint64_t id, uint32_t timeout_ms)
{
    struct pl_sio_rare *rare = pl_sio_socket_rare(socket);
    struct parley_io *io = socket->ns->io;
    struct pending *pending = pl_alloc(sizeof(*pending));
    pending->id = id;
    pending->socket = socket;
    pending->timer.on_due = on_timeout;
    pl_table_add(&socket->ns->acks, &pending->by_id, hash_number(id));
    pl_list_push_back(&rare->acks, &pending->in_socket);
    rare->ack_count++;
    if (timeout_ms != UINT32_MAX) {
        pl_timer_set(pl_sio_timers(io), &pending->timer,
                     pl_hub_now_ms(io->hub) +
                         (timeout_ms == 0 ? io->config.ack_timeout_ms : timeout_ms));
    }
    return pending;
}

int parley_emit_ack(struct parley_socket *socket, const char *event, const struct parley_args *args,
                    uint32_t timeout_ms,
                    void (*on_ack)(struct parley_socket *socket, int status,
                                   const struct parley_args *args, void *user),
                    void *user)
{
    struct pl_sio_emission emission = {.args = args, .has_id = true};
    struct pending *pending = NULL;
    int rc = pl_sio_event_to_emit(&emission.event, socket->ns->io, event);
    if (rc == 0) {
        rc = on_ack == NULL ? PL_E_INVALID : pl_sio_socket_may_emit(socket);
    }
    if (rc == 0 && socket->rare != NULL &&
        socket->rare->ack_count >= socket->ns->io->config.pending_acks_max) {
        rc = PL_E_FULL;
    }
    if (rc < 0) {
        return rc;
    }
    emission.id = socket->ns->next_ack_id++;
    rc = pl_sio_emit_one(socket, &emission, 0);
    if (rc < 0) {
        return rc;
    }
    pending = add_pending(socket, emission.id, timeout_ms);
    pending->on_ack = on_ack;
    pending->user = user;
    return 0;
}

static struct pending *find_pending(const struct parley_socket *socket, uint64_t id)
{
    struct pl_table_link *link = NULL;
    if (socket->rare == NULL || socket->rare->ack_count == 0) {
        return NULL;
    }
    link = pl_table_first(&socket->ns->acks, hash_number(id));
    for (; link != NULL; link = pl_table_next(link)) {
        struct pending *pending = PL_CONTAINER_OF(link, struct pending, by_id);
        if (pending->id == id && pending->socket == socket) {
            return pending;
        }
    }
    return NULL;
}

void pl_sio_ack_receive(struct parley_socket *socket, const struct pl_sio_message *message)
{
    struct pending *pending = find_pending(socket, message->packet.id);
    const struct parley_args *args = NULL;
    if (pending == NULL) {
        pl_sio_broadcast_receive(socket, message); /* or nobody waits for it (spec 2.5) */
        return;
    }
    args = pl_args_of_wire(message->packet.args, PL_SIO_DEPTH_MAX, message->attachments,
                           message->attachment_count);
    complete(pending, args == NULL ? PL_E_NOMEM : 0, args);
    parley_args_unref(args);
}

void pl_sio_acks_close(struct parley_socket *socket)
{
    while (socket->rare != NULL && socket->rare->ack_count > 0) {
        complete(PL_CONTAINER_OF(socket->rare->acks.next, struct pending, in_socket), PL_E_CLOSED,
                 NULL);
    }
}
