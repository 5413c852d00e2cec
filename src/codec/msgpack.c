/* MessagePack items. The first byte has a row for all forms that are a length, a count or a number
 * of 1 to 8 bytes; the short forms keep theirs inside that byte. */
#include "codec/msgpack.h"

/* --- reading --- */

/* What stands behind a first byte of 0xC0 to 0xDF. */
struct form {
    uint8_t kind;       /* enum pl_msgpack_kind */
    uint8_t number_len; /* bytes of the number, length or count */
    uint8_t fixed_len;  /* of an extension in its short form: bytes of its data */
    bool is_signed;
    bool is_known;
};

static const struct form forms[32] = {
    [0x00] = {PL_MSGPACK_NIL, .is_known = true},
    [0x02] = {PL_MSGPACK_BOOL, .is_known = true},
    [0x03] = {PL_MSGPACK_BOOL, .is_known = true},
    [0x04] = {PL_MSGPACK_BIN, 1, .is_known = true},
    [0x05] = {PL_MSGPACK_BIN, 2, .is_known = true},
    [0x06] = {PL_MSGPACK_BIN, 4, .is_known = true},
    [0x07] = {PL_MSGPACK_EXT, 1, .is_known = true},
    [0x08] = {PL_MSGPACK_EXT, 2, .is_known = true},
    [0x09] = {PL_MSGPACK_EXT, 4, .is_known = true},
    [0x0a] = {PL_MSGPACK_DOUBLE, 4, .is_known = true},
    [0x0b] = {PL_MSGPACK_DOUBLE, 8, .is_known = true},
    [0x0c] = {PL_MSGPACK_UINT, 1, .is_known = true},
    [0x0d] = {PL_MSGPACK_UINT, 2, .is_known = true},
    [0x0e] = {PL_MSGPACK_UINT, 4, .is_known = true},
    [0x0f] = {PL_MSGPACK_UINT, 8, .is_known = true},
    [0x10] = {PL_MSGPACK_UINT, 1, .is_signed = true, .is_known = true},
    [0x11] = {PL_MSGPACK_UINT, 2, .is_signed = true, .is_known = true},
    [0x12] = {PL_MSGPACK_UINT, 4, .is_signed = true, .is_known = true},
    [0x13] = {PL_MSGPACK_UINT, 8, .is_signed = true, .is_known = true},
    [0x14] = {PL_MSGPACK_EXT, 0, 1, .is_known = true},
    [0x15] = {PL_MSGPACK_EXT, 0, 2, .is_known = true},
    [0x16] = {PL_MSGPACK_EXT, 0, 4, .is_known = true},
    [0x17] = {PL_MSGPACK_EXT, 0, 8, .is_known = true},
    [0x18] = {PL_MSGPACK_EXT, 0, 16, .is_known = true},
    [0x19] = {PL_MSGPACK_STR, 1, .is_known = true},
    [0x1a] = {PL_MSGPACK_STR, 2, .is_known = true},
    [0x1b] = {PL_MSGPACK_STR, 4, .is_known = true},
    [0x1c] = {PL_MSGPACK_ARRAY, 2, .is_known = true},
    [0x1d] = {PL_MSGPACK_ARRAY, 4, .is_known = true},
    [0x1e] = {PL_MSGPACK_MAP, 2, .is_known = true},
    [0x1f] = {PL_MSGPACK_MAP, 4, .is_known = true},
};

static int too_short(struct pl_error *err)
{
    return pl_error_set(err, PL_E_PROTO, "msgpack that ends inside an item");
}

/* `len` bytes from the front; false when there are fewer. */
static bool take(struct pl_str *out, struct pl_str *rest, size_t len)
{
    if (len > rest->len) {
        return false;
    }
    *out = pl_str_first(*rest, len);
    *rest = pl_str_from(*rest, len);
    return true;
}

static uint64_t big_endian(struct pl_str bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        value = value << 8 | (uint8_t)bytes.ptr[i];
    }
    return value;
}

static void set_integer(struct pl_msgpack_item *out, uint64_t value, size_t len, bool is_signed)
{
    uint64_t sign = UINT64_C(1) << (len * 8 - 1);
    if (!is_signed || (value & sign) == 0) {
        out->kind = PL_MSGPACK_UINT;
        out->as.uint_value = value;
        return;
    }
    out->kind = PL_MSGPACK_INT;
    out->as.int_value = (int64_t)(value | ~(sign - 1));
}

