/* What the new server takes over. A namespace is put in place behind its end: half of one would
 * make clients believe that they had missed nothing. */
#include "base/alloc.h"
#include "codec/json_read.h"
#include "dialect/socketio/eio_raw.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/pattern.h"
#include "dialect/socketio/recovery.h"
#include "dialect/socketio/socketio.h"

#define LISTS_MAX (PL_HANDOVER_PAYLOAD_MAX * 5) /* a slice for each empty text, at the worst */

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
