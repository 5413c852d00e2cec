/* What a client says on a Talo socket: {"req": name, "data": {}}, in front of it a line with a
 * signature where requests are verified. Source: spec talo, 1.5, 1.6 and 1.8.
 * Slices borrow from the text. Threads: any. No I/O. */
#ifndef PL_CODEC_TALO_MESSAGE_H
#define PL_CODEC_TALO_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define PL_TALO_HEARTBEAT "v1.heartbeat" /* the whole text, and of its echo; no JSON */

enum pl_talo_req {
    PL_TALO_REQ_IDENTIFY,
    PL_TALO_REQ_CHANNEL_MESSAGE,
    PL_TALO_REQ_BROADCAST,
    PL_TALO_REQ_COUNT,
};

/* "v1.players.identify" and so on. */
struct pl_str pl_talo_req_name(enum pl_talo_req req);

struct pl_talo_message {
    bool has_signature;
    struct pl_str signature; /* the text before the first LF */
    struct pl_str payload;   /* what is behind it: the JSON, and what was signed */
    enum pl_talo_req req;
    struct pl_str data; /* raw JSON: an object */
};

/* Read `text`. has_line: a line with a signature may be in front; else all of it is JSON.
 * Returns 0; PL_E_PROTO when it is not JSON (with half surrogate pairs and nesting past
 * PL_JSON_DEPTH_MAX counting as none), PL_E_INVALID when it is not such an object. */
PL_MUST_CHECK int pl_talo_message_read(struct pl_talo_message *out, struct pl_str text,
                                       bool has_line);

/* --- `data` of each request: false when it has another shape. Additional members are passed over,
 * of two with one name the last one counts. Texts without escapes are borrowed, others are in the
 * arena; at its cap the shape is another one, too. --- */

struct pl_talo_identify {
    int64_t alias_id; /* 0: a number that is no id */
    struct pl_str socket_token;
    struct pl_str session_token; /* empty: none */
};

struct pl_talo_channel_message {
    int64_t channel_id; /* likewise */
    struct pl_str message;
};

PL_MUST_CHECK bool pl_talo_identify_read(struct pl_talo_identify *out, struct pl_str data,
                                         struct pl_arena *arena);
PL_MUST_CHECK bool pl_talo_channel_message_read(struct pl_talo_channel_message *out,
                                                struct pl_str data, struct pl_arena *arena);
PL_MUST_CHECK bool pl_talo_broadcast_read(struct pl_str *message, struct pl_str data,
                                          struct pl_arena *arena);

/* Append valid JSON as JSON.stringify would write what JSON.parse has read, but for members of one
 * name, which all stay. */
void pl_talo_message_write_compact(struct pl_buf *out, struct pl_str json);

#endif
