/* JSON writer: values to compact text, character for character as JSON.stringify has it.
 * Source: RFC 8259, ECMA-262 (JSON.stringify, Number::toString).
 *
 * Everything goes to a pl_buf; a full buffer fails it, so build all and look at pl_buf_failed once.
 * Threads: any. */
#ifndef PL_CODEC_JSON_WRITE_H
#define PL_CODEC_JSON_WRITE_H

#include "base/buf.h"
#include "base/str.h"

/* --- one value, no commas --- */

/* `str` is UTF-8. Escaped are the quote, the backslash and control characters (\b \f \n \r \t,
 * others as \u00xx), nothing else. */
void pl_json_write_string(struct pl_buf *buf, struct pl_str str);

/* The same without the quotes around it. */
void pl_json_write_escaped(struct pl_buf *buf, struct pl_str str);

void pl_json_write_i64(struct pl_buf *buf, int64_t value);
void pl_json_write_u64(struct pl_buf *buf, uint64_t value);

/* The shortest text that reads back as `value`: 1, 0.1, 1e+21; negative zero is 0; NaN and the
 * infinities are null. */
void pl_json_write_double(struct pl_buf *buf, double value);
void pl_json_write_bool(struct pl_buf *buf, bool value);
void pl_json_write_null(struct pl_buf *buf);

/* --- a writer that puts the commas --- */

#define PL_JSON_WRITE_DEPTH_MAX 64

struct pl_json_writer {
    struct pl_buf *buf; /* borrowed for the writer's life */
    uint32_t depth;
    uint64_t has_items; /* a bit per level: the next item needs a comma */
    bool is_after_key;
};

void pl_json_writer_init(struct pl_json_writer *writer, struct pl_buf *buf);

/* Containers deeper than PL_JSON_WRITE_DEPTH_MAX fail the buffer. Each begin needs its end; inside
 * an object each value follows a key. */
void pl_json_object_begin(struct pl_json_writer *writer);
void pl_json_object_end(struct pl_json_writer *writer);
void pl_json_array_begin(struct pl_json_writer *writer);
void pl_json_array_end(struct pl_json_writer *writer);
void pl_json_key(struct pl_json_writer *writer, struct pl_str key);

void pl_json_put_string(struct pl_json_writer *writer, struct pl_str str);
void pl_json_put_i64(struct pl_json_writer *writer, int64_t value);
void pl_json_put_u64(struct pl_json_writer *writer, uint64_t value);
void pl_json_put_double(struct pl_json_writer *writer, double value);
void pl_json_put_bool(struct pl_json_writer *writer, bool value);
void pl_json_put_null(struct pl_json_writer *writer);

/* One value that is JSON text already. */
void pl_json_put_raw(struct pl_json_writer *writer, struct pl_str raw);

#endif
