/* The hub itself: its clocks, its figures, and the start and end of everything in it. */
#include "hub/hub.h"

#include "base/alloc.h"
#include "hub/hub_internal.h"

#define INBOUND_MESSAGES_DEFAULT 64
#define INBOUND_BYTES_DEFAULT (256 * 1024)
#define STREAMS_PER_SESSION_DEFAULT 10000

static int check_config(const struct pl_hub_config *config, struct pl_error *err)
{
    const struct pl_port_impl *port = config->port_impl;
    const struct pl_env *env = &config->env;
    if (env->now_ms == NULL || env->unix_us == NULL || env->random == NULL) {
        return pl_error_set(err, PL_E_INVALID, "the hub's environment is not complete");
    }
    if (port == NULL || port->send == NULL || port->publish == NULL || port->subscribe == NULL ||
        port->unsubscribe == NULL || port->pause == NULL || port->resume == NULL ||
        port->close == NULL) {
        return pl_error_set(err, PL_E_INVALID, "the hub's port is not complete");
    }
    if (config->timers == NULL) {
        return pl_error_set(err, PL_E_INVALID, "the hub has no timers");
    }
    return 0;
}

static size_t or_default(size_t value, size_t value_default)
{
    return value == 0 ? value_default : value;
}

static void set_inbound_max(struct pl_hub *hub, size_t messages, size_t bytes)
{
    hub->config.inbound_messages_max = or_default(messages, INBOUND_MESSAGES_DEFAULT);
    hub->config.inbound_bytes_max = or_default(bytes, INBOUND_BYTES_DEFAULT);
}

int pl_hub_create(struct pl_hub **out, const struct pl_hub_config *config, struct pl_error *err)
{
    struct pl_hub *hub = NULL;
    int rc = check_config(config, err);
    if (rc < 0) {
        return rc;
    }
    hub = pl_alloc(sizeof(*hub));
    hub->config = *config;
    set_inbound_max(hub, config->inbound_messages_max, config->inbound_bytes_max);
    hub->config.streams_per_session_max =
        or_default(config->streams_per_session_max, STREAMS_PER_SESSION_DEFAULT);
    hub->thread = pthread_self();
    pl_hub_random(hub, hub->hash_key, sizeof(hub->hash_key));
    pl_hub_turn_begin(hub);
    *out = hub;
    return 0;
}

void pl_hub_set_inbound_max(struct pl_hub *hub, size_t messages, size_t bytes)
{
    pl_hub_assert_thread(hub);
    set_inbound_max(hub, messages, bytes);
}

void pl_hub_destroy(struct pl_hub *hub)
{
    if (hub == NULL) {
        return;
    }
    pl_hub_assert_thread(hub);
    PL_ASSERT(hub->stats.session_count == 0);
    pl_sessions_fini(hub);
    PL_ASSERT(hub->members.count == 0 && hub->streams.count == 0);
    pl_table_fini(&hub->members);
    pl_streams_fini(hub);
    pl_publish_fini(hub);
    pl_free(hub);
}

void pl_hub_assert_thread(const struct pl_hub *hub)
{
    PL_ASSERT(pthread_equal(hub->thread, pthread_self()));
}

void pl_hub_turn_begin(struct pl_hub *hub)
{
    pl_hub_assert_thread(hub);
    hub->now_ms = hub->config.env.now_ms(hub->config.env.user);
    hub->unix_us = hub->config.env.unix_us(hub->config.env.user);
    pl_sessions_free_closed(hub);
}

int64_t pl_hub_now_ms(const struct pl_hub *hub)
{
    return hub->now_ms;
}

int64_t pl_hub_stamp_us(struct pl_hub *hub)
{
    pl_hub_assert_thread(hub);
    hub->last_stamp_us = hub->unix_us > hub->last_stamp_us ? hub->unix_us : hub->last_stamp_us + 1;
    return hub->last_stamp_us;
}

void pl_hub_stamp_raise(struct pl_hub *hub, int64_t stamp_us)
{
    pl_hub_assert_thread(hub);
    hub->last_stamp_us = pl_i64_max(hub->last_stamp_us, stamp_us);
}

void pl_hub_random(struct pl_hub *hub, void *out, size_t size)
{
    pl_hub_assert_thread(hub);
    hub->config.env.random(hub->config.env.user, out, size);
}

struct pl_timers *pl_hub_timers(struct pl_hub *hub)
{
    pl_hub_assert_thread(hub);
    return hub->config.timers;
}

struct pl_hub_stats pl_hub_stats(const struct pl_hub *hub)
{
    pl_hub_assert_thread(hub);
    return hub->stats;
}
