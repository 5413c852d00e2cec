/* A record for each channel in which something was said lately: to be written, being written, or
 * written and kept for a while, since reads that are under way may still bring an older number. */
#include "service/talo/counts.h"

#include "base/alloc.h"
#include "service/talo/talo_internal.h"
#include "store/talo/channels.h"

#define KEEP_MS (60 * 1000)
#define WAIT_MAX_MS (30 * 1000)
#define WRITE_MAX 512 /* channels in one operation */

struct record {
    struct pl_table_link link;
    struct pl_list unwritten;         /* on counts->unwritten, unless it is being written */
    struct pl_talo_expiring expiring; /* on counts->written when all of it is */
    int64_t channel_id;
    int64_t total;
    bool is_being_written;
};

static void free_record(struct pl_talo_counts *counts, struct record *record)
{
    pl_table_remove(&counts->by_channel, &record->link);
    pl_list_remove(&record->unwritten);
    pl_talo_expiry_remove(&counts->written, &record->expiring);
    pl_free(record);
}

/* A cached channel has the number of when it was loaded, which is true only beside the record. */
static void on_expired(struct pl_talo_expiring *expiring, void *user)
{
    struct pl_talo_counts *counts = user;
    struct record *record = PL_CONTAINER_OF(expiring, struct record, expiring);
    pl_talo_cache_drop_channel(&counts->talo->cache, record->channel_id);
    free_record(counts, record);
}

static void on_due(struct pl_timer *timer)
{
    pl_talo_counts_flush(PL_CONTAINER_OF(timer, struct pl_talo_counts, timer));
}

void pl_talo_counts_init(struct pl_talo_counts *counts, struct pl_talo *talo)
{
    *counts = (struct pl_talo_counts){
        .talo = talo, .timer = {.on_due = on_due}, .wait_ms = PL_TALO_COUNTS_WRITE_MS};
    pl_list_init(&counts->unwritten);
    pl_talo_expiry_init(&counts->written, talo->config.hub, KEEP_MS, on_expired, counts);
}

void pl_talo_counts_fini(struct pl_talo_counts *counts)
{
    pl_timer_stop(pl_hub_timers(counts->talo->config.hub), &counts->timer);
    PL_LIST_EACH(node, &counts->unwritten)
    {
        free_record(counts, PL_CONTAINER_OF(node, struct record, unwritten));
    }
    pl_talo_expiry_fini(&counts->written);
    pl_table_fini(&counts->by_channel);
}

static struct record *find(const struct pl_talo_counts *counts, int64_t channel_id)
{
    struct pl_table_link *link =
        pl_table_first(&counts->by_channel, pl_talo_hash_id(counts->talo, channel_id));
    for (; link != NULL; link = pl_table_next(link)) {
        struct record *record = PL_CONTAINER_OF(link, struct record, link);
        if (record->channel_id == channel_id) {
            return record;
        }
    }
    return NULL;
}

static struct record *add(struct pl_talo_counts *counts, int64_t channel_id)
{
    struct record *record = pl_alloc(sizeof(*record));
    record->channel_id = channel_id;
    pl_table_add(&counts->by_channel, &record->link, pl_talo_hash_id(counts->talo, channel_id));
    return record;
}

/* It is to be written, now or, when it is being written, after that. */
static void mark(struct pl_talo_counts *counts, struct record *record)
{
    struct pl_hub *hub = counts->talo->config.hub;
    if (record->is_being_written || pl_list_is_linked(&record->unwritten)) {
        return;
    }
    pl_talo_expiry_remove(&counts->written, &record->expiring);
    pl_list_push_back(&counts->unwritten, &record->unwritten);
    if (!pl_timer_is_set(&counts->timer) && !counts->talo->is_stopping) {
        pl_timer_set(pl_hub_timers(hub), &counts->timer, pl_hub_now_ms(hub) + counts->wait_ms);
    }
}

int64_t pl_talo_counts_add(struct pl_talo_counts *counts, int64_t channel_id, int64_t stored)
{
    struct record *record = find(counts, channel_id);
    if (record == NULL) {
        record = add(counts, channel_id);
    }
    record->total = pl_i64_max(record->total, stored) + 1;
    mark(counts, record);
    return record->total;
}

int64_t pl_talo_counts_total(const struct pl_talo_counts *counts, int64_t channel_id,
                             int64_t stored)
{
    const struct record *record = find(counts, channel_id);
    return record == NULL ? stored : pl_i64_max(record->total, stored);
}

void pl_talo_counts_forget(struct pl_talo_counts *counts, int64_t channel_id)
{
    struct record *record = find(counts, channel_id);
    if (record != NULL) {
        free_record(counts, record);
    }
}

/* --- writing --- */

/* One record of an operation that came back. */
static void settle(struct pl_talo_counts *counts, const struct pl_talo_channel_tally *item, int rc)
{
    struct record *record = find(counts, item->channel_id);
    if (record == NULL || !record->is_being_written) {
        return; /* deleted meanwhile */
    }
    record->is_being_written = false;
    if (rc != 0 || record->total > item->total) {
        mark(counts, record);
    } else {
        pl_talo_expiry_add(&counts->written, &record->expiring);
    }
}

static void on_written(struct pl_store_op *op, void *user)
{
    struct pl_talo_counts *counts = user;
    const struct pl_talo_op_channel_tally *tally = (const void *)op;
    if (op->rc == 0) {
        counts->wait_ms = PL_TALO_COUNTS_WRITE_MS;
    } else {
        pl_talo_log_failure(counts->talo, op);
        counts->wait_ms = counts->wait_ms * 2 < WAIT_MAX_MS ? counts->wait_ms * 2 : WAIT_MAX_MS;
    }
    for (size_t i = 0; i < tally->item_count; i++) {
        settle(counts, &tally->items[i], op->rc);
    }
    pl_store_op_free(op);
}

/* Some of the records, those that wait longest. */
static void write_some(struct pl_talo_counts *counts)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_tally_type, 0);
    struct pl_talo_op_channel_tally *tally = (void *)op;
    struct pl_talo_channel_tally *items = pl_arena_alloc(&op->arena, WRITE_MAX * sizeof(*items));
    struct pl_list *node = NULL;
    PL_ASSERT(items != NULL);
    while (tally->item_count < WRITE_MAX &&
           (node = pl_list_pop_front(&counts->unwritten)) != NULL) {
        struct record *record = PL_CONTAINER_OF(node, struct record, unwritten);
        record->is_being_written = true;
        items[tally->item_count++] =
            (struct pl_talo_channel_tally){record->channel_id, record->total};
    }
    tally->items = items;
    op->on_done = on_written;
    op->user = counts;
    pl_talo_submit(counts->talo, op);
}

void pl_talo_counts_flush(struct pl_talo_counts *counts)
{
    pl_timer_stop(pl_hub_timers(counts->talo->config.hub), &counts->timer);
    while (!pl_list_is_empty(&counts->unwritten)) {
        write_some(counts);
    }
}
