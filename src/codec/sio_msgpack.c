/* Packets of the msgpack parser, by way of the default parser's text. */
#include "codec/sio_msgpack.h"

#include "codec/msgpack_json.h"
#include "codec/sio_placeholder.h"
#include "codec/sio_write.h"

#define STRINGS_MAX ((size_t)1 << 30) /* for what has escapes, while a packet is written */

/* The members of the map, as they came. */
struct members {
    uint64_t type;
    uint64_t id;
    struct pl_str nsp;
    struct pl_str data; /* msgpack; empty when absent, nil or undefined */
    bool has_type;
    bool has_nsp;
    bool has_id;
};

/* --- reading --- */

static int bad_member(struct pl_error *err, const char *name)
{
    return pl_error_set(err, PL_E_PROTO, "packet with a bad %s", name);
}

/* A number, or nothing when it is nil or undefined. */
static int read_number(uint64_t *out, bool *is_there, const struct pl_msgpack_item *item,
                       uint64_t max, const char *name, struct pl_error *err)
{
    *is_there = item->kind == PL_MSGPACK_UINT && item->as.uint_value <= max;
    if (*is_there) {
        *out = item->as.uint_value;
        return 0;
    }
    return item->kind == PL_MSGPACK_NIL || pl_msgpack_is_undefined(item) ? 0
                                                                         : bad_member(err, name);
}

/* The text grammar must be able to carry the name. */
static int read_nsp(struct members *out, const struct pl_msgpack_item *item, struct pl_error *err)
{
    if (item->kind != PL_MSGPACK_STR || !pl_str_starts_with(item->as.bytes, PL_STR("/")) ||
        pl_str_find_char(item->as.bytes, ',') < item->as.bytes.len) {
        return bad_member(err, "nsp");
    }
    out->nsp = item->as.bytes;
    out->has_nsp = true;
    return 0;
}

static int read_member(struct members *out, struct pl_str *rest, struct pl_error *err)
{
    struct pl_msgpack_item key;
    struct pl_msgpack_item item;
    struct pl_str value;
    struct pl_str first;
    int rc = pl_msgpack_read(&key, rest, err);
    if (rc < 0 || key.kind != PL_MSGPACK_STR) {
        return rc < 0 ? rc : bad_member(err, "key");
    }
    rc = pl_msgpack_skip(&value, rest, PL_SIO_DEPTH_MAX, err);
    if (rc < 0) {
        return rc;
    }
    first = value;
    rc = pl_msgpack_read(&item, &first, err);
    if (rc < 0) {
        return rc;
    }
    if (pl_str_eq(key.as.bytes, PL_STR("type"))) {
        return read_number(&out->type, &out->has_type, &item, PL_SIO_BINARY_ACK, "type", err);
    }
    if (pl_str_eq(key.as.bytes, PL_STR("id"))) {
        return read_number(&out->id, &out->has_id, &item, PL_SIO_ID_MAX, "id", err);
    }
    if (pl_str_eq(key.as.bytes, PL_STR("nsp"))) {
        return read_nsp(out, &item, err);
    }
    if (pl_str_eq(key.as.bytes, PL_STR("data"))) {
        bool is_nothing = item.kind == PL_MSGPACK_NIL || pl_msgpack_is_undefined(&item);
        out->data = is_nothing ? (struct pl_str){0} : value;
    }
    return 0; /* others are skipped: clients send their options along */
}

static int read_members(struct members *out, struct pl_str bytes, struct pl_error *err)
{
    struct pl_msgpack_item map;
    int rc = pl_msgpack_read(&map, &bytes, err);
    *out = (struct members){0};
    if (rc < 0 || map.kind != PL_MSGPACK_MAP || map.as.count > PL_SIO_MSGPACK_KEYS_MAX) {
        return rc < 0 ? rc : pl_error_set(err, PL_E_PROTO, "not a packet's map");
    }
    for (uint32_t i = 0; i < map.as.count && rc == 0; i++) {
        rc = read_member(out, &bytes, err);
    }
    if (rc == 0 && bytes.len > 0) {
        return pl_error_set(err, PL_E_PROTO, "bytes behind a packet");
    }
    if (rc == 0 && (!out->has_type || !out->has_nsp)) {
        return pl_error_set(err, PL_E_PROTO, "packet without type or nsp");
    }
    return rc;
}

static enum pl_sio_type plain_type(uint64_t type)
{
    return type == PL_SIO_BINARY_EVENT ? PL_SIO_EVENT
           : type == PL_SIO_BINARY_ACK ? PL_SIO_ACK
                                       : (enum pl_sio_type)type;
}

/* The pieces of bytes in a whole value. */
static uint32_t count_bins(struct pl_str data)
{
    struct pl_msgpack_item item;
    struct pl_str bytes;
    uint32_t count = 0;
    while (data.len > 0 && pl_msgpack_read(&item, &data, NULL) == 0) {
        count += pl_msgpack_is_bytes(&bytes, &item);
    }
    return count;
}