static double double_of(uint64_t bits, size_t len)
{
    uint32_t narrow = (uint32_t)bits;
    float single = 0;
    double value = 0;
    if (len == sizeof(single)) {
        memcpy(&single, &narrow, sizeof(single));
        return (double)single;
    }
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static int read_extension(struct pl_msgpack_item *out, struct pl_str *rest, uint64_t len,
                          struct pl_error *err)
{
    struct pl_str type;
    if (!take(&type, rest, 1) || len > rest->len) {
        return too_short(err);
    }
    out->ext_type = (int8_t)type.ptr[0];
    return take(&out->as.bytes, rest, (size_t)len) ? 0 : too_short(err);
}

/* A container whose items cannot all be there is refused at once: each has a byte at least. */
static int set_count(struct pl_msgpack_item *out, uint64_t count, const struct pl_str *rest,
                     struct pl_error *err)
{
    if (count > rest->len / (out->kind == PL_MSGPACK_MAP ? 2 : 1)) {
        return too_short(err);
    }
    out->as.count = (uint32_t)count;
    return 0;
}

static int read_body(struct pl_msgpack_item *out, struct pl_str *rest, uint64_t len,
                     struct pl_error *err)
{
    if (out->kind == PL_MSGPACK_ARRAY || out->kind == PL_MSGPACK_MAP) {
        return set_count(out, len, rest, err);
    }
    if (out->kind == PL_MSGPACK_EXT) {
        return read_extension(out, rest, len, err);
    }
    return len <= rest->len && take(&out->as.bytes, rest, (size_t)len) ? 0 : too_short(err);
}

static int read_long(struct pl_msgpack_item *out, struct pl_str *rest, uint8_t first,
                     struct pl_error *err)
{
    const struct form *form = &forms[first - 0xc0];
    struct pl_str number;
    if (!form->is_known) {
        return pl_error_set(err, PL_E_PROTO, "msgpack with the byte c1");
    }
    if (!take(&number, rest, form->number_len)) {
        return too_short(err);
    }
    *out = (struct pl_msgpack_item){.kind = (enum pl_msgpack_kind)form->kind,
                                    .is_fixext = form->fixed_len > 0};
    switch (out->kind) {
    case PL_MSGPACK_NIL:
        return 0;
    case PL_MSGPACK_BOOL:
        out->as.is_true = first == 0xc3;
        return 0;
    case PL_MSGPACK_UINT:
    case PL_MSGPACK_INT:
        set_integer(out, big_endian(number), number.len, form->is_signed);
        return 0;
    case PL_MSGPACK_DOUBLE:
        out->as.double_value = double_of(big_endian(number), number.len);
        return 0;
    case PL_MSGPACK_STR:
    case PL_MSGPACK_BIN:
    case PL_MSGPACK_ARRAY:
    case PL_MSGPACK_MAP:
    case PL_MSGPACK_EXT:
        break;
    }
    return read_body(out, rest, form->fixed_len > 0 ? form->fixed_len : big_endian(number), err);
}

static int read_item(struct pl_msgpack_item *out, struct pl_str *rest, struct pl_error *err)
{
    struct pl_str byte;
    uint8_t first = 0;
    if (!take(&byte, rest, 1)) {
        return too_short(err);
    }
    first = (uint8_t)byte.ptr[0];
    *out = (struct pl_msgpack_item){.kind = PL_MSGPACK_NIL};
    if (first < 0x80 || first >= 0xe0) {
        set_integer(out, first, 1, true);
        return 0;
    }
    if (first >= 0xc0) {
        return read_long(out, rest, first, err);
    }
    out->kind = first < 0x90 ? PL_MSGPACK_MAP : first < 0xa0 ? PL_MSGPACK_ARRAY : PL_MSGPACK_STR;
    return read_body(out, rest, first < 0xa0 ? first & 0x0fu : first & 0x1fu, err);
}

int pl_msgpack_read(struct pl_msgpack_item *out, struct pl_str *rest, struct pl_error *err)
{
    struct pl_msgpack_item item;
    struct pl_str behind = *rest;
    int rc = read_item(&item, &behind, err);
    if (rc == 0) {
        *out = item;
        *rest = behind;
    }
    return rc;
}

static int skip(struct pl_str *rest, size_t depth_limit, struct pl_error *err)
{
    struct pl_msgpack_item item;
    uint64_t count = 0;
    int rc = pl_msgpack_read(&item, rest, err);
    if (rc < 0 || (item.kind != PL_MSGPACK_ARRAY && item.kind != PL_MSGPACK_MAP)) {
        return rc;
    }
    if (depth_limit == 0) {
        return pl_error_set(err, PL_E_TOO_BIG, "msgpack nested too deep");
    }
    count = (uint64_t)item.as.count * (item.kind == PL_MSGPACK_MAP ? 2 : 1);
    while (rc == 0 && count-- > 0) {
        rc = skip(rest, depth_limit - 1, err);
    }
    return rc;
}

int pl_msgpack_skip(struct pl_str *value, struct pl_str *rest, size_t depth_limit,
                    struct pl_error *err)
{
    struct pl_str behind = *rest;
    int rc = skip(&behind, depth_limit, err);
    if (rc == 0) {
        *value = pl_str_first(*rest, rest->len - behind.len);
        *rest = behind;
    }
    return rc;
}

/* --- writing --- */

static void add_number(struct pl_buf *out, uint8_t first, uint64_t value, size_t len)
{
    pl_buf_add_char(out, (char)first);
    for (size_t i = len; i > 0; i--) {
        pl_buf_add_char(out, (char)(value >> (i - 1) * 8 & 0xff));
    }
}

/* A number in 1, 2, 4 or 8 bytes; `first` is the byte of its one-byte form, the others follow it.
 */
static void add_sized(struct pl_buf *out, uint8_t first, uint64_t value)
{
    unsigned step = value <= UINT8_MAX ? 0 : value <= UINT16_MAX ? 1 : value <= UINT32_MAX ? 2 : 3;
    add_number(out, (uint8_t)(first + step), value, (size_t)1 << step);
}

void pl_msgpack_write_nil(struct pl_buf *out)
{
    pl_buf_add_char(out, (char)0xc0);
}

void pl_msgpack_write_bool(struct pl_buf *out, bool value)
{
    pl_buf_add_char(out, (char)(value ? 0xc3 : 0xc2));
}

void pl_msgpack_write_u64(struct pl_buf *out, uint64_t value)
{
    if (value < 0x80) {
        pl_buf_add_char(out, (char)value);
    } else {
        add_sized(out, 0xcc, value);
    }
}

void pl_msgpack_write_i64(struct pl_buf *out, int64_t value)
{
    if (value >= 0) {
        pl_msgpack_write_u64(out, (uint64_t)value);
    } else if (value >= -32) {
        pl_buf_add_char(out, (char)value);
    } else {
        unsigned step = value >= INT8_MIN ? 0 : value >= INT16_MIN ? 1 : value >= INT32_MIN ? 2 : 3;
        add_number(out, (uint8_t)(0xd0 + step), (uint64_t)value, (size_t)1 << step);
    }
}

void pl_msgpack_write_double(struct pl_buf *out, double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    add_number(out, 0xcb, bits, sizeof(bits));
}

void pl_msgpack_write_str(struct pl_buf *out, struct pl_str text)
{
    PL_ASSERT(text.len <= UINT32_MAX);
    if (text.len < 32) {
        pl_buf_add_char(out, (char)(0xa0u | text.len));
    } else {
        add_sized(out, 0xd9, text.len);
    }
    pl_buf_add_str(out, text);
}

void pl_msgpack_write_bin(struct pl_buf *out, struct pl_str bytes)
{
    PL_ASSERT(bytes.len <= UINT32_MAX);
    add_sized(out, 0xc4, bytes.len);
    pl_buf_add_str(out, bytes);
}

static void begin(struct pl_buf *out, uint32_t count, uint8_t short_form, uint8_t long_form)
{
    if (count < 16) {
        pl_buf_add_char(out, (char)(short_form | count));
    } else if (count <= UINT16_MAX) {
        add_number(out, long_form, count, 2);
    } else {
        add_number(out, (uint8_t)(long_form + 1), count, 4);
    }
}

void pl_msgpack_begin_array(struct pl_buf *out, uint32_t count)
{
    begin(out, count, 0x90, 0xdc);
}

void pl_msgpack_begin_map(struct pl_buf *out, uint32_t pair_count)
{
    begin(out, pair_count, 0x80, 0xde);
}
