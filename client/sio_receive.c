/* What comes from the session: put together, and given to the socket of its namespace. What cannot
 * be read ends the connection, which is then tried again. */
#include "client/sio_internal.h"

#define ARENA_EXTRA_BYTES ((size_t)64 * 1024) /* beside the text of a packet that had to wait */

static int take_event(struct parley_sio *sio, const struct pl_sio_message *message)
{
    if (sio->state == PL_CLIENT_SIO_CONNECTING && !sio->is_rejoining) {
        return pl_client_sio_keep_received(sio, message);
    }
    if (sio->state != PL_CLIENT_SIO_CONNECTED) {
        return 0; /* it was on its way when the namespace was left */
    }
    return pl_client_sio_deliver(sio, message);
}

static int take_ack(struct parley_sio *sio, const struct pl_sio_message *message)
{
    const struct pl_sio_packet *packet = &message->packet;
    struct pl_client_sio_ack *ack = pl_client_sio_acks_find(&sio->acks, packet->id);
    const struct parley_args *args = NULL;
    if (sio->state != PL_CLIENT_SIO_CONNECTED || ack == NULL || ack->kept != NULL) {
        return 0; /* too late, or nothing of ours */
    }
    args = pl_args_of_wire(packet->args, PL_SIO_DEPTH_MAX, message->attachments,
                           message->attachment_count);
    if (args == NULL) {
        return PL_E_NOMEM;
    }
    pl_client_sio_acks_end(sio, ack, 0, args);
    parley_args_unref(args);
    return 0;
}

static int take(struct pl_client_sio_manager *manager, const struct pl_sio_message *message)
{
    struct parley_sio *sio = pl_client_sio_find(manager, message->packet.nsp);
    if (sio == NULL) {
        return 0;
    }
    switch (message->packet.type) {
    case PL_SIO_CONNECT:
        return pl_client_sio_on_connect(sio, message->packet.payload);
    case PL_SIO_DISCONNECT:
        pl_client_sio_on_disconnect(sio);
        return 0;
    case PL_SIO_CONNECT_ERROR:
        return pl_client_sio_on_connect_error(sio, message->packet.payload);
    case PL_SIO_EVENT:
    case PL_SIO_BINARY_EVENT:
        return take_event(sio, message);
    case PL_SIO_ACK:
    case PL_SIO_BINARY_ACK:
        return take_ack(sio, message);
    }
    return 0;
}

/* `rc` of the decoder, or of who took a packet. */
static void fail(struct pl_client_sio_manager *manager, int rc, const struct pl_error *err)
{
    if (manager->link != PL_CLIENT_SIO_OPEN) {
        return; /* a callback has closed it */
    }
    if (rc == PL_E_NOMEM) {
        pl_client_sio_link_lose(manager, PL_CLIENT_EIO_TRANSPORT_ERROR, rc, 0,
                                "no memory for what the server sent");
    } else {
        pl_client_sio_link_lose(manager, PL_CLIENT_EIO_PARSE_ERROR, rc, 0, err->text);
    }
}

static void feed(struct pl_client_sio_manager *manager, struct pl_str bytes, bool is_text)
{
    struct pl_error err; /* large: not cleared for each message */
    struct pl_sio_message message;
    struct pl_arena arena;
    size_t limit = manager->limits.packet_limit_bytes;
    int rc = 0;
    err.text[0] = '\0';
    limit = limit > (SIZE_MAX - ARENA_EXTRA_BYTES) / 2 ? SIZE_MAX : limit * 2 + ARENA_EXTRA_BYTES;
    pl_arena_init(&arena, limit);
    rc = is_text ? pl_sio_decoder_feed_text(&message, &manager->decoder, bytes, &arena, &err)
                 : pl_sio_decoder_feed_binary(&message, &manager->decoder, bytes, &arena, &err);
    if (rc > 0) {
        rc = take(manager, &message);
        if (rc == PL_E_TOO_BIG) {
            (void)pl_error_set(&err, rc, "too much before the answer to CONNECT");
        }
    }
    if (rc < 0) {
        fail(manager, rc, &err);
    }
    pl_sio_message_fini(&message);
    pl_arena_fini(&arena);
}

void pl_client_sio_on_text(struct pl_client_eio *eio, struct pl_str text, void *user)
{
    (void)eio;
    feed(user, text, true);
}

void pl_client_sio_on_binary(struct pl_client_eio *eio, struct pl_str bytes, void *user)
{
    (void)eio;
    feed(user, bytes, false);
}