/* The packet's text, as the default parser has it. */
static int write_text(struct pl_buf *scratch, uint32_t bin_count, const struct members *members,
                      struct pl_error *err)
{
    enum pl_sio_type type = plain_type(members->type);
    struct pl_str rest = members->data;
    uint32_t written = 0;
    int rc = 0;
    if (bin_count > 0 && type != PL_SIO_EVENT && type != PL_SIO_ACK) {
        return pl_error_set(err, PL_E_PROTO, "bytes in a packet of type %d", (int)type);
    }
    if (bin_count > 0) {
        type = type == PL_SIO_EVENT ? PL_SIO_BINARY_EVENT : PL_SIO_BINARY_ACK;
    }
    pl_buf_add_char(scratch, (char)('0' + (int)type));
    if (bin_count > 0) {
        pl_buf_add_u64(scratch, bin_count);
        pl_buf_add_char(scratch, '-');
    }
    pl_buf_add_str(scratch, members->nsp);
    pl_buf_add_char(scratch, ',');
    if (members->has_id) {
        pl_buf_add_u64(scratch, members->id);
    }
    if (rest.len > 0) {
        rc = pl_msgpack_to_json(scratch, &rest, &written, PL_SIO_DEPTH_MAX, err);
    }
    if (rc == 0 && pl_buf_failed(scratch)) {
        rc = pl_error_set(err, PL_E_TOO_BIG, "packet too big");
    }
    PL_ASSERT(rc < 0 || written == bin_count);
    return rc;
}

/* The pieces of bytes in `data`, in the order of their placeholders. */
static int take_bins(struct pl_sio_message *out, struct pl_str data, uint32_t count,
                     struct pl_arena *arena, struct pl_error *err)
{
    struct pl_msgpack_item item;
    struct pl_str bytes;
    int rc = 0;
    if (count == 0) {
        return 0;
    }
    out->attachments = pl_arena_alloc(arena, count * sizeof(struct pl_blob *));
    if (out->attachments == NULL) {
        return pl_error_set(err, PL_E_TOO_BIG, "packet too big");
    }
    while (rc == 0 && data.len > 0) {
        rc = pl_msgpack_read(&item, &data, err);
        if (rc < 0 || !pl_msgpack_is_bytes(&bytes, &item)) {
            continue;
        }
        out->attachments[out->attachment_count] = pl_blob_copy(bytes);
        if (out->attachments[out->attachment_count] == NULL) {
            rc = pl_error_set(err, PL_E_NOMEM, "no memory for an attachment");
        } else {
            out->attachment_count++;
        }
    }
    return rc;
}

int pl_sio_msgpack_read(struct pl_sio_message *out, struct pl_str bytes, enum pl_sio_role role,
                        struct pl_buf *scratch, struct pl_arena *arena, struct pl_error *err)
{
    struct members members;
    uint32_t bin_count = 0;
    int rc = read_members(&members, bytes, err);
    *out = (struct pl_sio_message){.attachments = NULL};
    if (rc < 0) {
        return rc;
    }
    bin_count = count_bins(members.data);
    if (bin_count > PL_SIO_MSGPACK_BINS_MAX) {
        return pl_error_set(err, PL_E_TOO_BIG, "too many pieces of bytes");
    }
    rc = write_text(scratch, bin_count, &members, err);
    if (rc == 0) {
        rc = pl_sio_packet_read(&out->packet, pl_buf_str(scratch), role, arena, err);
    }
    if (rc == 0 && bin_count > 0) {
        rc = pl_sio_placeholders_check(out->packet.payload, bin_count, err);
    }
    if (rc == 0) {
        rc = take_bins(out, members.data, bin_count, arena, err);
    }
    if (rc < 0) {
        pl_sio_message_fini(out);
    }
    return rc;
}

/* --- writing --- */

int pl_sio_msgpack_write(struct pl_buf *out, struct pl_str text, const struct pl_str *attachments,
                         size_t attachment_count, struct pl_error *err)
{
    struct pl_sio_packet packet;
    struct pl_arena arena;
    int rc = 0;
    pl_arena_init(&arena, STRINGS_MAX);
    rc = pl_sio_packet_read_head(&packet, text, PL_SIO_ROLE_CLIENT, err);
    if (rc == 0) {
        bool has_data = packet.payload.len > 0;
        pl_msgpack_begin_map(out, 2 + (uint32_t)has_data + (uint32_t)packet.has_id);
        pl_msgpack_write_str(out, PL_STR("type"));
        pl_msgpack_write_u64(out, plain_type(packet.type));
        pl_msgpack_write_str(out, PL_STR("nsp"));
        pl_msgpack_write_str(out, packet.nsp);
        if (has_data) {
            pl_msgpack_write_str(out, PL_STR("data"));
            rc =
                pl_msgpack_of_json(out, packet.payload, attachments, attachment_count, &arena, err);
        }
        if (packet.has_id) {
            pl_msgpack_write_str(out, PL_STR("id"));
            pl_msgpack_write_u64(out, packet.id);
        }
    }
    pl_arena_fini(&arena);
    return rc;
}
