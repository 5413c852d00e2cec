/* The store of connection state recovery. Packets stand in a ring ordered by their stamps, so an
 * offset is found by bisection; the stamp of the newest packet that was dropped tells which offsets
 * are still good. */
#include "dialect/socketio/recovery.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdlib.h>

struct entry {
    struct pl_sio_kept_packet packet; /* everything in it is in this allocation, or counted */
    size_t bytes;
    int64_t kept_ms; /* since when */
};

struct pl_sio_store {
    struct pl_sio_store_limits limits;
    uint8_t hash_key[PL_SIPHASH_KEY_BYTES];
    struct entry **ring;
    size_t cap;
    size_t first;
    size_t count;
    size_t bytes;
    int64_t dropped_us; /* stamp of the newest packet that is gone */
    int64_t last_us;    /* stamp of the newest packet ever */
    struct pl_list sessions;
    size_t session_bytes;
    struct pl_table by_pid;
};

/* --- offsets --- */

static const char offset_digits[] =
    "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

void pl_sio_offset_write(char out[PL_SIO_OFFSET_LEN], int64_t stamp_us)
{
    uint64_t rest = (uint64_t)stamp_us;
    for (size_t i = PL_SIO_OFFSET_LEN; i > 0; i--) {
        out[i - 1] = offset_digits[rest & 63];
        rest >>= 6;
    }
}

bool pl_sio_offset_read(int64_t *stamp_us, struct pl_str text)
{
    uint64_t value = 0;
    if (text.len != PL_SIO_OFFSET_LEN) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(offset_digits, text.ptr[i], sizeof(offset_digits) - 1);
        if (digit == NULL || value >> 57 != 0) { /* one digit more would leave 63 bits */
            return false;
        }
        value = value << 6 | (uint64_t)(digit - offset_digits);
    }
    *stamp_us = (int64_t)value;
    return true;
}

/* --- packets --- */

static struct entry *entry_at(const struct pl_sio_store *store, size_t i)
{
    return store->ring[(store->first + i) & (store->cap - 1)];
}

static void free_entry(struct entry *entry)
{
    for (size_t i = 0; i < entry->packet.attachment_count; i++) {
        struct pl_blob *blob = entry->packet.attachments[i];
        pl_blob_unref(&blob);
    }
    pl_free(entry);
}

static void drop_oldest(struct pl_sio_store *store)
{
    struct entry *entry = entry_at(store, 0);
    store->dropped_us = entry->packet.stamp_us;
    store->bytes -= entry->bytes;
    store->first = (store->first + 1) & (store->cap - 1);
    store->count--;
    free_entry(entry);
}

static void bound_packets(struct pl_sio_store *store, int64_t now_ms)
{
    while (store->count > 0 &&
           (store->count > store->limits.packets || store->bytes > store->limits.bytes ||
            entry_at(store, 0)->kept_ms + store->limits.age_ms < now_ms)) {
        drop_oldest(store);
    }
}

static bool add_len(size_t *total, const struct pl_str *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!pl_size_add(total, *total, names[i].len + sizeof(*names))) {
            return false;
        }
    }
    return true;
}

static char *copy_str(struct pl_str *out, struct pl_str text, char *at)
{
    if (text.len > 0) {
        memcpy(at, text.ptr, text.len);
    }
    *out = pl_str_make(at, text.len);
    return at + text.len;
}

static char *copy_names(struct pl_str *out, const struct pl_str *names, size_t count, char *at)
{
    for (size_t i = 0; i < count; i++) {
        at = copy_str(&out[i], names[i], at);
    }
    return at;
}

/* One allocation: the entry, the names' slices, the attachments' pointers, all the text. NULL
 * without memory. */
static struct entry *make_entry(const struct pl_sio_kept_packet *packet, int64_t now_ms)
{
    size_t size = sizeof(struct entry) + packet->attachment_count * sizeof(struct pl_blob *);
    struct entry *entry = NULL;
    struct pl_str *names = NULL;
    struct pl_blob **blobs = NULL;
    char *at = NULL;
    if (!pl_size_add(&size, size, packet->text.len) ||
        !add_len(&size, packet->rooms, packet->room_count) ||
        !add_len(&size, packet->except, packet->except_count)) {
        return NULL;
    }
    entry = pl_try_alloc(size);
    if (entry == NULL) {
        return NULL;
    }
    names = (struct pl_str *)(void *)(entry + 1);
    blobs = (struct pl_blob **)(void *)(names + packet->room_count + packet->except_count);
    at = (char *)(blobs + packet->attachment_count);
    *entry = (struct entry){.packet = *packet, .bytes = size, .kept_ms = now_ms};
    at = copy_str(&entry->packet.text, packet->text, at);
    at = copy_names(names, packet->rooms, packet->room_count, at);
    copy_names(names + packet->room_count, packet->except, packet->except_count, at);
    entry->packet.rooms = names;
    entry->packet.except = names + packet->room_count;
    entry->packet.attachments = blobs;
    for (size_t i = 0; i < packet->attachment_count; i++) {
        blobs[i] = pl_blob_ref(packet->attachments[i]);
        entry->bytes += blobs[i]->len;
    }
    return entry;
}

