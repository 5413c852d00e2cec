/* The Socket.IO server as a whole: creation, the engine below it, shutdown. */
#include "dialect/socketio/io.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "dialect/socketio/broadcast_ack.h"
#include "dialect/socketio/conn.h"
#include "dialect/socketio/eio_raw.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/handlers.h"
#include "dialect/socketio/namespace.h"
#include "dialect/socketio/next.h"
#include "value/wire.h"

#define PURGE_INTERVAL_MS 60000 /* of what recovery keeps (spec 3.8) */

static void purge_store(struct pl_sio_ns *ns, int64_t now_ms)
{
    if (ns->store != NULL) {
        pl_sio_store_purge(ns->store, now_ms);
    }
}

static void on_purge(struct pl_timer *timer)
{
    struct parley_io *io = PL_CONTAINER_OF(timer, struct parley_io, purge);
    int64_t now_ms = pl_hub_now_ms(io->hub);
    PL_LIST_EACH(node, &io->namespaces)
    {
        struct pl_sio_ns *ns = PL_CONTAINER_OF(node, struct pl_sio_ns, in_io);
        purge_store(ns, now_ms);
        pl_sio_ns_tidy(ns);
    }
    pl_timer_set(pl_sio_timers(io), timer, now_ms + PURGE_INTERVAL_MS);
}

static void on_closed(struct pl_timer *timer)
{
    struct parley_io *io = PL_CONTAINER_OF(timer, struct parley_io, closed);
    void (*fn)(void *) = io->on_closed;
    io->on_closed = NULL;
    if (fn != NULL) {
        fn(io->on_closed_user);
    }
}

static void set_limits(struct parley_io *io)
{
    io->limits = (struct pl_sio_limits){PL_SIO_ROLE_SERVER, io->config.attachments_max,
                                        io->config.eio.max_http_buffer_size};
}

int pl_sio_create(struct parley_io **out, const struct pl_sio_params *params, struct pl_error *err)
{
    struct parley_io *io = pl_alloc(sizeof(*io));
    uint8_t map_key[16];
    io->params = *params;
    io->config = *params->config;
    io->params.config = &io->config;
    io->hub = params->hub;
    set_limits(io);
    io->empty_object = parley_val_new_object();
    if (io->empty_object == NULL) {
        pl_free(io);
        return pl_error_set(err, PL_E_NOMEM, "out of memory");
    }
    pl_hub_random(io->hub, io->hash_key, sizeof(io->hash_key));
    pl_hub_random(io->hub, map_key, sizeof(map_key));
    pl_map_init(&io->by_name, map_key);
    pl_list_init(&io->namespaces);
    pl_list_init(&io->parents);
    pl_list_init(&io->nexts);
    io->error_limit = (struct pl_log_limit){.period_ms = 10000, .burst = 10};
    io->emit_limit = io->error_limit;
    io->purge.on_due = on_purge;
    io->closed.on_due = on_closed;
    if (io->config.recovery.is_enabled) {
        pl_timer_set(pl_sio_timers(io), &io->purge, pl_hub_now_ms(io->hub) + PURGE_INTERVAL_MS);
    }
    *out = io;
    return 0;
}

int pl_sio_start(struct parley_io *io, struct pl_error *err)
{
    struct pl_eio_handler handler = {
        .on_open = pl_sio_conn_open,
        .on_message = pl_sio_conn_message,
        .on_close = pl_sio_conn_closed,
        .on_upgrade = pl_sio_conn_upgraded,
        .user = io,
    };
    if (io->has_raw_path) {
        return 0;
    }
    pl_sio_hooks_fill(&handler, io);
    return pl_eio_engine_create(&io->engine, io->params.web, io->hub, &io->config.eio, &handler,
                                err);
}

void pl_sio_configure(struct parley_io *io, const struct pl_sio_config *config)
{
    struct pl_sio_config former = io->config;
    io->config = *config;
    io->config.parser = former.parser;
    io->config.recovery.is_enabled = former.recovery.is_enabled;
    io->config.eio.max_http_buffer_size = former.eio.max_http_buffer_size;
    io->config.eio.cors = former.eio.cors;
    io->config.eio.compression = former.eio.compression;
    set_limits(io);
    if (io->engine != NULL) {
        pl_eio_engine_configure(io->engine, &io->config.eio);
    }
    pl_eio_raw_configure(io);
    PL_LIST_EACH(node, &io->namespaces)
    {
        pl_sio_ns_configure(PL_CONTAINER_OF(node, struct pl_sio_ns, in_io));
    }
}

void pl_sio_make_id(struct parley_io *io, char out[PL_SIO_ID_LEN + 1])
{
    uint8_t random[PL_SIO_ID_LEN / 4 * 3];
    pl_hub_random(io->hub, random, sizeof(random));
    pl_base64url_encode(out, random, sizeof(random));
    out[PL_SIO_ID_LEN] = '\0';
}

const struct pl_sio_params *pl_sio_params(const struct parley_io *io)
{
    return &io->params;
}

const char *pl_sio_stream_kind(uint8_t kind)
{
    if (kind == PL_STREAM_SIO_NAMESPACE) {
        return "namespace";
    }
    return kind == PL_STREAM_SIO_ROOM ? "room" : NULL;
}

/* What still waits for answers ends now, while the application is there; a callback may delete
 * namespaces. */
static void end_broadcasts(struct parley_io *io)
{
    struct pl_list *node = io->namespaces.next;
    while (node != &io->namespaces) {
        struct pl_sio_ns *ns = PL_CONTAINER_OF(node, struct pl_sio_ns, in_io);
        bool has_any = !pl_list_is_empty(&ns->broadcasts);
        if (has_any) {
            pl_sio_broadcasts_close(pl_sio_ns_ref(ns));
            pl_sio_ns_unref(ns);
        }
        node = has_any ? io->namespaces.next : node->next;
    }
}

void pl_sio_shutdown(struct parley_io *io)
{
    if (io->engine != NULL) {
        pl_eio_engine_shutdown(io->engine);
    }
    pl_eio_raw_shutdown(io);
    end_broadcasts(io);
}

void parley_io_close(struct parley_io *io, void (*fn)(void *user), void *user)
{
    io->on_closed = fn;
    io->on_closed_user = user;
    pl_sio_shutdown(io);
    pl_timer_set(pl_sio_timers(io), &io->closed, pl_hub_now_ms(io->hub));
}

void pl_sio_destroy(struct parley_io *io)
{
    if (io == NULL) {
        return;
    }
    pl_timer_stop(pl_sio_timers(io), &io->purge);
    pl_timer_stop(pl_sio_timers(io), &io->closed);
    pl_sio_nexts_drop(io);
    pl_sio_namespaces_fini(io);
    pl_eio_engine_destroy(io->engine);
    pl_eio_raw_destroy(io);
    pl_sio_hooks_fini(io);
    parley_val_unref(io->empty_object);
    pl_map_fini(&io->by_name);
    pl_buf_fini(&io->args);
    pl_buf_fini(&io->packet);
    pl_buf_fini(&io->packed);
    pl_bin_list_fini(&io->bins);
    pl_free(io->slices);
    pl_free(io);
}
