/* MessagePack to JSON text and back. Both directions go down with the values, which are bounded in
 * depth: by the caller's limit, or because the JSON was checked. */
#include "codec/msgpack_json.h"

#include "base/utf8.h"
#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "codec/json_write.h"
#include "codec/sio_placeholder.h"

#include <time.h>

#define EXACT_INTEGER_MAX 9007199254740992.0 /* 2^53 */

/* --- what JSON has not --- */

bool pl_msgpack_is_bytes(struct pl_str *bytes, const struct pl_msgpack_item *item)
{
    bool is_buffer = item->kind == PL_MSGPACK_EXT && item->ext_type == 0 && !item->is_fixext;
    if (item->kind != PL_MSGPACK_BIN && !is_buffer) {
        return false;
    }
    *bytes = item->as.bytes;
    return true;
}

bool pl_msgpack_is_undefined(const struct pl_msgpack_item *item)
{
    return item->kind == PL_MSGPACK_EXT && item->is_fixext && item->ext_type == 0 &&
           item->as.bytes.len == 1;
}

static bool is_date(const struct pl_msgpack_item *item)
{
    return item->kind == PL_MSGPACK_EXT && item->is_fixext && item->ext_type == 0 &&
           item->as.bytes.len == 8;
}

/* "2026-11-21T07:39:00.000Z"; years that need more than four digits are null. */
static void add_date(struct pl_buf *out, struct pl_str bytes)
{
    uint64_t bits = 0;
    int64_t ms = 0;
    int64_t in_second = 0;
    struct tm tm = {0};
    time_t seconds = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (uint8_t)bytes.ptr[i];
    }
    ms = (int64_t)bits;
    in_second = (ms % 1000 + 1000) % 1000;
    seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
        pl_json_write_null(out);
        return;
    }
    pl_buf_addf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", tm.tm_year + 1900, tm.tm_mon + 1,
                tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)in_second);
}

static int add_extension(struct pl_buf *out, const struct pl_msgpack_item *item,
                         struct pl_error *err)
{
    if (pl_msgpack_is_undefined(item)) {
        pl_json_write_null(out);
    } else if (is_date(item)) {
        add_date(out, item->as.bytes);
    } else {
        return pl_error_set(err, PL_E_PROTO, "msgpack extension of type %d", item->ext_type);
    }
    return 0;
}

/* --- to JSON --- */

static int add_string(struct pl_buf *out, struct pl_str text, struct pl_error *err)
{
    if (!pl_utf8_is_valid(text)) {
        return pl_error_set(err, PL_E_UTF8, "msgpack text that is not UTF-8");
    }
    pl_json_write_string(out, text);
    return 0;
}

static int add_array(struct pl_buf *out, uint32_t count, struct pl_str *rest, uint32_t *bin_count,
                     size_t depth_limit, struct pl_error *err)
{
    int rc = 0;
    pl_buf_add_char(out, '[');
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        if (i > 0) {
            pl_buf_add_char(out, ',');
        }
        rc = pl_msgpack_to_json(out, rest, bin_count, depth_limit, err);
    }
    pl_buf_add_char(out, ']');
    return rc;
}

/* One pair; a member that is undefined is left out. */
static int add_pair(struct pl_buf *out, bool *is_first, struct pl_str *rest, uint32_t *bin_count,
                    size_t depth_limit, struct pl_error *err)
{
    struct pl_msgpack_item key;
    struct pl_msgpack_item value;
    struct pl_str behind;
    int rc = pl_msgpack_read(&key, rest, err);
    if (rc < 0) {
        return rc;
    }
    if (key.kind != PL_MSGPACK_STR) {
        return pl_error_set(err, PL_E_PROTO, "msgpack key that is not text");
    }
    behind = *rest;
    rc = pl_msgpack_read(&value, &behind, err);
    if (rc < 0) {
        return rc;
    }
    if (pl_msgpack_is_undefined(&value)) {
        *rest = behind;
        return 0;
    }
    if (!*is_first) {
        pl_buf_add_char(out, ',');
    }
    *is_first = false;
    rc = add_string(out, key.as.bytes, err);
    if (rc < 0) {
        return rc;
    }
    pl_buf_add_char(out, ':');
    return pl_msgpack_to_json(out, rest, bin_count, depth_limit, err);
}

static int add_map(struct pl_buf *out, uint32_t count, struct pl_str *rest, uint32_t *bin_count,
                   size_t depth_limit, struct pl_error *err)
{
    bool is_first = true;
    int rc = 0;
    pl_buf_add_char(out, '{');
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        rc = add_pair(out, &is_first, rest, bin_count, depth_limit, err);
    }
    pl_buf_add_char(out, '}');
    return rc;
}

static int add_container(struct pl_buf *out, const struct pl_msgpack_item *item,
                         struct pl_str *rest, uint32_t *bin_count, size_t depth_limit,
                         struct pl_error *err)
{
    if (depth_limit == 0) {
        return pl_error_set(err, PL_E_TOO_BIG, "msgpack nested too deep");
    }
    return item->kind == PL_MSGPACK_ARRAY
               ? add_array(out, item->as.count, rest, bin_count, depth_limit - 1, err)
               : add_map(out, item->as.count, rest, bin_count, depth_limit - 1, err);
}

