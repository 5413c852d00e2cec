/* MessagePack: items, one at a time. Source: the MessagePack specification. Threads: any. No
 * allocation but the writer's buffer, no I/O, no clock.
 *
 * Reading is strict and bounded: a length or count that the input cannot hold is refused before
 * anybody acts on it, every item stays inside the input. */
#ifndef PL_CODEC_MSGPACK_H
#define PL_CODEC_MSGPACK_H

#include "base/buf.h"
#include "base/error.h"

enum pl_msgpack_kind {
    PL_MSGPACK_NIL,
    PL_MSGPACK_BOOL,
    PL_MSGPACK_UINT, /* not negative, whatever its form */
    PL_MSGPACK_INT,  /* negative */
    PL_MSGPACK_DOUBLE,
    PL_MSGPACK_STR, /* UTF-8 is not checked here */
    PL_MSGPACK_BIN,
    PL_MSGPACK_ARRAY, /* its items follow */
    PL_MSGPACK_MAP,   /* its keys and values follow, in turns */
    PL_MSGPACK_EXT,
};

struct pl_msgpack_item {
    enum pl_msgpack_kind kind;
    bool is_fixext; /* an extension of 1, 2, 4, 8 or 16 bytes in its short form */
    int8_t ext_type;
    union {
        bool is_true;
        uint64_t uint_value;
        int64_t int_value;
        double double_value;
        uint32_t count;      /* of items, or of pairs */
        struct pl_str bytes; /* text, bytes or the extension's data; borrowed */
    } as;
};

/* Read the item at the front of *rest, and move *rest behind it (of an array or a map: to its first
 * item). Returns 0, or PL_E_PROTO when the input ends too early or the byte 0xC1 stands there; *out
 * and *rest are then as they were. */
PL_MUST_CHECK int pl_msgpack_read(struct pl_msgpack_item *out, struct pl_str *rest,
                                  struct pl_error *err);

/* The same for a whole value with all that is in it. *value becomes its bytes.
 *   depth_limit  containers inside each other; deeper ones are PL_E_TOO_BIG */
PL_MUST_CHECK int pl_msgpack_skip(struct pl_str *value, struct pl_str *rest, size_t depth_limit,
                                  struct pl_error *err);

/* --- writing: always the shortest form --- */

void pl_msgpack_write_nil(struct pl_buf *out);
void pl_msgpack_write_bool(struct pl_buf *out, bool value);
void pl_msgpack_write_u64(struct pl_buf *out, uint64_t value);
void pl_msgpack_write_i64(struct pl_buf *out, int64_t value);
void pl_msgpack_write_double(struct pl_buf *out, double value); /* 64 bits */
void pl_msgpack_write_str(struct pl_buf *out, struct pl_str text);
void pl_msgpack_write_bin(struct pl_buf *out, struct pl_str bytes);
void pl_msgpack_begin_array(struct pl_buf *out, uint32_t count);
void pl_msgpack_begin_map(struct pl_buf *out, uint32_t pair_count);

#endif
