/* Sending: a packet's text is written once into the server's buffers, its frames are made from
 * there. */
#include "dialect/socketio/emit.h"

#include "base/alloc.h"
#include "codec/sio_msgpack.h"
#include "codec/sio_write.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/handlers.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/names.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/socket.h"
#include "value/wire.h"

#define PACKET_BYTES_MAX ((size_t)1 << 30)
#define BUFFER_KEPT_BYTES 65536 /* a larger buffer is given back after its packet */

/* --- writing --- */

static void begin(struct pl_buf *buf)
{
    if (buf->cap > BUFFER_KEPT_BYTES) {
        pl_buf_fini(buf);
    }
    if (buf->limit_bytes == 0) {
        pl_buf_init(buf, PACKET_BYTES_MAX);
    }
    pl_buf_clear(buf);
}

struct pl_buf *pl_sio_packet_begin(struct parley_io *io)
{
    begin(&io->packet);
    return &io->packet;
}

static size_t attachments_max(const struct parley_io *io)
{
    return io->config.parser == PL_SIO_PARSER_MSGPACK ? PL_SIO_MSGPACK_BINS_MAX
                                                      : io->config.attachments_max;
}

/* The arguments' text in io->args, their attachments in io->slices. */
static int write_args(struct parley_io *io, const struct parley_args *args)
{
    begin(&io->args);
    io->bins.count = 0;
    io->bins.has_failed = false;
    pl_args_write(&io->args, &io->bins, args);
    if (pl_buf_failed(&io->args) || io->bins.has_failed) {
        return PL_E_NOMEM;
    }
    if (io->bins.count > attachments_max(io)) {
        return PL_E_TOO_BIG;
    }
    if (io->bins.count > io->slice_cap) {
        io->slice_cap = io->bins.count;
        io->slices = pl_realloc(io->slices, io->slice_cap * sizeof(*io->slices));
    }
    for (size_t i = 0; i < io->bins.count; i++) {
        io->slices[i] = pl_blob_str(io->bins.blobs[i]);
    }
    return 0;
}

/* What is in io->packet, as the parser has it. */
static int give_out(struct pl_sio_outgoing *out, struct parley_io *io, size_t attachment_count)
{
    int rc = 0;
    if (pl_buf_failed(&io->packet)) {
        return PL_E_NOMEM;
    }
    *out = (struct pl_sio_outgoing){.text = pl_buf_str(&io->packet),
                                    .attachments = io->slices,
                                    .attachment_count = attachment_count};
    if (io->config.parser == PL_SIO_PARSER_DEFAULT) {
        return 0;
    }
    begin(&io->packed);
    rc = pl_sio_msgpack_write(&io->packed, out->text, io->slices, attachment_count, NULL);
    *out = (struct pl_sio_outgoing){.text = pl_buf_str(&io->packed), .is_bytes = true};
    return rc == 0 && pl_buf_failed(&io->packed) ? PL_E_NOMEM : rc;
}

int pl_sio_write_emission(struct pl_sio_outgoing *out, struct pl_sio_ns *ns,
                          const struct pl_sio_emission *emission)
{
    struct parley_io *io = ns->io;
    int rc = write_args(io, emission->args);
    if (rc < 0) {
        return rc;
    }
    pl_sio_write_event(pl_sio_packet_begin(io), &(struct pl_sio_event){
                                                    .nsp = pl_sio_name_str(ns->name),
                                                    .name = emission->event,
                                                    .raw_args = pl_buf_str(&io->args),
                                                    .offset = emission->offset,
                                                    .attachment_count = (uint32_t)io->bins.count,
                                                    .has_id = emission->has_id,
                                                    .id = emission->id,
                                                });
    return give_out(out, io, io->bins.count);
}

struct pl_str pl_sio_write_value(struct parley_io *io, const struct parley_val *val)
{
    struct pl_bin_list bins = {0};
    begin(&io->args);
    pl_val_write(&io->args, &bins, val);
    pl_bin_list_fini(&bins);
    return pl_buf_failed(&io->args) ? (struct pl_str){0} : pl_buf_str(&io->args);
}

int pl_sio_write_ack_packet(struct pl_sio_outgoing *out, struct pl_sio_ns *ns, uint64_t id,
                            const struct parley_args *args)
{
    struct parley_io *io = ns->io;
    int rc = write_args(io, args);
    if (rc < 0) {
        return rc;
    }
    pl_sio_write_ack(pl_sio_packet_begin(io), pl_sio_name_str(ns->name), id, pl_buf_str(&io->args),
                     (uint32_t)io->bins.count);
    return give_out(out, io, io->bins.count);
}

