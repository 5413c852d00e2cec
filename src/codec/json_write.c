/* JSON writer: strings in runs between the bytes that need an escape, and a bit per level for
 * commas. */
#include "codec/json_write.h"

#include "codec/json_double.h"
#include "codec/json_scan.h"

#include <math.h>

static void write_escape(struct pl_buf *buf, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char escape[6] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    size_t len = sizeof(escape);
    if (byte >= 0x20) {
        escape[1] = (char)byte; /* the quote or the backslash */
        len = 2;
    } else if (letters[byte] != '\0') {
        escape[1] = letters[byte];
        len = 2;
    }
    pl_buf_add(buf, escape, len);
}

void pl_json_write_string(struct pl_buf *buf, struct pl_str str)
{
    pl_buf_add_char(buf, '"');
    pl_json_write_escaped(buf, str);
    pl_buf_add_char(buf, '"');
}

void pl_json_write_escaped(struct pl_buf *buf, struct pl_str str)
{
    const char *at = str.ptr == NULL ? "" : str.ptr;
    const char *end = at + str.len;
    while (at < end) {
        const char *run = at;
        at = pl_json_find_syntax(at, end);
        pl_buf_add(buf, run, (size_t)(at - run));
        if (at < end) {
            write_escape(buf, (uint8_t)*at);
            ++at;
        }
    }
}

void pl_json_write_i64(struct pl_buf *buf, int64_t value)
{
    if (value < 0) {
        pl_buf_add_char(buf, '-');
        pl_buf_add_u64(buf, 0 - (uint64_t)value);
    } else {
        pl_buf_add_u64(buf, (uint64_t)value);
    }
}

void pl_json_write_u64(struct pl_buf *buf, uint64_t value)
{
    pl_buf_add_u64(buf, value);
}

void pl_json_write_double(struct pl_buf *buf, double value)
{
    char text[PL_JSON_DOUBLE_TEXT_MAX];
    if (!isfinite(value)) {
        pl_json_write_null(buf);
    } else if (fabs(value) < 9007199254740992.0 && value == (double)(int64_t)value) {
        pl_json_write_i64(buf, (int64_t)value); /* the common case, without searching for digits */
    } else {
        pl_buf_add(buf, text, pl_json_double_format(text, value));
    }
}

void pl_json_write_bool(struct pl_buf *buf, bool value)
{
    pl_buf_add_str(buf, value ? PL_STR("true") : PL_STR("false"));
}

void pl_json_write_null(struct pl_buf *buf)
{
    pl_buf_add_str(buf, PL_STR("null"));
}

void pl_json_writer_init(struct pl_json_writer *writer, struct pl_buf *buf)
{
    *writer = (struct pl_json_writer){.buf = buf};
}

/* The comma in front of an item that is not the first, and not the value of a key. */
static void begin_item(struct pl_json_writer *writer)
{
    uint64_t bit = 0;
    if (writer->is_after_key) {
        writer->is_after_key = false;
        return;
    }
    if (writer->depth == 0 || writer->depth > PL_JSON_WRITE_DEPTH_MAX) {
        return;
    }
    bit = UINT64_C(1) << (writer->depth - 1);
    if ((writer->has_items & bit) != 0) {
        pl_buf_add_char(writer->buf, ',');
    }
    writer->has_items |= bit;
}

static void begin_container(struct pl_json_writer *writer, char c)
{
    begin_item(writer);
    ++writer->depth;
    if (writer->depth > PL_JSON_WRITE_DEPTH_MAX) {
        writer->buf->has_failed = true;
        return;
    }
    writer->has_items &= ~(UINT64_C(1) << (writer->depth - 1));
    pl_buf_add_char(writer->buf, c);
}

static void end_container(struct pl_json_writer *writer, char c)
{
    PL_ASSERT(writer->depth > 0 && !writer->is_after_key);
    --writer->depth;
    pl_buf_add_char(writer->buf, c);
}

void pl_json_object_begin(struct pl_json_writer *writer)
{
    begin_container(writer, '{');
}

void pl_json_object_end(struct pl_json_writer *writer)
{
    end_container(writer, '}');
}

void pl_json_array_begin(struct pl_json_writer *writer)
{
    begin_container(writer, '[');
}

void pl_json_array_end(struct pl_json_writer *writer)
{
    end_container(writer, ']');
}

void pl_json_key(struct pl_json_writer *writer, struct pl_str key)
{
    begin_item(writer);
    pl_json_write_string(writer->buf, key);
    pl_buf_add_char(writer->buf, ':');
    writer->is_after_key = true;
}

void pl_json_put_string(struct pl_json_writer *writer, struct pl_str str)
{
    begin_item(writer);
    pl_json_write_string(writer->buf, str);
}

void pl_json_put_i64(struct pl_json_writer *writer, int64_t value)
{
    begin_item(writer);
    pl_json_write_i64(writer->buf, value);
}

void pl_json_put_u64(struct pl_json_writer *writer, uint64_t value)
{
    begin_item(writer);
    pl_json_write_u64(writer->buf, value);
}

void pl_json_put_double(struct pl_json_writer *writer, double value)
{
    begin_item(writer);
    pl_json_write_double(writer->buf, value);
}

void pl_json_put_bool(struct pl_json_writer *writer, bool value)
{
    begin_item(writer);
    pl_json_write_bool(writer->buf, value);
}

void pl_json_put_null(struct pl_json_writer *writer)
{
    begin_item(writer);
    pl_json_write_null(writer->buf);
}

void pl_json_put_raw(struct pl_json_writer *writer, struct pl_str raw)
{
    begin_item(writer);
    pl_buf_add_str(writer->buf, raw);
}
