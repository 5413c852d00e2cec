/* Both ends of a hand-over. A namespace travels as one piece, packets before sessions, and is put in
 * place behind its end: half of one would make clients believe that they had missed nothing. */
#include "base/alloc.h"
#include "codec/json_read.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/connect.h"
#include "dialect/socketio/eio_raw.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/pattern.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/room.h"
#include "dialect/socketio/socket.h"
#include "dialect/socketio/socketio.h"
#include "hub/session.h"

#define BATCH_BYTES ((size_t)256 * 1024)
#define SIDS_PER_MESSAGE 1024
#define LISTS_MAX (PL_HANDOVER_PAYLOAD_MAX * 5) /* a slice for each empty text, at the worst */

/* --- standing still --- */

void pl_sio_hold(struct parley_io *io)
{
    if (io->engine != NULL) {
        pl_eio_engine_hold(io->engine);
    }
}

void pl_sio_release(struct parley_io *io)
{
    if (io->engine != NULL) {
        pl_eio_engine_release(io->engine);
    }
}

struct look {
    int64_t since_us;
    bool is_settled;
};

static void look_at(void *user, struct pl_eio_session *session)
{
    struct look *look = user;
    const struct pl_sio_conn *conn = pl_eio_session_user(session);
    bool is_young = pl_eio_session_opened_unix_us(session) >= look->since_us;
    if (conn != NULL && (conn->joining_count > 0 || (is_young && !conn->has_joined))) {
        look->is_settled = false;
    }
}

bool pl_sio_is_settled(const struct parley_io *io, int64_t since_us)
{
    struct look look = {since_us, true};
    if (io->engine != NULL) {
        pl_eio_engine_each(io->engine, look_at, &look);
    }
    return look.is_settled;
}

void pl_sio_mute(struct parley_io *io)
{
    io->is_mute = true;
}

static void depart_engine(struct pl_eio_engine *engine, void *user)
{
    (void)user;
    pl_eio_engine_depart(engine);
}

void pl_sio_depart(struct parley_io *io)
{
    if (io->engine != NULL) {
        pl_eio_engine_depart(io->engine);
    }
    pl_eio_raw_each_engine(io, depart_engine, NULL);
    pl_sio_shutdown(io);
}

/* --- writing --- */

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

/* --- reading --- */

struct pl_sio_handover {
    struct parley_io *io;
    struct pl_sio_handover_counts counts;
    bool is_foreign;            /* packets written in another way are of no use */
    struct pl_sio_ns *ns;       /* counted; under way */
    struct pl_sio_store *store; /* to become the namespace's */
    struct pl_sio_handover_counts of_ns;
};

struct pl_sio_handover *pl_sio_handover_begin(struct parley_io *io)
{
    struct pl_sio_handover *handover = pl_alloc(sizeof(*handover));
    handover->io = io;
    return handover;
}

static void forget_namespace(struct pl_sio_handover *handover)
{
    pl_sio_store_destroy(handover->store);
    pl_sio_ns_unref(handover->ns);
    handover->store = NULL;
    handover->ns = NULL;
    handover->of_ns = (struct pl_sio_handover_counts){0};
}

void pl_sio_handover_end(struct pl_sio_handover *handover, struct pl_sio_handover_counts *counts)
{
    if (handover != NULL) {
        *counts = handover->counts;
        forget_namespace(handover);
        pl_free(handover);
    }
}

struct engine_search {
    struct pl_str path;
    struct pl_eio_engine *found;
};

static void look_for_engine(struct pl_eio_engine *engine, void *user)
{
    struct engine_search *search = user;
    if (pl_str_eq(pl_eio_engine_path(engine), search->path)) {
        search->found = engine;
    }
}

static struct pl_eio_engine *find_engine(struct parley_io *io, struct pl_str path)
{
    struct engine_search search = {.path = path};
    pl_eio_raw_each_engine(io, look_for_engine, &search);
    if (io->engine != NULL) {
        look_for_engine(io->engine, &search);
    }
    return search.found;
}

static int take_sids(struct pl_sio_handover *handover, struct pl_str payload, struct pl_error *err)
{
    struct pl_arena arena;
    struct pl_handover_sids sids;
    int rc = 0;
    pl_arena_init(&arena, LISTS_MAX);
    rc = pl_handover_read_sids(&sids, payload, &arena, err);
    if (rc == 0) {
        struct pl_eio_engine *engine = find_engine(handover->io, sids.path);
        for (size_t i = 0; engine != NULL && i < sids.sids.count; i++) {
            pl_eio_engine_note_departed(engine, sids.sids.items[i]);
        }
    }
    pl_arena_fini(&arena);
    return rc;
}

