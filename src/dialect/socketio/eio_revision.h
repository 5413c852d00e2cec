/* What the two revisions of Engine.IO have different, in one place: nothing else asks which one a
 * session speaks. Source: shared spec socketio.md 1.8 and 1.14. Threads: any. */
#ifndef PL_DIALECT_SOCKETIO_EIO_REVISION_H
#define PL_DIALECT_SOCKETIO_EIO_REVISION_H

#include "base/frame.h"
#include "codec/eio3_payload.h"
#include "codec/eio_payload.h"
#include "codec/eio_query.h"
#include "dialect/encodings.h"

/* The body of a POST, being read. */
struct pl_eio_body_reader {
    union {
        struct pl_eio_payload_reader v4;
        struct pl_eio3_payload_reader v3;
    } as;
};

struct pl_eio_revision {
    uint8_t number;
    bool client_pings;        /* else the server does */
    bool takes_binary_bodies; /* POSTs of application/octet-stream */
    bool has_jsonp;
    struct pl_str heartbeat; /* the packet that we send: a ping, or the answer to one */
    struct pl_str close_payload;
    struct pl_str noop_payload;
    struct pl_str noop_close_payload;
    enum pl_encoding websocket;
    enum pl_encoding websocket_base64;
    enum pl_encoding polling;
    enum pl_encoding polling_base64;

    /* A WebSocket's messages. Errors as pl_eio_packet_read. */
    int (*read_text)(struct pl_eio_packet *out, struct pl_str text, struct pl_arena *arena,
                     struct pl_error *err);
    int (*read_bytes)(struct pl_eio_packet *out, struct pl_str bytes, struct pl_error *err);

    /* Payloads: as pl_eio_payload_reader_init and pl_eio_payload_next. */
    void (*begin_body)(struct pl_eio_body_reader *reader, struct pl_str body, bool is_binary);
    int (*next_packet)(struct pl_eio_packet *out, struct pl_eio_body_reader *reader,
                       struct pl_arena *arena, struct pl_error *err);
    /* Append the groups of one poll answer, made for polling. */
    void (*join)(struct pl_buf *out, struct pl_frame *const *frames, size_t count);
};

/* Of a session that such a query opens: number 4 or 3. Never NULL. */
const struct pl_eio_revision *pl_eio_revision_get(uint8_t number);

/* Of an encoding of ours. Never NULL. */
const struct pl_eio_revision *pl_eio_revision_of_encoding(enum pl_encoding encoding);

/* The encoding of a session's polling. JSONP carries text only. */
enum pl_encoding pl_eio_revision_polling(const struct pl_eio_revision *revision,
                                         const struct pl_eio_query *query);

#endif
