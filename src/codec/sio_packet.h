/* Socket.IO 5 packets of the default parser: the text of an Engine.IO message, to a header and
 * slices of its JSON. Source: shared spec socketio.md 2.2 to 2.6. The JSON is checked as a whole
 * but no tree is built: arguments stay raw text.
 * Threads: any. No I/O, no clock. */
#ifndef PL_CODEC_SIO_PACKET_H
#define PL_CODEC_SIO_PACKET_H

#include "base/arena.h"
#include "base/error.h"

#define PL_SIO_ID_MAX ((UINT64_C(1) << 53) - 1) /* what a JavaScript number holds exactly */
#define PL_SIO_DEPTH_MAX 128                    /* containers inside each other in a payload */

enum pl_sio_type {
    PL_SIO_CONNECT = 0, /* the digits on the wire */
    PL_SIO_DISCONNECT = 1,
    PL_SIO_EVENT = 2,
    PL_SIO_ACK = 3,
    PL_SIO_CONNECT_ERROR = 4,
    PL_SIO_BINARY_EVENT = 5,
    PL_SIO_BINARY_ACK = 6,
};

/* Who reads: a server refuses CONNECT_ERROR. */
enum pl_sio_role {
    PL_SIO_ROLE_SERVER,
    PL_SIO_ROLE_CLIENT,
};

struct pl_sio_packet {
    enum pl_sio_type type;
    uint32_t attachment_count; /* of the binary types; may be 0 */
    bool has_id;
    bool is_event_number;    /* the event's name is a JSON number */
    uint64_t id;             /* meaningful when has_id */
    struct pl_str nsp;       /* namespace, verbatim; "/" when the packet has none */
    struct pl_str payload;   /* the JSON text; empty when there is none */
    struct pl_str event;     /* name of an event: unescaped, or the number's text */
    struct pl_str raw_event; /* the same as JSON text */
    /* raw elements with their commas, without brackets and without the event's name */
    struct pl_str args;
    size_t arg_count;
};

/* Read one packet text (the data of a PL_EIO_MESSAGE).
 *   arena  takes an event name that has escapes; nothing else is allocated
 * All slices borrow from `text`, but for such a name.
 * Returns 0 or a negative code, after which the connection is closed: PL_E_PROTO (not a packet, or
 * not a payload of its type), PL_E_UTF8, PL_E_TOO_BIG (nested past PL_SIO_DEPTH_MAX; arena at its
 * cap). */
PL_MUST_CHECK int pl_sio_packet_read(struct pl_sio_packet *out, struct pl_str text,
                                     enum pl_sio_role role, struct pl_arena *arena,
                                     struct pl_error *err);

/* The same up to the payload, which is not looked at. */
PL_MUST_CHECK int pl_sio_packet_read_head(struct pl_sio_packet *out, struct pl_str text,
                                          enum pl_sio_role role, struct pl_error *err);

/* Whether packets of this type carry attachments. */
static inline bool pl_sio_type_is_binary(enum pl_sio_type type)
{
    return type == PL_SIO_BINARY_EVENT || type == PL_SIO_BINARY_ACK;
}

/* Whether an event may not have this name (spec 2.5): an error on the wire and in the API. */
bool pl_sio_event_is_reserved(struct pl_str name);

#endif
