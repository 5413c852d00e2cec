/* Numbers are little-endian; a text is its length in four bytes, then its bytes; a list is its
 * count in four bytes, then its texts. A reader is sticky: after the first field that is not there
 * all others are empty, so that one look at its end is enough. */
#include "codec/handover.h"

/* --- messages --- */

static void put_uint(struct pl_buf *out, uint64_t value, size_t bytes)
{
    uint8_t wire[8];
    for (size_t i = 0; i < bytes; i++) {
        wire[i] = (uint8_t)(value >> (8 * i));
    }
    pl_buf_add(out, wire, bytes);
}

static uint64_t get_uint(const char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes; i > 0; i--) {
        value = value << 8 | (uint8_t)at[i - 1];
    }
    return value;
}

ptrdiff_t pl_handover_read(struct pl_handover_message *out, struct pl_str in, struct pl_error *err)
{
    if (in.len < PL_HANDOVER_HEADER_BYTES) {
        return 0;
    }
    size_t len = (size_t)get_uint(in.ptr, 4);
    if (len > PL_HANDOVER_PAYLOAD_MAX) {
        return pl_error_set(err, PL_E_TOO_BIG, "a message of %zu bytes in the hand-over", len);
    }
    if (in.len - PL_HANDOVER_HEADER_BYTES < len) {
        return 0;
    }
    *out = (struct pl_handover_message){
        .kind = (uint8_t)in.ptr[4],
        .fd_count = (uint8_t)in.ptr[5],
        .payload = pl_str_make(in.ptr + PL_HANDOVER_HEADER_BYTES, len),
    };
    return (ptrdiff_t)(PL_HANDOVER_HEADER_BYTES + len);
}

/* The header, with a length that `end` fills in. Returns where it is. */
static size_t begin(struct pl_buf *out, enum pl_handover_kind kind, uint8_t fd_count)
{
    size_t start = out->len;
    put_uint(out, 0, 4);
    put_uint(out, kind, 1);
    put_uint(out, fd_count, 1);
    return start;
}

static void end(struct pl_buf *out, size_t start)
{
    if (pl_buf_failed(out)) {
        return;
    }
    size_t len = out->len - start - PL_HANDOVER_HEADER_BYTES;
    if (len > PL_HANDOVER_PAYLOAD_MAX) {
        out->has_failed = true; /* no reader would take it */
        return;
    }
    for (size_t i = 0; i < 4; i++) {
        out->ptr[start + i] = (uint8_t)(len >> (8 * i));
    }
}

/* --- fields --- */

static void put_str(struct pl_buf *out, struct pl_str text)
{
    if (text.len > PL_HANDOVER_PAYLOAD_MAX) {
        out->has_failed = true;
        return;
    }
    put_uint(out, text.len, 4);
    pl_buf_add_str(out, text);
}

static void put_list(struct pl_buf *out, struct pl_handover_list list)
{
    if (list.count > PL_HANDOVER_PAYLOAD_MAX) {
        out->has_failed = true;
        return;
    }
    put_uint(out, list.count, 4);
    for (size_t i = 0; i < list.count; i++) {
        put_str(out, list.items[i]);
    }
}

struct reader {
    struct pl_str rest;
    struct pl_arena *arena; /* of lists; NULL where there are none */
    int error;
};

static struct pl_str take(struct reader *reader, size_t len)
{
    struct pl_str taken = pl_str_first(reader->rest, len);
    if (taken.len < len) {
        reader->error = PL_E_PROTO;
        reader->rest = PL_STR("");
        return PL_STR("");
    }
    reader->rest = pl_str_from(reader->rest, len);
    return taken;
}

static uint64_t take_uint(struct reader *reader, size_t bytes)
{
    struct pl_str wire = take(reader, bytes);
    return wire.len == 0 ? 0 : get_uint(wire.ptr, bytes);
}

static bool take_bool(struct reader *reader)
{
    uint64_t value = take_uint(reader, 1);
    if (value > 1) {
        reader->error = PL_E_PROTO;
    }
    return value == 1;
}

/* A time or a span of time: none is negative. */
static int64_t take_time(struct reader *reader)
{
    uint64_t value = take_uint(reader, 8);
    if (value > INT64_MAX) {
        reader->error = PL_E_PROTO;
        return 0;
    }
    return (int64_t)value;
}

