/* What the old server tells, while nothing else happens: sessions that left, those that are about
 * to, and packets. A namespace travels as one piece, packets before sessions. */
#include "base/alloc.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/connect.h"
#include "dialect/socketio/eio_raw.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/room.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/socketio.h"
#include "hub/session.h"

#define BATCH_BYTES ((size_t)256 * 1024)
#define SIDS_PER_MESSAGE 1024

struct writer {
    struct parley_io *io;
    const struct pl_sio_ns *ns; /* under way */
    struct pl_sio_handover_counts of_ns;
    bool is_incomplete; /* something of it is too long for a message: it is given up */
    int (*send)(void *user, struct pl_str messages, struct pl_error *err);
    void *user;
    struct pl_sio_handover_counts *counts;
    struct pl_buf batch;
    struct pl_str *texts; /* lists on their way */
    size_t text_cap;
    int error; /* the first one; nothing is sent behind it */
    struct pl_error *err;
};

static void send_batch(struct writer *writer)
{
    if (writer->error == 0 && writer->batch.len > 0) {
        writer->error = writer->send(writer->user, pl_buf_str(&writer->batch), writer->err);
    }
    pl_buf_clear(&writer->batch);
}

/* What was appended since `start` is a message, of which *count is the number: leave it, or take it
 * back where it is too long. */
static void end_message(struct writer *writer, size_t start, size_t *count)
{
    (*count)++;
    if (pl_buf_failed(&writer->batch)) {
        writer->batch.has_failed = false;
        writer->batch.len = start;
        writer->is_incomplete = true;
    }
    if (writer->batch.len >= BATCH_BYTES) {
        send_batch(writer);
    }
}

static struct pl_str *reserve_texts(struct writer *writer, size_t count)
{
    if (writer->text_cap < count) {
        writer->texts = pl_realloc(writer->texts, count * sizeof(*writer->texts));
        writer->text_cap = count;
    }
    return writer->texts;
}

static int64_t age_of(const struct writer *writer, int64_t since_ms)
{
    return pl_i64_max(pl_hub_now_ms(writer->io->hub) - since_ms, 0);
}

static void write_packet(void *user, const struct pl_sio_kept_packet *packet, int64_t kept_ms)
{
    struct writer *writer = user;
    size_t start = writer->batch.len;
    struct pl_str *blobs = reserve_texts(writer, packet->attachment_count);
    for (size_t i = 0; i < packet->attachment_count; i++) {
        blobs[i] = pl_blob_str(packet->attachments[i]);
    }
    pl_handover_write_packet(&writer->batch, &(struct pl_handover_packet){
                                                 .stamp_us = packet->stamp_us,
                                                 .age_ms = age_of(writer, kept_ms),
                                                 .text = packet->text,
                                                 .attachments = {blobs, packet->attachment_count},
                                                 .rooms = {packet->rooms, packet->room_count},
                                                 .except = {packet->except, packet->except_count},
                                             });
    end_message(writer, start, &writer->of_ns.packets);
}

/* `data` may be NULL. */
static void write_session(struct writer *writer, struct pl_handover_session *session,
                          const struct parley_val *data)
{
    size_t start = writer->batch.len;
    struct pl_buf json;
    struct pl_bin_list bins = {0};
    struct pl_str *blobs = NULL;
    pl_buf_init(&json, PL_HANDOVER_PAYLOAD_MAX);
    if (data != NULL) {
        pl_val_write(&json, &bins, data);
        blobs = pl_alloc_array(bins.count + 1, sizeof(*blobs));
        for (size_t i = 0; i < bins.count; i++) {
            blobs[i] = pl_blob_str(bins.blobs[i]);
        }
    }
    session->has_data = data != NULL && !pl_buf_failed(&json) && !bins.has_failed;
    session->data = session->has_data ? pl_buf_str(&json) : PL_STR("");
    session->data_bins = (struct pl_handover_list){blobs, session->has_data ? bins.count : 0};
    pl_handover_write_session(&writer->batch, session);
    writer->is_incomplete = writer->is_incomplete || session->has_data != (data != NULL);
    end_message(writer, start, &writer->of_ns.sessions);
    pl_free(blobs);
    pl_bin_list_fini(&bins);
    pl_buf_fini(&json);
}

/* One that waits to be recovered. */
static void write_kept(void *user, const struct pl_sio_kept_session *kept)
{
    struct writer *writer = user;
    struct pl_handover_session session = {
        .age_ms = age_of(writer, kept->left_ms),
        .id = pl_str_make(kept->id, PL_SIO_ID_LEN),
        .pid = pl_str_make(kept->pid, PL_SIO_ID_LEN),
        .rooms = {kept->rooms, kept->room_count},
    };
    write_session(writer, &session, kept->data);
}

static void write_claimed(void *user, const struct pl_sio_ns *ns,
                          const struct pl_sio_kept_session *kept)
{
    struct writer *writer = user;
    if (ns == writer->ns) {
        write_kept(writer, kept);
    }
}

static void write_claimed_of(void *user, struct pl_eio_session *session)
{
    const struct pl_sio_conn *conn = pl_eio_session_user(session);
    if (conn != NULL) {
        pl_sio_conn_each_claimed(conn, write_claimed, user);
    }
}

