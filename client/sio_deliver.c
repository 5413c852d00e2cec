/* Events for the application: to its listeners, or kept until the CONNECT answer is there. The
 * offset of recovery is the last argument of the last event, when that is a string (spec 3.8). */
#include "client/sio_internal.h"

#include "base/alloc.h"
#include "codec/json_string.h"

#define NAME_AT_HAND_BYTES 128

/* The last of raw arguments when it is a string, else empty. Inside of a string quotes come behind
 * an odd number of backslashes. */
static struct pl_str last_string(struct pl_str raw_args)
{
    size_t at = raw_args.len;
    size_t slashes = 0;
    if (at < 2 || raw_args.ptr[at - 1] != '"') {
        return PL_STR("");
    }
    for (at--; at > 0; at--) {
        if (raw_args.ptr[at - 1] != '"') {
            continue;
        }
        for (slashes = 0; slashes < at - 1 && raw_args.ptr[at - 2 - slashes] == '\\'; slashes++) {
        }
        if (slashes % 2 == 0) {
            break;
        }
    }
    return pl_str_from(raw_args, at == 0 ? raw_args.len : at - 1);
}

/* As the JavaScript client: only where there is recovery, and not of an event that wants an
 * acknowledgement. */
static int remember_offset(struct parley_sio *sio, struct pl_str raw)
{
    char *copy = NULL;
    ptrdiff_t len = 0;
    if (sio->pid == NULL || raw.len == 0) {
        return 0;
    }
    copy = pl_try_alloc(raw.len + 1);
    if (copy == NULL) {
        return PL_E_NOMEM;
    }
    len = pl_json_string_copy(copy, raw);
    copy[len < 0 ? 0 : len] = '\0';
    pl_free(sio->offset);
    sio->offset = copy;
    return 0;
}

/* To the catch-all listeners, then to those of the event. */
static void call_listeners(struct parley_sio *sio, const char *name, size_t len,
                           const struct parley_args *args, struct parley_sio_ack *ack)
{
    pl_client_sio_listeners_call(sio, PL_CLIENT_SIO_TO_ANY, name, len, args, ack);
    if (!sio->is_destroyed) {
        pl_client_sio_listeners_call(sio, PL_CLIENT_SIO_TO_EVENT, name, len, args, ack);
    }
}

/* With a name that stays where it is. */
static int deliver(struct parley_sio *sio, struct pl_str name, const struct parley_args *args,
                   bool has_id, uint64_t id)
{
    struct parley_sio_ack *ack = NULL;
    if (!pl_client_sio_listeners_want(&sio->listeners, PL_CLIENT_SIO_TO_ANY, name) &&
        !pl_client_sio_listeners_want(&sio->listeners, PL_CLIENT_SIO_TO_EVENT, name)) {
        return 0;
    }
    if (has_id) {
        ack = pl_client_sio_answer_create(sio, id);
        if (ack == NULL) {
            return PL_E_NOMEM;
        }
    }
    call_listeners(sio, name.ptr, name.len, args, ack);
    parley_sio_ack_unref(ack);
    return 0;
}

static int deliver_packet(struct parley_sio *sio, const struct pl_sio_packet *packet,
                          const struct parley_args *args)
{
    char at_hand[NAME_AT_HAND_BYTES];
    struct pl_str event = packet->event;
    char *name = event.len < sizeof(at_hand) ? at_hand : pl_try_alloc(event.len + 1);
    int rc = name == NULL ? PL_E_NOMEM : 0;
    if (rc == 0 && !packet->has_id) {
        rc = remember_offset(sio, last_string(packet->args));
    }
    if (rc == 0) {
        memcpy(name, event.ptr, event.len);
        name[event.len] = '\0';
        rc = deliver(sio, pl_str_make(name, event.len), args, packet->has_id, packet->id);
    }
    if (name != at_hand) {
        pl_free(name);
    }
    return rc;
}

int pl_client_sio_deliver(struct parley_sio *sio, const struct pl_sio_message *message)
{
    const struct parley_args *args = pl_args_of_wire(
        message->packet.args, PL_SIO_DEPTH_MAX, message->attachments, message->attachment_count);
    int rc = args == NULL ? PL_E_NOMEM : deliver_packet(sio, &message->packet, args);
    parley_args_unref(args);
    return rc;
}

/* --- before the CONNECT answer --- */

int pl_client_sio_keep_received(struct parley_sio *sio, const struct pl_sio_message *message)
{
    const struct pl_sio_packet *packet = &message->packet;
    struct pl_client_sio_received *received = NULL;
    struct pl_str offset = packet->has_id ? PL_STR("") : last_string(packet->args);
    size_t text_len = packet->event.len + 1 + offset.len;
    size_t size = sizeof(*received) + text_len + packet->args.len;
    for (size_t i = 0; i < message->attachment_count; i++) {
        size += message->attachments[i]->len; /* all of it is in memory */
    }
    if (size > sio->manager->transport.message_max -
                   pl_size_min(sio->received_bytes, sio->manager->transport.message_max)) {
        return PL_E_TOO_BIG;
    }
    received = pl_try_alloc(sizeof(*received) + text_len);
    if (received == NULL) {
        return PL_E_NOMEM;
    }
    *received = (struct pl_client_sio_received){
        .args = pl_args_of_wire(packet->args, PL_SIO_DEPTH_MAX, message->attachments,
                                message->attachment_count),
        .size = size,
        .has_id = packet->has_id,
        .id = packet->id,
    };
    if (received->args == NULL) {
        pl_free(received);
        return PL_E_NOMEM;
    }
    memcpy(received->event, packet->event.ptr, packet->event.len);
    received->event[packet->event.len] = '\0';
    received->event_len = packet->event.len;
    received->raw_offset = pl_str_make(received->event + packet->event.len + 1, offset.len);
    if (offset.len > 0) {
        memcpy(received->event + packet->event.len + 1, offset.ptr, offset.len);
    }
    pl_list_push_back(&sio->received, &received->node);
    sio->received_bytes += size;
    return 0;
}

static struct pl_client_sio_received *take_received(struct parley_sio *sio)
{
    struct pl_list *node = pl_list_pop_front(&sio->received);
    struct pl_client_sio_received *received =
        node == NULL ? NULL : PL_CONTAINER_OF(node, struct pl_client_sio_received, node);
    if (received != NULL) {
        sio->received_bytes -= received->size;
    }
    return received;
}

static void destroy_received(struct pl_client_sio_received *received)
{
    parley_args_unref(received->args);
    pl_free(received);
}

void pl_client_sio_drop_received(struct parley_sio *sio)
{
    struct pl_client_sio_received *received = NULL;
    while ((received = take_received(sio)) != NULL) {
        destroy_received(received);
    }
}

int pl_client_sio_deliver_received(struct parley_sio *sio)
{
    struct pl_client_sio_received *received = NULL;
    int rc = 0;
    while (rc == 0 && pl_client_sio_is_up(sio) && (received = take_received(sio)) != NULL) {
        rc = remember_offset(sio, received->raw_offset);
        if (rc == 0) {
            rc = deliver(sio, pl_str_make(received->event, received->event_len), received->args,
                         received->has_id, received->id);
        }
        destroy_received(received);
    }
    return rc;
}