static struct pl_str take_str(struct reader *reader)
{
    return take(reader, (size_t)take_uint(reader, 4));
}

static struct pl_handover_list take_list(struct reader *reader)
{
    size_t count = (size_t)take_uint(reader, 4);
    struct pl_str *items = NULL;
    if (count > reader->rest.len / 4) { /* each text takes four bytes at least */
        reader->error = PL_E_PROTO;
        return (struct pl_handover_list){0};
    }
    if (count > 0) {
        items = pl_arena_alloc(reader->arena, count * sizeof(*items));
        if (items == NULL) {
            reader->error = PL_E_TOO_BIG;
            return (struct pl_handover_list){0};
        }
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = take_str(reader);
    }
    return (struct pl_handover_list){items, count};
}

static int finish(const struct reader *reader, const char *what, struct pl_error *err)
{
    if (reader->error == PL_E_TOO_BIG) {
        return pl_error_set(err, reader->error, "too much in the %s of the hand-over", what);
    }
    if (reader->error < 0) {
        return pl_error_set(err, reader->error, "the %s of the hand-over makes no sense", what);
    }
    return 0;
}

/* --- payloads --- */

void pl_handover_write_hello(struct pl_buf *out, const struct pl_handover_hello *hello)
{
    size_t start = begin(out, PL_HANDOVER_HELLO, 0);
    put_uint(out, hello->version, 4);
    put_uint(out, hello->generation, 4);
    put_uint(out, (uint64_t)hello->began_us, 8);
    put_str(out, hello->server);
    put_str(out, hello->control_path);
    end(out, start);
}

int pl_handover_read_hello(struct pl_handover_hello *out, struct pl_str payload,
                           struct pl_error *err)
{
    struct reader reader = {.rest = payload};
    *out = (struct pl_handover_hello){.version = (uint32_t)take_uint(&reader, 4)};
    if (reader.error == 0 && out->version != PL_HANDOVER_VERSION) {
        return pl_error_set(err, PL_E_UNSUPPORTED,
                            "the running server hands over by version %u, this program knows %d: "
                            "stop the one and start the other",
                            out->version, PL_HANDOVER_VERSION);
    }
    out->generation = (uint32_t)take_uint(&reader, 4);
    out->began_us = take_time(&reader);
    out->server = take_str(&reader);
    out->control_path = take_str(&reader);
    return finish(&reader, "greeting", err);
}

void pl_handover_write_ready(struct pl_buf *out, const struct pl_handover_ready *ready)
{
    size_t start = begin(out, PL_HANDOVER_READY, 0);
    put_uint(out, ready->pid, 4);
    put_str(out, ready->server);
    put_uint(out, ready->takes_data_dir, 1);
    end(out, start);
}

int pl_handover_read_ready(struct pl_handover_ready *out, struct pl_str payload,
                           struct pl_error *err)
{
    struct reader reader = {.rest = payload};
    out->pid = (uint32_t)take_uint(&reader, 4);
    out->server = take_str(&reader);
    out->takes_data_dir = take_bool(&reader);
    return finish(&reader, "answer", err);
}

void pl_handover_write_state(struct pl_buf *out, const struct pl_handover_state *state)
{
    size_t start = begin(out, PL_HANDOVER_STATE, 0);
    put_uint(out, state->parser, 1);
    end(out, start);
}

int pl_handover_read_state(struct pl_handover_state *out, struct pl_str payload,
                           struct pl_error *err)
{
    struct reader reader = {.rest = payload};
    out->parser = (uint8_t)take_uint(&reader, 1);
    return finish(&reader, "state", err);
}

void pl_handover_write_sids(struct pl_buf *out, const struct pl_handover_sids *sids)
{
    size_t start = begin(out, PL_HANDOVER_SIDS, 0);
    put_str(out, sids->path);
    put_list(out, sids->sids);
    end(out, start);
}

int pl_handover_read_sids(struct pl_handover_sids *out, struct pl_str payload,
                          struct pl_arena *arena, struct pl_error *err)
{
    struct reader reader = {.rest = payload, .arena = arena};
    out->path = take_str(&reader);
    out->sids = take_list(&reader);
    return finish(&reader, "list of sessions", err);
}

