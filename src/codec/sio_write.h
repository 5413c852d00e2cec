/* Socket.IO 5 packets of the default parser, written. Source: shared spec socketio.md 2.3 to 2.7;
 * the text is compact, as suites compare it. The digit of the Engine.IO message before it is the
 * caller's.
 * Threads: any. Everything goes to a pl_buf; a full buffer fails it.
 *
 * For all: `nsp` is left out when it is "/". Arguments called raw are JSON text and are written as
 * they are. */
#ifndef PL_CODEC_SIO_WRITE_H
#define PL_CODEC_SIO_WRITE_H

#include "base/buf.h"

/* The answer to CONNECT: 0/admin,{"sid":"...","pid":"..."}.
 *   pid  empty where there is no recovery: the key is left out */
void pl_sio_write_connect(struct pl_buf *buf, struct pl_str nsp, struct pl_str sid,
                          struct pl_str pid);

/* A client's CONNECT.
 *   raw_auth  an object; empty for none */
void pl_sio_write_connect_request(struct pl_buf *buf, struct pl_str nsp, struct pl_str raw_auth);

/* 4/admin,{"message":"...","data":...}.
 *   raw_data  any JSON; empty for none: the key is left out */
void pl_sio_write_connect_error(struct pl_buf *buf, struct pl_str nsp, struct pl_str message,
                                struct pl_str raw_data);

/* The refusal of revision 4: 4/admin,"message", or 4/admin, and the data. */
void pl_sio_write_error(struct pl_buf *buf, struct pl_str nsp, struct pl_str message,
                        struct pl_str raw_data);

void pl_sio_write_disconnect(struct pl_buf *buf, struct pl_str nsp);

struct pl_sio_event {
    struct pl_str nsp;
    struct pl_str name;     /* text, or empty when raw_name is used */
    struct pl_str raw_name; /* JSON; wins over `name` when it is not empty */
    struct pl_str raw_args; /* elements with their commas; may be empty */
    struct pl_str offset;   /* of recovery (spec 3.8): one more string at the end; empty for none */
    uint32_t attachment_count; /* above 0 it is a BINARY_EVENT */
    bool has_id;
    uint64_t id;
};

/* 2["name",...] or 51-/admin,7["name",...] */
void pl_sio_write_event(struct pl_buf *buf, const struct pl_sio_event *event);

/* 3/admin,7[...] or, with attachments, 61-/admin,7[...] */
void pl_sio_write_ack(struct pl_buf *buf, struct pl_str nsp, uint64_t id, struct pl_str raw_args,
                      uint32_t attachment_count);

#endif