/* The parent from which this server would make the child: one with the same pattern, or a function
 * registered at the same place. */
static struct pl_sio_ns *find_parent(struct parley_io *io, const struct pl_handover_namespace *head)
{
    uint64_t order = 0;
    struct pl_sio_ns *parent = NULL;
    while ((parent = pl_sio_parent_after(io, order)) != NULL) {
        order = parent->order;
        if (parent->pattern == NULL ? head->pattern.len == 0 && order == head->parent_order
                                    : pl_str_eq(pl_pattern_text(parent->pattern), head->pattern) &&
                                          pl_pattern_matches(parent->pattern, head->name)) {
            return parent;
        }
    }
    return NULL;
}

static int take_namespace(struct pl_sio_handover *handover, struct pl_str payload,
                          struct pl_error *err)
{
    struct parley_io *io = handover->io;
    struct pl_handover_namespace head;
    struct pl_sio_ns *ns = NULL;
    int rc = pl_handover_read_namespace(&head, payload, err);
    forget_namespace(handover);
    if (rc < 0 || handover->is_foreign || head.name.len > PL_SIO_NAMESPACE_LEN_MAX) {
        return rc;
    }
    ns = pl_sio_ns_find(io, head.name);
    if (ns == NULL && head.is_child) {
        struct pl_sio_ns *parent = find_parent(io, &head);
        ns = parent == NULL ? NULL : pl_sio_ns_ensure_child(parent, head.name);
    }
    if (ns == NULL || ns->store == NULL) {
        return 0; /* what follows is counted as lost */
    }
    handover->ns = pl_sio_ns_ref(ns);
    handover->store = pl_sio_ns_create_store(ns, head.dropped_us);
    return 0;
}

/* Attachments as blobs. False without memory; what is there has to be given back all the same. */
static bool make_blobs(struct pl_blob **out, struct pl_handover_list texts)
{
    for (size_t i = 0; i < texts.count; i++) {
        out[i] = pl_blob_copy(texts.items[i]);
        if (out[i] == NULL) {
            return false;
        }
    }
    return true;
}

static void free_blobs(struct pl_blob **blobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pl_blob_unref(&blobs[i]);
    }
    pl_free(blobs);
}

static int add_packet(struct pl_sio_handover *handover, const struct pl_handover_packet *packet,
                      struct pl_error *err)
{
    struct pl_blob **blobs = pl_alloc_array(packet->attachments.count + 1, sizeof(*blobs));
    int rc = 0;
    if (make_blobs(blobs, packet->attachments)) {
        pl_sio_store_add(handover->store,
                         &(struct pl_sio_kept_packet){
                             .stamp_us = packet->stamp_us,
                             .text = packet->text,
                             .attachments = blobs,
                             .attachment_count = packet->attachments.count,
                             .rooms = packet->rooms.items,
                             .room_count = packet->rooms.count,
                             .except = packet->except.items,
                             .except_count = packet->except.count,
                         },
                         pl_hub_now_ms(handover->io->hub) - packet->age_ms);
        handover->of_ns.packets++;
    } else {
        rc = pl_error_set(err, PL_E_NOMEM, "out of memory");
    }
    free_blobs(blobs, packet->attachments.count);
    return rc;
}

static int take_packet(struct pl_sio_handover *handover, struct pl_str payload,
                       struct pl_error *err)
{
    struct pl_arena arena;
    struct pl_handover_packet packet;
    int rc = 0;
    if (handover->store == NULL) {
        handover->counts.lost++;
        return 0;
    }
    pl_arena_init(&arena, LISTS_MAX);
    rc = pl_handover_read_packet(&packet, payload, &arena, err);
    if (rc == 0 && packet.stamp_us <= pl_sio_store_last_us(handover->store)) {
        rc = pl_error_set(err, PL_E_PROTO, "packets of the hand-over are out of order");
    }
    if (rc == 0) {
        rc = add_packet(handover, &packet, err);
    }
    pl_arena_fini(&arena);
    return rc;
}

static void free_data(void *data)
{
    parley_val_unref(data);
}

