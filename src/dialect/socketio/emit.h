/* Sending: packets and the frames made from them. Threads: the hub's. */
#ifndef PL_DIALECT_SOCKETIO_EMIT_H
#define PL_DIALECT_SOCKETIO_EMIT_H

#include "base/buf.h"
#include "base/frame.h"
#include "dialect/socketio/recovery.h"
#include "parley/socketio.h"

struct pl_sio_conn;
struct pl_sio_ns;

/* A packet ready for its frames; borrowed from the server until the next one is written. */
struct pl_sio_outgoing {
    struct pl_str text;
    const struct pl_str *attachments;
    size_t attachment_count;
    bool is_uncompressed;
    bool is_bytes; /* of the msgpack parser: the text is bytes */
};

struct pl_sio_emission {
    struct pl_str event;
    const struct parley_args *args; /* may be NULL */
    bool has_id;
    uint64_t id;
    struct pl_str offset; /* of recovery; empty for none */
};

/* Returns 0, PL_E_TOO_BIG or PL_E_NOMEM. */
PL_MUST_CHECK int pl_sio_write_emission(struct pl_sio_outgoing *out, struct pl_sio_ns *ns,
                                        const struct pl_sio_emission *emission);
/* The answer to event number `id`. Errors as above. */
PL_MUST_CHECK int pl_sio_write_ack_packet(struct pl_sio_outgoing *out, struct pl_sio_ns *ns,
                                          uint64_t id, const struct parley_args *args);
/* One value as JSON, in io->args until the next packet is written; empty without memory. Bytes are
 * placeholders. */
struct pl_str pl_sio_write_value(struct parley_io *io, const struct parley_val *val);
/* One frame for an encoding; NULL without memory. */
struct pl_frame *pl_sio_outgoing_frame(struct parley_io *io, const struct pl_sio_outgoing *outgoing,
                                       uint8_t encoding);
PL_MUST_CHECK int pl_sio_conn_send(struct pl_sio_conn *conn, const struct pl_sio_outgoing *outgoing,
                                   unsigned flags);
/* A packet that has been written to io->packet: CONNECT, DISCONNECT, CONNECT_ERROR. */
void pl_sio_conn_send_packet(struct pl_sio_conn *conn);
/* An empty io->packet. */
struct pl_buf *pl_sio_packet_begin(struct parley_io *io);

/* The name of an event; PL_E_INVALID for a reserved one. */
PL_MUST_CHECK int pl_sio_event_read(struct pl_str *out, const char *event);
/* The same for one that is emitted, with a warning in the log. */
PL_MUST_CHECK int pl_sio_event_to_emit(struct pl_str *out, struct parley_io *io, const char *event);
/* Tell the operator of an emit that the application got wrong: few look at what emits return. */
void pl_sio_warn_emit(struct parley_io *io, const char *event, int error);
/* 0 when the socket may emit now; PL_E_STATE or PL_E_CLOSED. */
PL_MUST_CHECK int pl_sio_socket_may_emit(const struct parley_socket *socket);
/* Emit to one socket, with an ack id or without. */
PL_MUST_CHECK int pl_sio_emit_one(struct parley_socket *socket,
                                  const struct pl_sio_emission *emission, unsigned flags);
/* Tell those who listen to what this socket is sent. */
void pl_sio_tell_outgoing(struct parley_socket *socket, struct pl_str event,
                          const struct parley_args *args);

/* With recovery on: a new offset for a packet, in `out`, which it returns; empty otherwise. */
struct pl_str pl_sio_offset_begin(struct pl_sio_ns *ns, char out[PL_SIO_OFFSET_LEN]);
/* Keep a packet that was written with that offset. */
void pl_sio_offset_keep(struct pl_sio_ns *ns, const struct pl_sio_outgoing *outgoing,
                        struct pl_str offset, const struct pl_str *rooms, size_t room_count,
                        const struct pl_str *except, size_t except_count);

#endif
