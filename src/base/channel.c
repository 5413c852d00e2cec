/* The channel. Whoever changes is_asleep exchanges it, so that each sees all that came before the
 * one before: either the producer finds the consumer asleep, or the consumer, on its way there,
 * sees what was pushed. */
#include "base/channel.h"

#include "base/alloc.h"
#include "base/counter.h"

#include <string.h>

#define BACKLOG_KEPT_CELLS 1024 /* a longer list gives its memory back when it is empty */

void pl_channel_init(struct pl_channel *channel, const struct pl_channel_config *config)
{
    *channel = (struct pl_channel){.config = *config};
    pl_ring_init(&channel->ring, config->ring_cells, config->cell_bytes);
}

void pl_channel_fini(struct pl_channel *channel)
{
    PL_ASSERT(channel->ring.cells == NULL ||
              (channel->backlog_count == 0 && pl_ring_is_empty(&channel->ring)));
    pl_ring_fini(&channel->ring);
    pl_free(channel->backlog);
    *channel = (struct pl_channel){0};
}

/* --- the list --- */

static size_t place(const struct pl_channel *channel, size_t index)
{
    return (channel->backlog_first + index) % channel->backlog_cap;
}

static void *cell_at(const struct pl_channel *channel, size_t at)
{
    return channel->backlog + at * channel->config.cell_bytes;
}

static void grow(struct pl_channel *channel)
{
    size_t cell_bytes = channel->config.cell_bytes;
    size_t cap = channel->backlog_cap == 0 ? 64 : channel->backlog_cap * 2;
    uint8_t *cells = pl_alloc_array(cap, cell_bytes);
    for (size_t i = 0; i < channel->backlog_count; i++) {
        memcpy(cells + i * cell_bytes, cell_at(channel, place(channel, i)), cell_bytes);
    }
    pl_free(channel->backlog);
    channel->backlog = cells;
    channel->backlog_first = 0;
    channel->backlog_cap = cap;
}

static void keep(struct pl_channel *channel, const void *cell)
{
    if (channel->backlog_count == channel->backlog_cap) {
        grow(channel);
    }
    memcpy(cell_at(channel, place(channel, channel->backlog_count)), cell,
           channel->config.cell_bytes);
    channel->backlog_count++;
}

/* --- the producer's --- */

static void give_memory_back(struct pl_channel *channel)
{
    pl_free(channel->backlog);
    channel->backlog = NULL;
    channel->backlog_cap = 0;
    channel->backlog_first = 0;
}

bool pl_channel_settle(struct pl_channel *channel)
{
    while (channel->backlog_count > 0 &&
           pl_ring_push(&channel->ring, cell_at(channel, channel->backlog_first))) {
        channel->has_news = true;
        channel->backlog_first = place(channel, 1);
        channel->backlog_count--;
    }
    if (channel->backlog_count == 0 && channel->backlog_cap > BACKLOG_KEPT_CELLS) {
        give_memory_back(channel);
    }
    return channel->backlog_count == 0;
}

bool pl_channel_is_over(const struct pl_channel *channel)
{
    return pl_channel_bytes(channel) > channel->config.bytes_max;
}

size_t pl_channel_bytes(const struct pl_channel *channel)
{
    return channel->pushed_bytes - PL_COUNTER_GET(&channel->done_bytes);
}

void pl_channel_push(struct pl_channel *channel, const void *cell, size_t cost_bytes)
{
    channel->has_news = true;
    channel->pushed_bytes += channel->config.cell_bytes + cost_bytes;
    if (!pl_channel_settle(channel) || !pl_ring_push(&channel->ring, cell)) {
        keep(channel, cell);
    }
    if (pl_channel_is_over(channel)) {
        channel->config.on_over(channel->config.user);
    }
}

bool pl_channel_must_wake(struct pl_channel *channel)
{
    if (!channel->has_news) {
        return false;
    }
    channel->has_news = false;
    return atomic_exchange(&channel->is_asleep, false);
}

/* --- the consumer's --- */

void pl_channel_done(struct pl_channel *channel, size_t cost_bytes)
{
    PL_COUNTER_ADD(&channel->done_bytes, channel->config.cell_bytes + cost_bytes);
}

bool pl_channel_pop(struct pl_channel *channel, void *cell)
{
    return pl_ring_pop(&channel->ring, cell);
}

bool pl_channel_sleep(struct pl_channel *channel)
{
    atomic_exchange(&channel->is_asleep, true);
    return pl_ring_is_empty(&channel->ring);
}

void pl_channel_awake(struct pl_channel *channel)
{
    atomic_exchange(&channel->is_asleep, false);
}