/* --- sending --- */

struct pl_frame *pl_sio_outgoing_frame(struct parley_io *io, const struct pl_sio_outgoing *outgoing,
                                       uint8_t encoding)
{
    struct pl_frame *frame =
        outgoing->is_bytes ? pl_eio_frame_create_binary(pl_encoding_plain(encoding), outgoing->text)
                           : pl_eio_frame_create(pl_encoding_plain(encoding), outgoing->text,
                                                 outgoing->attachments, outgoing->attachment_count);
    if (frame != NULL && outgoing->is_uncompressed) {
        frame->flags |= PL_FRAME_NO_COMPRESS;
    }
    return pl_eio_frame_pack(io->config.eio.compression, encoding, frame);
}

int pl_sio_conn_send(struct pl_sio_conn *conn, const struct pl_sio_outgoing *outgoing,
                     unsigned flags)
{
    struct pl_session *session = NULL;
    struct pl_frame *frame = NULL;
    if (!pl_sio_conn_is_open(conn) || conn->io->is_mute) {
        return PL_E_CLOSED;
    }
    session = pl_eio_session_hub(conn->eio);
    frame = pl_sio_outgoing_frame(conn->io, outgoing, pl_session_encoding(session));
    if (frame == NULL) {
        return PL_E_NOMEM;
    }
    pl_sio_count(conn->io, PL_METRIC_SOCKETIO_MESSAGES_OUT, 1);
    pl_sio_count(conn->io, PL_METRIC_SOCKETIO_BYTES_OUT, (int64_t)frame->len);
    pl_session_send(session, frame, flags);
    return 0;
}

void pl_sio_conn_send_packet(struct pl_sio_conn *conn)
{
    struct pl_sio_outgoing outgoing;
    bool has_failed =
        give_out(&outgoing, conn->io, 0) < 0 || pl_sio_conn_send(conn, &outgoing, 0) == PL_E_NOMEM;
    if (has_failed) { /* the two sides would not agree any more */
        pl_sio_conn_close(conn, PARLEY_TRANSPORT_ERROR);
    }
}

/* --- emitting to one socket --- */

void pl_sio_warn_emit(struct parley_io *io, const char *event, int error)
{
    char name[64];
    pl_log_limited(io->params.log, &io->emit_limit, pl_hub_now_ms(io->hub), PL_LOG_WARN,
                   "socketio.emit_refused", "event=%s error=%s",
                   pl_log_quote(name, sizeof(name), pl_str_of_cstr(event)), pl_error_name(error));
}

int pl_sio_event_read(struct pl_str *out, const char *event)
{
    if (!pl_sio_name_read(out, event, PACKET_BYTES_MAX) || pl_sio_event_is_reserved(*out)) {
        return PL_E_INVALID;
    }
    return 0;
}

int pl_sio_event_to_emit(struct pl_str *out, struct parley_io *io, const char *event)
{
    int rc = pl_sio_event_read(out, event);
    if (rc < 0) {
        pl_sio_warn_emit(io, event, rc);
    }
    return rc;
}

int pl_sio_socket_may_emit(const struct parley_socket *socket)
{
    if (socket->state == PL_SIO_JOINING) {
        return PL_E_STATE;
    }
    return socket->state == PL_SIO_CONNECTED && pl_sio_conn_is_open(socket->conn) ? 0 : PL_E_CLOSED;
}

void pl_sio_tell_outgoing(struct parley_socket *socket, struct pl_str event,
                          const struct parley_args *args)
{
    struct pl_sio_handlers *handlers = NULL;
    const struct pl_sio_handler *item = NULL;
    size_t place = 0;
    if (!socket->has_outgoing) {
        return;
    }
    handlers = pl_sio_handlers_ref(socket->handlers);
    parley_socket_ref(socket);
    while (socket->state == PL_SIO_CONNECTED &&
           (item = pl_sio_handlers_next(handlers, PL_SIO_ON_OUTGOING, &place)) != NULL) {
        item->fn.event(socket, event.ptr, args, NULL, item->user);
    }
    parley_socket_unref(socket);
    pl_sio_handlers_unref(handlers);
}