/* One that is connected: it leaves now, in a way. */
static void write_socket(struct writer *writer, const struct parley_socket *socket)
{
    struct pl_sio_names rooms = {0};
    struct pl_str *texts = NULL;
    if (socket == NULL || pl_sio_pid(socket).len == 0) {
        return; /* its client does not know how to come back */
    }
    pl_sio_rooms_collect(socket, &rooms);
    texts = reserve_texts(writer, rooms.count + 1);
    texts[0] = pl_sio_socket_id(socket);
    for (size_t i = 0; i < rooms.count; i++) {
        texts[i + 1] = pl_sio_name_str(rooms.names[i]);
    }
    struct pl_handover_session session = {
        .id = pl_sio_socket_id(socket),
        .pid = pl_sio_pid(socket),
        .rooms = {texts, rooms.count + 1},
    };
    write_session(writer, &session, socket->data);
    pl_sio_names_fini(&rooms);
}

static void write_connected(struct writer *writer)
{
    struct pl_stream *stream = pl_sio_ns_stream(writer->ns);
    struct pl_member *member = NULL;
    while (stream != NULL && (member = pl_stream_next_member(stream, member)) != NULL) {
        write_socket(writer, pl_sio_session_socket(pl_member_session(member), writer->ns));
    }
}

static void write_namespace(struct writer *writer, const struct pl_sio_ns *ns)
{
    struct pl_handover_namespace head = {.name = pl_sio_name_str(ns->name)};
    struct pl_sio_handover_counts *counts = writer->counts;
    if (ns->store == NULL || (ns->by_id.count == 0 && ns->joining_count == 0 &&
                              pl_sio_store_session_count(ns->store) == 0)) {
        return; /* nobody could come back to it */
    }
    if (ns->parent != NULL) {
        head.is_child = true;
        head.parent_order = ns->parent->order;
        head.pattern = pl_sio_name_str(ns->parent->name);
    }
    writer->ns = ns;
    writer->of_ns = (struct pl_sio_handover_counts){0};
    writer->is_incomplete = false;
    head.dropped_us = pl_sio_store_dropped_us(ns->store);
    pl_handover_write_namespace(&writer->batch, &head);
    pl_sio_store_each_packet(ns->store, write_packet, writer);
    pl_sio_store_each_session(ns->store, write_kept, writer);
    if (ns->joining_count > 0) {
        pl_eio_engine_each(writer->io->engine, write_claimed_of, writer);
    }
    write_connected(writer);
    if (writer->is_incomplete) { /* without its end it will be forgotten */
        counts->lost += writer->of_ns.packets + writer->of_ns.sessions;
        return;
    }
    pl_handover_write_bare(&writer->batch, PL_HANDOVER_NAMESPACE_END, 0);
    counts->packets += writer->of_ns.packets;
    counts->sessions += writer->of_ns.sessions;
}

/* --- sessions on long-polling --- */

struct sids {
    struct writer *writer;
    struct pl_str path;
    struct pl_str list[SIDS_PER_MESSAGE];
    size_t count;
};

static void write_sids(struct sids *sids)
{
    if (sids->count > 0) {
        pl_handover_write_sids(&sids->writer->batch, &(struct pl_handover_sids){
                                                         .path = sids->path,
                                                         .sids = {sids->list, sids->count},
                                                     });
        sids->count = 0;
    }
}

static void add_sid(void *user, struct pl_eio_session *session)
{
    struct sids *sids = user;
    if (pl_eio_session_is_websocket(session)) {
        return; /* its client asks for nothing */
    }
    sids->list[sids->count++] = pl_eio_session_sid(session);
    if (sids->count == SIDS_PER_MESSAGE) {
        write_sids(sids);
    }
}

static void write_engine(struct pl_eio_engine *engine, void *user)
{
    struct sids sids = {.writer = user, .path = pl_eio_engine_path(engine)};
    pl_eio_engine_each(engine, add_sid, &sids);
    write_sids(&sids);
}

int pl_sio_handover_write(struct parley_io *io,
                          int (*send)(void *user, struct pl_str messages, struct pl_error *err),
                          void *user, struct pl_sio_handover_counts *counts, struct pl_error *err)
{
    struct writer writer = {.io = io, .send = send, .user = user, .counts = counts, .err = err};
    pl_buf_init(&writer.batch, PL_HANDOVER_PAYLOAD_MAX + BATCH_BYTES * 2);
    pl_handover_write_state(&writer.batch,
                            &(struct pl_handover_state){.parser = (uint8_t)io->config.parser});
    if (io->engine != NULL) {
        write_engine(io->engine, &writer);
    }
    pl_eio_raw_each_engine(io, write_engine, &writer);
    for (struct pl_list *node = io->namespaces.next; node != &io->namespaces && writer.error == 0;
         node = node->next) {
        write_namespace(&writer, PL_CONTAINER_OF(node, struct pl_sio_ns, in_io));
    }
    pl_handover_write_bare(&writer.batch, PL_HANDOVER_STATE_END, 0);
    send_batch(&writer);
    pl_buf_fini(&writer.batch);
    pl_free(writer.texts);
    return writer.error;
}