static void grow_ring(struct pl_sio_store *store)
{
    size_t cap = store->cap == 0 ? 16 : store->cap * 2;
    struct entry **ring = pl_alloc_array(cap, sizeof(*ring));
    for (size_t i = 0; i < store->count; i++) {
        ring[i] = entry_at(store, i);
    }
    pl_free(store->ring);
    store->ring = ring;
    store->cap = cap;
    store->first = 0;
}

void pl_sio_store_add(struct pl_sio_store *store, const struct pl_sio_kept_packet *packet,
                      int64_t now_ms)
{
    struct entry *entry = make_entry(packet, now_ms);
    store->last_us = packet->stamp_us;
    if (entry == NULL) { /* what comes before it would not help without it */
        while (store->count > 0) {
            drop_oldest(store);
        }
        store->dropped_us = packet->stamp_us;
        return;
    }
    if (store->count == store->cap) {
        grow_ring(store);
    }
    store->ring[(store->first + store->count) & (store->cap - 1)] = entry;
    store->count++;
    store->bytes += entry->bytes;
    bound_packets(store, now_ms);
}

/* --- sessions --- */

struct pl_sio_kept_session *pl_sio_kept_session_create(struct pl_str id, struct pl_str pid,
                                                       const struct pl_str *rooms,
                                                       size_t room_count)
{
    size_t size = sizeof(struct pl_sio_kept_session);
    struct pl_sio_kept_session *session = NULL;
    bool fits =
        add_len(&size, rooms, room_count); /* rooms of one socket: bounded where they are joined */
    PL_ASSERT(fits && id.len == PL_SIO_ID_LEN && pid.len == PL_SIO_ID_LEN);
    session = pl_alloc(size);
    session->bytes = size;
    session->rooms = (struct pl_str *)(void *)(session + 1);
    session->room_count = room_count;
    copy_names(session->rooms, rooms, room_count, (char *)(session->rooms + room_count));
    memcpy(session->id, id.ptr, id.len);
    memcpy(session->pid, pid.ptr, pid.len);
    return session;
}

void pl_sio_kept_session_free(struct pl_sio_kept_session *session)
{
    if (session != NULL) {
        if (session->free_data != NULL) {
            session->free_data(session->data);
        }
        pl_wipe(session->pid, sizeof(session->pid));
        pl_free(session);
    }
}

static struct pl_sio_kept_session *take_session(struct pl_sio_store *store,
                                                struct pl_sio_kept_session *session)
{
    pl_list_remove(&session->in_store);
    pl_table_remove(&store->by_pid, &session->by_pid);
    store->session_bytes -= session->bytes;
    return session;
}

static struct pl_sio_kept_session *oldest_session(struct pl_sio_store *store)
{
    return PL_CONTAINER_OF(store->sessions.next, struct pl_sio_kept_session, in_store);
}

static void bound_sessions(struct pl_sio_store *store, int64_t now_ms)
{
    while (store->by_pid.count > 0 &&
           (store->by_pid.count > store->limits.sessions ||
            store->session_bytes > store->limits.bytes ||
            oldest_session(store)->left_ms + store->limits.age_ms < now_ms)) {
        pl_sio_kept_session_free(take_session(store, oldest_session(store)));
    }
}

void pl_sio_store_keep(struct pl_sio_store *store, struct pl_sio_kept_session *session,
                       int64_t now_ms)
{
    session->left_ms = now_ms;
    pl_list_push_back(&store->sessions, &session->in_store);
    pl_table_add(&store->by_pid, &session->by_pid,
                 pl_siphash(store->hash_key, session->pid, PL_SIO_ID_LEN));
    store->session_bytes += session->bytes;
    bound_sessions(store, now_ms);
}

static struct pl_sio_kept_session *find_session(const struct pl_sio_store *store, struct pl_str pid)
{
    struct pl_table_link *link =
        pl_table_first(&store->by_pid, pl_siphash(store->hash_key, pid.ptr, pid.len));
    for (; link != NULL; link = pl_table_next(link)) {
        struct pl_sio_kept_session *session =
            PL_CONTAINER_OF(link, struct pl_sio_kept_session, by_pid);
        if (pl_secret_eq(pl_str_make(session->pid, PL_SIO_ID_LEN), pid)) {
            return session;
        }
    }
    return NULL;
}

bool pl_sio_store_has_all(const struct pl_sio_store *store, struct pl_str offset)
{
    int64_t stamp_us = 0;
    return pl_sio_offset_read(&stamp_us, offset) && stamp_us >= store->dropped_us &&
           stamp_us <= store->last_us;
}