/* The socket's data from its text. */
static int read_data(struct pl_sio_kept_session *kept, const struct pl_handover_session *session,
                     struct pl_error *err)
{
    struct pl_blob **blobs = NULL;
    int rc = pl_json_validate(session->data, PL_JSON_DEPTH_MAX, err);
    if (rc < 0) {
        return rc;
    }
    blobs = pl_alloc_array(session->data_bins.count + 1, sizeof(*blobs));
    if (make_blobs(blobs, session->data_bins)) {
        kept->data =
            pl_val_of_wire_with(session->data, PL_JSON_DEPTH_MAX, blobs, session->data_bins.count);
        kept->free_data = free_data;
    }
    free_blobs(blobs, session->data_bins.count);
    return kept->data != NULL ? 0 : pl_error_set(err, PL_E_NOMEM, "out of memory");
}

static int add_session(struct pl_sio_handover *handover, const struct pl_handover_session *session,
                       struct pl_error *err)
{
    struct pl_sio_kept_session *kept = NULL;
    int rc = 0;
    if (session->id.len != PL_SIO_ID_LEN || session->pid.len != PL_SIO_ID_LEN) {
        return pl_error_set(err, PL_E_PROTO, "a session of the hand-over has no proper id");
    }
    kept = pl_sio_kept_session_create(session->id, session->pid, session->rooms.items,
                                      session->rooms.count);
    if (session->has_data) {
        rc = read_data(kept, session, err);
    }
    if (rc < 0) {
        pl_sio_kept_session_free(kept);
        return rc;
    }
    pl_sio_store_keep(handover->store, kept, pl_hub_now_ms(handover->io->hub) - session->age_ms);
    handover->of_ns.sessions++;
    return 0;
}

static int take_session(struct pl_sio_handover *handover, struct pl_str payload,
                        struct pl_error *err)
{
    struct pl_arena arena;
    struct pl_handover_session session;
    int rc = 0;
    if (handover->store == NULL) {
        handover->counts.lost++;
        return 0;
    }
    pl_arena_init(&arena, LISTS_MAX);
    rc = pl_handover_read_session(&session, payload, &arena, err);
    if (rc == 0) {
        rc = add_session(handover, &session, err);
    }
    pl_arena_fini(&arena);
    return rc;
}

/* Now it counts. */
static void take_namespace_end(struct pl_sio_handover *handover)
{
    if (handover->store == NULL) {
        return;
    }
    pl_hub_stamp_raise(handover->io->hub, pl_sio_store_last_us(handover->store));
    pl_sio_ns_set_store(handover->ns, handover->store);
    handover->store = NULL;
    handover->counts.packets += handover->of_ns.packets;
    handover->counts.sessions += handover->of_ns.sessions;
    forget_namespace(handover);
}

static int take_state(struct pl_sio_handover *handover, struct pl_str payload, struct pl_error *err)
{
    struct pl_handover_state state;
    int rc = pl_handover_read_state(&state, payload, err);
    handover->is_foreign = rc < 0 || state.parser != (uint8_t)handover->io->config.parser;
    return rc;
}

int pl_sio_handover_take(struct pl_sio_handover *handover,
                         const struct pl_handover_message *message, struct pl_error *err)
{
    switch ((enum pl_handover_kind)message->kind) {
    case PL_HANDOVER_STATE:
        return take_state(handover, message->payload, err);
    case PL_HANDOVER_SIDS:
        return take_sids(handover, message->payload, err);
    case PL_HANDOVER_NAMESPACE:
        return take_namespace(handover, message->payload, err);
    case PL_HANDOVER_PACKET:
        return take_packet(handover, message->payload, err);
    case PL_HANDOVER_SESSION:
        return take_session(handover, message->payload, err);
    case PL_HANDOVER_NAMESPACE_END:
        take_namespace_end(handover);
        return 0;
    case PL_HANDOVER_STATE_END:
        return 1;
    case PL_HANDOVER_HELLO:
    case PL_HANDOVER_LOCK:
    case PL_HANDOVER_CONTROL:
    case PL_HANDOVER_LISTENER:
    case PL_HANDOVER_START:
    case PL_HANDOVER_READY:
    case PL_HANDOVER_FAILED:
    case PL_HANDOVER_TAKEN:
    case PL_HANDOVER_CONNECTION:
        break;
    }
    return 0;
}