void pl_handover_write_namespace(struct pl_buf *out, const struct pl_handover_namespace *ns)
{
    size_t start = begin(out, PL_HANDOVER_NAMESPACE, 0);
    put_str(out, ns->name);
    put_uint(out, ns->is_child, 1);
    put_uint(out, ns->parent_order, 8);
    put_str(out, ns->pattern);
    put_uint(out, (uint64_t)ns->dropped_us, 8);
    end(out, start);
}

int pl_handover_read_namespace(struct pl_handover_namespace *out, struct pl_str payload,
                               struct pl_error *err)
{
    struct reader reader = {.rest = payload};
    out->name = take_str(&reader);
    out->is_child = take_bool(&reader);
    out->parent_order = take_uint(&reader, 8);
    out->pattern = take_str(&reader);
    out->dropped_us = take_time(&reader);
    return finish(&reader, "namespace", err);
}

void pl_handover_write_packet(struct pl_buf *out, const struct pl_handover_packet *packet)
{
    size_t start = begin(out, PL_HANDOVER_PACKET, 0);
    put_uint(out, (uint64_t)packet->stamp_us, 8);
    put_uint(out, (uint64_t)packet->age_ms, 8);
    put_str(out, packet->text);
    put_list(out, packet->attachments);
    put_list(out, packet->rooms);
    put_list(out, packet->except);
    end(out, start);
}

int pl_handover_read_packet(struct pl_handover_packet *out, struct pl_str payload,
                            struct pl_arena *arena, struct pl_error *err)
{
    struct reader reader = {.rest = payload, .arena = arena};
    out->stamp_us = take_time(&reader);
    out->age_ms = take_time(&reader);
    out->text = take_str(&reader);
    out->attachments = take_list(&reader);
    out->rooms = take_list(&reader);
    out->except = take_list(&reader);
    return finish(&reader, "packet", err);
}

void pl_handover_write_session(struct pl_buf *out, const struct pl_handover_session *session)
{
    size_t start = begin(out, PL_HANDOVER_SESSION, 0);
    put_uint(out, (uint64_t)session->age_ms, 8);
    put_str(out, session->id);
    put_str(out, session->pid);
    put_list(out, session->rooms);
    put_uint(out, session->has_data, 1);
    put_str(out, session->data);
    put_list(out, session->data_bins);
    end(out, start);
}

int pl_handover_read_session(struct pl_handover_session *out, struct pl_str payload,
                             struct pl_arena *arena, struct pl_error *err)
{
    struct reader reader = {.rest = payload, .arena = arena};
    out->age_ms = take_time(&reader);
    out->id = take_str(&reader);
    out->pid = take_str(&reader);
    out->rooms = take_list(&reader);
    out->has_data = take_bool(&reader);
    out->data = take_str(&reader);
    out->data_bins = take_list(&reader);
    return finish(&reader, "session", err);
}

void pl_handover_write_connection(struct pl_buf *out,
                                  const struct pl_handover_connection *connection)
{
    size_t start = begin(out, PL_HANDOVER_CONNECTION, 1);
    put_str(out, connection->peer);
    put_str(out, connection->listener);
    put_uint(out, connection->is_relayed, 1);
    put_uint(out, connection->is_secure, 1);
    put_str(out, connection->unread);
    end(out, start);
}

int pl_handover_read_connection(struct pl_handover_connection *out, struct pl_str payload,
                                struct pl_error *err)
{
    struct reader reader = {.rest = payload};
    out->peer = take_str(&reader);
    out->listener = take_str(&reader);
    out->is_relayed = take_bool(&reader);
    out->is_secure = take_bool(&reader);
    out->unread = take_str(&reader);
    return finish(&reader, "connection", err);
}

void pl_handover_write_text(struct pl_buf *out, enum pl_handover_kind kind, uint8_t fd_count,
                            struct pl_str text)
{
    size_t start = begin(out, kind, fd_count);
    put_str(out, text);
    end(out, start);
}

int pl_handover_read_text(struct pl_str *out, struct pl_str payload, struct pl_error *err)
{
    struct reader reader = {.rest = payload};
    *out = take_str(&reader);
    return finish(&reader, "text", err);
}

void pl_handover_write_bare(struct pl_buf *out, enum pl_handover_kind kind, uint8_t fd_count)
{
    end(out, begin(out, kind, fd_count));
}
