/* Acknowledgements that are waited for: found by id in a hash table, ended in the order of their
 * ids. Ids count up, so that they spread over the buckets by themselves. */
#include "client/sio_internal.h"

#include "base/alloc.h"

#define FIRST_BUCKETS 8

void pl_client_sio_acks_init(struct pl_client_sio_acks *acks)
{
    *acks = (struct pl_client_sio_acks){.buckets = NULL};
    pl_list_init(&acks->all);
}

static struct pl_client_sio_ack **bucket_of(const struct pl_client_sio_acks *acks, uint64_t id)
{
    return &acks->buckets[id & (acks->bucket_count - 1)];
}

/* Twice as many buckets. Without memory there are as many as before, unless there were none. */
static bool grow(struct pl_client_sio_acks *acks)
{
    size_t count = acks->bucket_count == 0 ? FIRST_BUCKETS : acks->bucket_count * 2;
    struct pl_client_sio_ack **grown = NULL;
    if (acks->count < acks->bucket_count) {
        return true;
    }
    grown = pl_try_alloc(count * sizeof(struct pl_client_sio_ack *));
    if (grown == NULL) {
        return acks->bucket_count > 0;
    }
    memset(grown, 0, count * sizeof(struct pl_client_sio_ack *));
    pl_free(acks->buckets);
    acks->buckets = grown;
    acks->bucket_count = count;
    PL_LIST_EACH(node, &acks->all)
    {
        struct pl_client_sio_ack *ack = PL_CONTAINER_OF(node, struct pl_client_sio_ack, node);
        struct pl_client_sio_ack **bucket = bucket_of(acks, ack->id);
        ack->next_in_bucket = *bucket;
        *bucket = ack;
    }
    return true;
}

/* Off the table, and freed. */
static void forget(struct parley_sio *sio, struct pl_client_sio_ack *ack)
{
    struct pl_client_sio_ack **at = bucket_of(&sio->acks, ack->id);
    while (*at != ack) {
        at = &(*at)->next_in_bucket;
    }
    *at = ack->next_in_bucket;
    pl_list_remove(&ack->node);
    sio->acks.count--;
    if (ack->has_timer) {
        pl_client_release_timer(sio->client, &ack->timer);
    }
    pl_free(ack);
}

void pl_client_sio_acks_fini(struct parley_sio *sio)
{
    while (!pl_list_is_empty(&sio->acks.all)) {
        forget(sio, PL_CONTAINER_OF(sio->acks.all.next, struct pl_client_sio_ack, node));
    }
    pl_free(sio->acks.buckets);
    sio->acks.buckets = NULL;
    sio->acks.bucket_count = 0;
}

static void on_due(struct pl_timer *timer)
{
    struct pl_client_sio_ack *ack = PL_CONTAINER_OF(timer, struct pl_client_sio_ack, timer);
    struct parley_sio *sio = ack->sio;
    if (ack->kept != NULL) { /* too late to send it */
        pl_client_sio_outbox_take(&sio->unsent, ack->kept);
        pl_client_sio_kept_destroy(ack->kept);
    }
    pl_client_sio_acks_end(sio, ack, PL_E_TIMEOUT, NULL);
}

struct pl_client_sio_ack *pl_client_sio_acks_add(struct parley_sio *sio,
                                                 const struct pl_client_sio_wait *wait)
{
    struct pl_client_sio_acks *acks = &sio->acks;
    struct pl_client_sio_ack *ack = grow(acks) ? pl_try_alloc(sizeof(*ack)) : NULL;
    struct pl_client_sio_ack **bucket = NULL;
    if (ack == NULL) {
        return NULL;
    }
    *ack = (struct pl_client_sio_ack){.sio = sio, .wait = *wait, .id = acks->next_id};
    if (wait->timeout_ms > 0) {
        if (pl_client_reserve_timer(sio->client) < 0) {
            pl_free(ack);
            return NULL;
        }
        ack->has_timer = true;
        ack->timer.on_due = on_due;
        pl_client_timer_set(sio->client, &ack->timer, wait->timeout_ms);
    }
    bucket = bucket_of(acks, ack->id);
    ack->next_in_bucket = *bucket;
    *bucket = ack;
    pl_list_push_back(&acks->all, &ack->node);
    acks->count++;
    acks->next_id++;
    return ack;
}

void pl_client_sio_acks_undo(struct parley_sio *sio, struct pl_client_sio_ack *ack)
{
    if (ack != NULL) {
        forget(sio, ack);
        sio->acks.next_id--;
    }
}

struct pl_client_sio_ack *pl_client_sio_acks_find(const struct pl_client_sio_acks *acks,
                                                  uint64_t id)
{
    struct pl_client_sio_ack *ack = acks->bucket_count == 0 ? NULL : *bucket_of(acks, id);
    while (ack != NULL && ack->id != id) {
        ack = ack->next_in_bucket;
    }
    return ack;
}

void pl_client_sio_acks_end(struct parley_sio *sio, struct pl_client_sio_ack *ack, int error,
                            const struct parley_args *args)
{
    struct pl_client_sio_wait wait = ack->wait;
    forget(sio, ack);
    pl_client_count_callback(sio->client);
    wait.on_ack(sio, error, args, wait.user);
}

void pl_client_sio_acks_close(struct parley_sio *sio)
{
    uint64_t end = sio->acks.next_id; /* what callbacks add is not meant */
    struct pl_list *node = sio->acks.all.next;
    while (!sio->is_destroyed && node != &sio->acks.all) {
        struct pl_client_sio_ack *ack = PL_CONTAINER_OF(node, struct pl_client_sio_ack, node);
        if (ack->id >= end) {
            return;
        }
        node = node->next;
        if (ack->kept == NULL) {
            pl_client_sio_acks_end(sio, ack, PL_E_CLOSED, NULL);
            node = sio->acks.all.next; /* callbacks may have ended others; kept ones are few */
        }
    }
}
