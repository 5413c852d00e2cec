/* Queue of frame references: two places inside, then chunks from a pool. */
#include "base/outq.h"

#include "base/alloc.h"

void pl_outq_pool_init(struct pl_outq_pool *pool, size_t spare_max)
{
    *pool = (struct pl_outq_pool){.spare_max = spare_max};
}

void pl_outq_pool_fini(struct pl_outq_pool *pool)
{
    while (pool->spare != NULL) {
        struct pl_outq_chunk *chunk = pool->spare;
        pool->spare = chunk->next;
        pl_free(chunk);
    }
    pool->spare_count = 0;
}

static struct pl_outq_chunk *take_chunk(struct pl_outq_pool *pool)
{
    struct pl_outq_chunk *chunk = pool->spare;
    if (chunk == NULL) {
        return pl_alloc(sizeof(*chunk));
    }
    pool->spare = chunk->next;
    pool->spare_count--;
    chunk->next = NULL;
    chunk->first = 0;
    chunk->end = 0;
    return chunk;
}

static void give_chunk(struct pl_outq_pool *pool, struct pl_outq_chunk *chunk)
{
    if (pool->spare_count >= pool->spare_max) {
        pl_free(chunk);
        return;
    }
    chunk->next = pool->spare;
    pool->spare = chunk;
    pool->spare_count++;
}

static void add_bytes(struct pl_outq *queue, struct pl_outq_pool *pool, size_t bytes)
{
    queue->bytes += bytes;
    PL_COUNTER_ADD(&pool->all_bytes, bytes);
}

static void take_bytes(struct pl_outq *queue, struct pl_outq_pool *pool, size_t bytes)
{
    queue->bytes -= bytes;
    PL_COUNTER_ADD(&pool->all_bytes, 0 - (uint64_t)bytes);
}

void pl_outq_push(struct pl_outq *queue, struct pl_outq_pool *pool, struct pl_frame *frame)
{
    queue->count++;
    add_bytes(queue, pool, frame->len);
    if (queue->head == NULL && queue->inside_count < PL_OUTQ_INSIDE) {
        queue->inside[queue->inside_count++] = frame;
        return;
    }
    if (queue->tail == NULL || queue->tail->end == PL_OUTQ_CHUNK) {
        struct pl_outq_chunk *chunk = take_chunk(pool);
        if (queue->tail == NULL) {
            queue->head = chunk;
        } else {
            queue->tail->next = chunk;
        }
        queue->tail = chunk;
    }
    queue->tail->frames[queue->tail->end++] = frame;
}

size_t pl_outq_peek(const struct pl_outq *queue, struct pl_frame **frames, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < queue->inside_count && count < max; i++) {
        frames[count++] = queue->inside[i];
    }
    for (struct pl_outq_chunk *chunk = queue->head; chunk != NULL; chunk = chunk->next) {
        for (uint32_t i = chunk->first; i < chunk->end && count < max; i++) {
            frames[count++] = chunk->frames[i];
        }
        if (count == max) {
            break;
        }
    }
    return count;
}

static struct pl_frame *first_frame(const struct pl_outq *queue)
{
    return queue->inside_count > 0 ? queue->inside[0] : queue->head->frames[queue->head->first];
}

/* Take the first frame off the structure; count and bytes are the caller's affair. */
static void remove_first(struct pl_outq *queue, struct pl_outq_pool *pool)
{
    if (queue->inside_count > 0) {
        queue->inside_count--;
        queue->inside[0] = queue->inside[1];
        queue->inside[1] = NULL;
        return;
    }
    struct pl_outq_chunk *chunk = queue->head;
    chunk->first++;
    if (chunk->first == chunk->end) {
        queue->head = chunk->next;
        if (queue->head == NULL) {
            queue->tail = NULL;
        }
        give_chunk(pool, chunk);
    }
}

size_t pl_outq_consume(struct pl_outq *queue, struct pl_outq_pool *pool, size_t bytes)
{
    size_t dropped = 0;
    PL_ASSERT(bytes <= queue->bytes);
    take_bytes(queue, pool, bytes);
    while (queue->count > 0) {
        struct pl_frame *frame = first_frame(queue);
        size_t left = frame->len - queue->sent_of_first;
        if (bytes < left) {
            break;
        }
        bytes -= left;
        queue->sent_of_first = 0;
        queue->count--;
        remove_first(queue, pool);
        pl_frame_unref_many(frame, 1);
        dropped++;
    }
    queue->sent_of_first += (uint32_t)bytes;
    return dropped;
}

struct pl_frame *pl_outq_pop(struct pl_outq *queue, struct pl_outq_pool *pool)
{
    struct pl_frame *frame = NULL;
    PL_ASSERT(queue->sent_of_first == 0);
    if (queue->count == 0) {
        return NULL;
    }
    frame = first_frame(queue);
    queue->count--;
    take_bytes(queue, pool, frame->len);
    remove_first(queue, pool);
    return frame;
}

void pl_outq_leave(const struct pl_outq *queue, struct pl_outq_pool *pool)
{
    PL_COUNTER_ADD(&pool->all_bytes, 0 - (uint64_t)queue->bytes);
}

void pl_outq_enter(const struct pl_outq *queue, struct pl_outq_pool *pool)
{
    PL_COUNTER_ADD(&pool->all_bytes, queue->bytes);
}

void pl_outq_clear(struct pl_outq *queue, struct pl_outq_pool *pool)
{
    pl_outq_consume(queue, pool, queue->bytes);
}