int pl_msgpack_to_json(struct pl_buf *out, struct pl_str *rest, uint32_t *bin_count,
                       size_t depth_limit, struct pl_error *err)
{
    struct pl_msgpack_item item;
    struct pl_str bytes;
    int rc = pl_msgpack_read(&item, rest, err);
    if (rc < 0) {
        return rc;
    }
    if (pl_msgpack_is_bytes(&bytes, &item)) {
        pl_sio_placeholder_write(out, (*bin_count)++);
        return 0;
    }
    switch (item.kind) {
    case PL_MSGPACK_NIL:
        pl_json_write_null(out);
        return 0;
    case PL_MSGPACK_BOOL:
        pl_json_write_bool(out, item.as.is_true);
        return 0;
    case PL_MSGPACK_UINT:
        pl_json_write_u64(out, item.as.uint_value);
        return 0;
    case PL_MSGPACK_INT:
        pl_json_write_i64(out, item.as.int_value);
        return 0;
    case PL_MSGPACK_DOUBLE:
        pl_json_write_double(out, item.as.double_value);
        return 0;
    case PL_MSGPACK_STR:
        return add_string(out, item.as.bytes, err);
    case PL_MSGPACK_ARRAY:
    case PL_MSGPACK_MAP:
        return add_container(out, &item, rest, bin_count, depth_limit, err);
    case PL_MSGPACK_BIN: /* handled before */
    case PL_MSGPACK_EXT:
        break;
    }
    return add_extension(out, &item, err);
}

/* --- from JSON --- */

/* A writing under way. */
struct packing {
    struct pl_buf *out;
    const struct pl_str *attachments;
    size_t attachment_count;
    struct pl_arena *arena;
    struct pl_error *err;
};

static int pack(const struct packing *packing, struct pl_str raw);

static int pack_string(const struct packing *packing, struct pl_str raw)
{
    struct pl_str text;
    int rc = pl_json_string_decode(&text, packing->arena, raw, packing->err);
    if (rc == 0) {
        pl_msgpack_write_str(packing->out, text);
    }
    return rc;
}

static void pack_number(const struct packing *packing, struct pl_str raw)
{
    int64_t integer = 0;
    uint64_t large = 0;
    double value = 0;
    if (pl_json_number_to_i64(&integer, raw)) {
        pl_msgpack_write_i64(packing->out, integer);
    } else if (pl_json_number_to_u64(&large, raw)) {
        pl_msgpack_write_u64(packing->out, large);
    } else if (!pl_json_number_to_double(&value, raw)) {
        pl_msgpack_write_nil(packing->out); /* past what a double holds */
    } else if (value > -EXACT_INTEGER_MAX && value < EXACT_INTEGER_MAX &&
               (double)(int64_t)value == value) {
        pl_msgpack_write_i64(packing->out, (int64_t)value); /* 1e3 is 1000 */
    } else {
        pl_msgpack_write_double(packing->out, value);
    }
}

static int pack_array(const struct packing *packing, struct pl_str raw)
{
    struct pl_json_walk walk;
    struct pl_str item;
    uint32_t count = 0;
    int rc = 0;
    pl_json_array_walk(&walk, raw);
    while (pl_json_array_next(&item, &walk)) {
        count++;
    }
    pl_msgpack_begin_array(packing->out, count);
    pl_json_array_walk(&walk, raw);
    while (rc == 0 && pl_json_array_next(&item, &walk)) {
        rc = pack(packing, item);
    }
    return rc;
}

static int pack_object(const struct packing *packing, struct pl_str raw)
{
    struct pl_json_walk walk;
    struct pl_str key;
    struct pl_str value;
    uint32_t count = 0;
    uint32_t num = 0;
    int rc = 0;
    if (packing->attachment_count > 0 && pl_sio_placeholder_read(&num, raw) &&
        num < packing->attachment_count) {
        pl_msgpack_write_bin(packing->out, packing->attachments[num]);
        return 0;
    }
    pl_json_object_walk(&walk, raw);
    while (pl_json_object_next(&key, &value, &walk)) {
        count++;
    }
    pl_msgpack_begin_map(packing->out, count);
    pl_json_object_walk(&walk, raw);
    while (rc == 0 && pl_json_object_next(&key, &value, &walk)) {
        rc = pack_string(packing, key);
        rc = rc == 0 ? pack(packing, value) : rc;
    }
    return rc;
}

static int pack(const struct packing *packing, struct pl_str raw)
{
    switch (pl_json_raw_kind(raw)) {
    case PL_JSON_OBJECT_BEGIN:
        return pack_object(packing, raw);
    case PL_JSON_ARRAY_BEGIN:
        return pack_array(packing, raw);
    case PL_JSON_STRING:
        return pack_string(packing, raw);
    case PL_JSON_NUMBER:
        pack_number(packing, raw);
        return 0;
    case PL_JSON_TRUE:
    case PL_JSON_FALSE:
        pl_msgpack_write_bool(packing->out, pl_json_raw_kind(raw) == PL_JSON_TRUE);
        return 0;
    case PL_JSON_NULL:
    case PL_JSON_END:
    case PL_JSON_KEY:
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_END:
        break;
    }
    pl_msgpack_write_nil(packing->out);
    return 0;
}

int pl_msgpack_of_json(struct pl_buf *out, struct pl_str json, const struct pl_str *attachments,
                       size_t attachment_count, struct pl_arena *arena, struct pl_error *err)
{
    return pack(&(struct packing){out, attachments, attachment_count, arena, err}, json);
}
