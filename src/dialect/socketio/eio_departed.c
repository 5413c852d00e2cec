/* Sessions on long-polling whose process has handed over to this one. Their clients still poll and
 * post: an error would look to them like a failed connection. */
#include "dialect/socketio/eio_internal.h"

#include "base/map.h"

struct pl_eio_departed {
    struct pl_map sids; /* to the engine, which stands for "yes" */
    struct pl_timer forget;
    struct pl_eio_engine *engine;
};

static void on_forget(struct pl_timer *timer)
{
    pl_eio_departed_forget(PL_CONTAINER_OF(timer, struct pl_eio_departed, forget)->engine);
}

void pl_eio_departed_forget(struct pl_eio_engine *engine)
{
    struct pl_eio_departed *departed = engine->departed;
    if (departed != NULL) {
        engine->departed = NULL;
        pl_timer_stop(pl_hub_timers(engine->hub), &departed->forget);
        pl_map_fini(&departed->sids);
        pl_free(departed);
    }
}

static void create(struct pl_eio_engine *engine)
{
    struct pl_eio_departed *departed = pl_alloc(sizeof(*departed));
    int64_t silence_ms = engine->config.ping_interval_ms + (int64_t)engine->config.ping_timeout_ms;
    departed->engine = engine;
    departed->forget.on_due = on_forget;
    pl_map_init(&departed->sids, engine->hash_key);
    pl_timer_set(pl_hub_timers(engine->hub), &departed->forget,
                 pl_hub_now_ms(engine->hub) + silence_ms);
    engine->departed = departed;
}

void pl_eio_engine_note_departed(struct pl_eio_engine *engine, struct pl_str sid)
{
    if (engine->departed == NULL) {
        create(engine);
    }
    if (sid.len <= PL_EIO_SID_MAX && engine->departed->sids.count < PL_EIO_DEPARTED_MAX) {
        pl_map_put(&engine->departed->sids, sid, engine);
    }
}

bool pl_eio_departed_answer(struct pl_eio_engine *engine, struct pl_web_request *request,
                            const struct pl_eio_query *query)
{
    enum pl_http_method method = pl_web_request_head(request)->method;
    if (engine->departed == NULL || query->transport != PL_EIO_TRANSPORT_POLLING ||
        pl_map_find(&engine->departed->sids, query->sid) == NULL) {
        return false;
    }
    if (method == PL_HTTP_GET) {
        pl_eio_answer_departed(engine, request, query);
    } else if (method == PL_HTTP_POST) {
        pl_eio_answer_ok(engine, request);
    } else {
        return false;
    }
    return true;
}