static int emit_now(struct parley_socket *socket, const struct pl_sio_emission *emission,
                    unsigned flags)
{
    struct pl_sio_emission stamped = *emission;
    struct pl_sio_outgoing outgoing;
    struct pl_str id = pl_sio_socket_id(socket);
    char offset[PL_SIO_OFFSET_LEN];
    int rc = 0;
    if (!emission->has_id && (flags & PL_SEND_VOLATILE) == 0) {
        stamped.offset = pl_sio_offset_begin(socket->ns, offset);
    }
    rc = pl_sio_write_emission(&outgoing, socket->ns, &stamped);
    if (rc < 0) {
        return rc;
    }
    pl_sio_offset_keep(socket->ns, &outgoing, stamped.offset, &id, 1, NULL, 0);
    return pl_sio_conn_send(socket->conn, &outgoing, flags);
}

/* Who is told of it may disconnect the socket: then nothing is sent. */
static int tell_and_emit(struct parley_socket *socket, const struct pl_sio_emission *emission,
                         unsigned flags)
{
    int rc = 0;
    parley_socket_ref(socket);
    pl_sio_tell_outgoing(socket, emission->event, emission->args);
    rc = pl_sio_socket_may_emit(socket);
    if (rc == 0) {
        rc = emit_now(socket, emission, flags);
    }
    parley_socket_unref(socket);
    return rc;
}

int pl_sio_emit_one(struct parley_socket *socket, const struct pl_sio_emission *emission,
                    unsigned flags)
{
    int rc = pl_sio_socket_may_emit(socket);
    if (rc < 0) {
        return rc;
    }
    return socket->has_outgoing ? tell_and_emit(socket, emission, flags)
                                : emit_now(socket, emission, flags);
}

static int emit(struct parley_socket *socket, const char *event, const struct parley_args *args,
                unsigned flags)
{
    struct pl_str name;
    int rc = pl_sio_event_to_emit(&name, socket->ns->io, event);
    return rc < 0 ? rc
                  : pl_sio_emit_one(socket, &(struct pl_sio_emission){.event = name, .args = args},
                                    flags);
}

int parley_emit(struct parley_socket *socket, const char *event, const struct parley_args *args)
{
    return emit(socket, event, args, 0);
}

int parley_emit_volatile(struct parley_socket *socket, const char *event,
                         const struct parley_args *args)
{
    return emit(socket, event, args, PL_SEND_VOLATILE);
}

int parley_emit_val(struct parley_socket *socket, const char *event, const struct parley_val *val)
{
    struct parley_args *args = parley_args_new();
    int rc = args == NULL ? PL_E_NOMEM : parley_args_add(args, parley_val_ref(val));
    if (rc == 0) {
        rc = emit(socket, event, args, 0);
    }
    parley_args_unref(args);
    return rc;
}

int parley_emitf(struct parley_socket *socket, const char *event, const char *fmt, ...)
{
    struct parley_args *args = NULL;
    va_list list;
    int rc = 0;
    va_start(list, fmt);
    rc = pl_args_formatv(&args, fmt, list);
    va_end(list);
    if (rc == 0) {
        rc = emit(socket, event, args, 0);
    } else {
        pl_sio_warn_emit(socket->ns->io, event, rc);
    }
    parley_args_unref(args);
    return rc;
}

/* --- recovery --- */

struct pl_str pl_sio_offset_begin(struct pl_sio_ns *ns, char out[PL_SIO_OFFSET_LEN])
{
    if (ns->store == NULL) {
        return (struct pl_str){0};
    }
    pl_sio_offset_write(out, pl_hub_stamp_us(ns->io->hub));
    return pl_str_make(out, PL_SIO_OFFSET_LEN);
}

void pl_sio_offset_keep(struct pl_sio_ns *ns, const struct pl_sio_outgoing *outgoing,
                        struct pl_str offset, const struct pl_str *rooms, size_t room_count,
                        const struct pl_str *except, size_t except_count)
{
    struct pl_sio_kept_packet packet = {
        .text = outgoing->text,
        .attachments = ns->io->bins.blobs,
        .attachment_count = outgoing->attachment_count,
        .rooms = rooms,
        .room_count = room_count,
        .except = except,
        .except_count = except_count,
    };
    if (pl_sio_offset_read(&packet.stamp_us, offset)) {
        pl_sio_store_add(ns->store, &packet, pl_hub_now_ms(ns->io->hub));
    }
}