struct pl_sio_kept_session *pl_sio_store_claim(struct pl_sio_store *store, struct pl_str pid,
                                               struct pl_str offset, int64_t now_ms)
{
    struct pl_sio_kept_session *session = NULL;
    pl_sio_store_purge(store, now_ms);
    session = find_session(store, pid);
    if (session == NULL || !pl_sio_store_has_all(store, offset)) {
        return NULL;
    }
    return take_session(store, session);
}

/* --- what was missed --- */

/* The first packet with a stamp above this one. */
static size_t first_after(const struct pl_sio_store *store, int64_t stamp_us)
{
    size_t low = 0;
    size_t high = store->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_at(store, middle)->packet.stamp_us > stamp_us) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Any order will do, as long as it is one. */
static int compare_names(const void *a, const void *b)
{
    const struct pl_str *one = a;
    const struct pl_str *other = b;
    if (one->len != other->len) {
        return one->len < other->len ? -1 : 1;
    }
    return one->len == 0 ? 0 : memcmp(one->ptr, other->ptr, one->len);
}

/* The session's rooms in that order: a client may be in many, and have missed many packets. */
static struct pl_str *sort_rooms(const struct pl_sio_kept_session *session)
{
    struct pl_str *sorted = pl_alloc_array(session->room_count + 1, sizeof(*sorted));
    if (session->room_count > 0) {
        memcpy(sorted, session->rooms, session->room_count * sizeof(*sorted));
        qsort(sorted, session->room_count, sizeof(*sorted), compare_names);
    }
    return sorted;
}

static bool is_in_any(const struct pl_str *sorted, size_t sorted_count, const struct pl_str *rooms,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bsearch(&rooms[i], sorted, sorted_count, sizeof(*sorted), compare_names) != NULL) {
            return true;
        }
    }
    return false;
}

void pl_sio_store_each_missed(struct pl_sio_store *store, const struct pl_sio_kept_session *session,
                              struct pl_str offset,
                              void (*visit)(void *user, const struct pl_sio_kept_packet *packet),
                              void *user)
{
    int64_t stamp_us = 0;
    size_t count = session->room_count;
    struct pl_str *sorted = NULL;
    if (!pl_sio_offset_read(&stamp_us, offset)) {
        return;
    }
    sorted = sort_rooms(session);
    for (size_t i = first_after(store, stamp_us); i < store->count; i++) {
        const struct pl_sio_kept_packet *packet = &entry_at(store, i)->packet;
        if ((packet->room_count == 0 ||
             is_in_any(sorted, count, packet->rooms, packet->room_count)) &&
            !is_in_any(sorted, count, packet->except, packet->except_count)) {
            visit(user, packet);
        }
    }
    pl_free(sorted);
}

/* --- the whole --- */

struct pl_sio_store *pl_sio_store_create(const struct pl_sio_store_limits *limits,
                                         const uint8_t hash_key[16], int64_t stamp_us)
{
    struct pl_sio_store *store = pl_alloc(sizeof(*store));
    store->limits = *limits;
    memcpy(store->hash_key, hash_key, sizeof(store->hash_key));
    store->dropped_us = stamp_us; /* no offset is older than the store */
    store->last_us = stamp_us;
    pl_list_init(&store->sessions);
    return store;
}

void pl_sio_store_set_limits(struct pl_sio_store *store, const struct pl_sio_store_limits *limits)
{
    store->limits = *limits;
}

void pl_sio_store_destroy(struct pl_sio_store *store)
{
    if (store == NULL) {
        return;
    }
    while (store->by_pid.count > 0) {
        pl_sio_kept_session_free(take_session(store, oldest_session(store)));
    }
    while (store->count > 0) {
        drop_oldest(store);
    }
    pl_table_fini(&store->by_pid);
    pl_free(store->ring);
    pl_free(store);
}

void pl_sio_store_purge(struct pl_sio_store *store, int64_t now_ms)
{
    bound_packets(store, now_ms);
    bound_sessions(store, now_ms);
}

int64_t pl_sio_store_dropped_us(const struct pl_sio_store *store)
{
    return store->dropped_us;
}

int64_t pl_sio_store_last_us(const struct pl_sio_store *store)
{
    return store->last_us;
}

void pl_sio_store_each_packet(const struct pl_sio_store *store,
                              void (*visit)(void *user, const struct pl_sio_kept_packet *packet,
                                            int64_t kept_ms),
                              void *user)
{
    for (size_t i = 0; i < store->count; i++) {
        const struct entry *entry = entry_at(store, i);
        visit(user, &entry->packet, entry->kept_ms);
    }
}

void pl_sio_store_each_session(const struct pl_sio_store *store,
                               void (*visit)(void *user, const struct pl_sio_kept_session *session),
                               void *user)
{
    for (struct pl_list *node = store->sessions.next; node != &store->sessions;
         node = node->next) {
        visit(user, PL_CONTAINER_OF(node, struct pl_sio_kept_session, in_store));
    }
}

size_t pl_sio_store_session_count(const struct pl_sio_store *store)
{
    return store->by_pid.count;
}
