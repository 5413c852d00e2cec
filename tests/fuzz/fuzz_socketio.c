/* Socket.IO: the input is a role ('s'erver or 'c'lient) and messages, each 't'ext or 'b'inary, with
 * 0xff between them, all fed to one decoder. Each packet that comes out is written, read again and
 * written again. */
#include "fuzz.h"

#include "codec/sio_decoder.h"
#include "codec/sio_placeholder.h"
#include "codec/sio_write.h"

#define LIMIT_BYTES ((size_t)1 << 22)
#define SEPARATOR '\xff' /* not in UTF-8 */

/* False for a packet that has no writer of its own. */
static bool write_packet(struct pl_buf *buf, const struct pl_sio_packet *packet)
{
    struct pl_sio_event event = {
        .nsp = packet->nsp,
        .raw_name = packet->raw_event,
        .raw_args = packet->args,
        .attachment_count = packet->attachment_count,
        .has_id = packet->has_id,
        .id = packet->id,
    };
    switch (packet->type) {
    case PL_SIO_CONNECT:
        pl_sio_write_connect_request(buf, packet->nsp, packet->payload);
        return true;
    case PL_SIO_DISCONNECT:
        pl_sio_write_disconnect(buf, packet->nsp);
        return true;
    case PL_SIO_EVENT:
    case PL_SIO_BINARY_EVENT:
        pl_sio_write_event(buf, &event);
        return true;
    case PL_SIO_ACK:
    case PL_SIO_BINARY_ACK:
        pl_sio_write_ack(buf, packet->nsp, packet->id, packet->args, packet->attachment_count);
        return true;
    case PL_SIO_CONNECT_ERROR:
        return false;
    }
    return false;
}

static void check_same(const struct pl_sio_packet *a, const struct pl_sio_packet *b)
{
    PL_ASSERT(pl_str_eq(a->nsp, b->nsp) && pl_str_eq(a->event, b->event));
    PL_ASSERT(pl_str_eq(a->args, b->args) && a->arg_count == b->arg_count);
    PL_ASSERT(a->has_id == b->has_id && a->id == b->id);
    PL_ASSERT(a->attachment_count == b->attachment_count);
}

static void check_round_trip(const struct pl_sio_packet *packet, enum pl_sio_role role,
                             struct pl_arena *arena)
{
    struct pl_buf first;
    struct pl_buf second;
    struct pl_sio_packet again;
    pl_buf_init(&first, LIMIT_BYTES);
    pl_buf_init(&second, LIMIT_BYTES);
    if (write_packet(&first, packet)) {
        PL_ASSERT(pl_sio_packet_read(&again, pl_buf_str(&first), role, arena, NULL) == 0);
        check_same(packet, &again);
        PL_ASSERT(write_packet(&second, &again));
        PL_ASSERT(pl_str_eq(pl_buf_str(&first), pl_buf_str(&second)));
    }
    pl_buf_fini(&first);
    pl_buf_fini(&second);
}

static void feed(struct pl_sio_decoder *decoder, struct pl_str message_text)
{
    struct pl_arena arena;
    struct pl_sio_message message;
    struct pl_str data = pl_str_from(message_text, 1);
    int rc = 0;
    if (message_text.len == 0) {
        return;
    }
    pl_arena_init(&arena, LIMIT_BYTES);
    rc = message_text.ptr[0] == 'b'
             ? pl_sio_decoder_feed_binary(&message, decoder, data, &arena, NULL)
             : pl_sio_decoder_feed_text(&message, decoder, data, &arena, NULL);
    PL_ASSERT(pl_sio_decoder_is_waiting(decoder) == (rc == 0));
    if (rc == 1) {
        PL_ASSERT(message.attachment_count == message.packet.attachment_count);
        check_round_trip(&message.packet, decoder->limits->role, &arena);
    }
    pl_sio_message_fini(&message);
    pl_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str rest = pl_str_make((const char *)data, size);
    struct pl_sio_limits limits = {PL_SIO_ROLE_SERVER, PL_SIO_ATTACHMENT_LIMIT_DEFAULT, 4096};
    struct pl_sio_decoder decoder;
    uint32_t num = 0;
    if (size == 0) {
        return 0;
    }
    (void)pl_sio_placeholder_read(&num, rest);
    limits.role = data[0] == 'c' ? PL_SIO_ROLE_CLIENT : PL_SIO_ROLE_SERVER;
    rest = pl_str_from(rest, 1);
    pl_sio_decoder_init(&decoder, &limits);
    while (rest.len > 0) {
        feed(&decoder, pl_str_split(&rest, SEPARATOR));
    }
    pl_sio_decoder_fini(&decoder);
    return 0;
}
