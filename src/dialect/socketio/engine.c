/* An Engine.IO engine: one path of the web server, its sessions, its shutdown. */
#include "dialect/socketio/engine.h"

#include "dialect/socketio/eio_internal.h"

#define PATH_MAX_BYTES 65536

static int copy_path(struct pl_eio_engine *engine, struct pl_error *err)
{
    struct pl_str *path = &engine->config.path;
    pl_arena_init(&engine->arena, PATH_MAX_BYTES);
    if (!pl_arena_copy(path, &engine->arena, *path)) {
        return pl_error_set(err, PL_E_TOO_BIG, "the Engine.IO path is too long");
    }
    if (path->len > 1 && pl_str_ends_with(*path, PL_STR("/"))) {
        path->len--;
    }
    return 0;
}

static int add_route(struct pl_eio_engine *engine, struct pl_error *err)
{
    return pl_web_route_add(engine->web,
                            &(struct pl_route){
                                .path = engine->config.path,
                                .match = PL_ROUTE_PREFIX,
                                .owner = "socketio",
                                .body_limit_bytes = engine->config.max_http_buffer_size,
                                .cors = engine->config.cors,
                                .user = engine,
                                .on_foreign = pl_eio_on_foreign,
                                .on_head = pl_eio_polling_on_head,
                                .on_request = pl_eio_on_request,
                                .on_upgrade = pl_eio_on_upgrade,
                            },
                            err);
}

int pl_eio_engine_create(struct pl_eio_engine **out, struct pl_web *web, struct pl_hub *hub,
                         const struct pl_eio_config *config, const struct pl_eio_handler *handler,
                         struct pl_error *err)
{
    struct pl_eio_engine *engine = pl_alloc(sizeof(*engine));
    int rc = 0;
    pl_hub_random(hub, engine->hash_key, sizeof(engine->hash_key));
    engine->packer = pl_http_head_packer_create();
    pl_list_init(&engine->sessions);
    engine->web = web;
    engine->hub = hub;
    engine->conns = pl_web_conns(web);
    engine->config = *config;
    engine->handler = *handler;
    for (enum pl_encoding encoding = 0; encoding < PL_EIO_ENCODINGS; encoding++) {
        engine->heartbeat[encoding] =
            pl_eio_frame_create_packet(encoding, pl_eio_revision_of_encoding(encoding)->heartbeat);
        rc = engine->heartbeat[encoding] == NULL ? PL_E_NOMEM : rc;
    }
    rc = rc < 0 ? pl_error_set(err, rc, "out of memory") : copy_path(engine, err);
    if (rc == 0) {
        rc = add_route(engine, err);
    }
    if (rc < 0) {
        pl_eio_engine_destroy(engine);
        return rc;
    }
    *out = engine;
    return 0;
}

void pl_eio_engine_configure(struct pl_eio_engine *engine, const struct pl_eio_config *config)
{
    struct pl_eio_config former = engine->config;
    engine->config = *config;
    engine->config.path = former.path;
    engine->config.has_trailing_slash = former.has_trailing_slash;
    engine->config.max_http_buffer_size = former.max_http_buffer_size;
    engine->config.allows_polling = former.allows_polling;
    engine->config.allows_websocket = former.allows_websocket;
    engine->config.allows_revision_3 = former.allows_revision_3;
    engine->config.cors = former.cors;
    engine->config.compression = former.compression;
}

void pl_eio_engine_destroy(struct pl_eio_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    PL_ASSERT(engine->session_count == 0);
    for (size_t i = 0; i < PL_EIO_ENCODINGS; i++) {
        pl_frame_unref(&engine->heartbeat[i]);
    }
    pl_eio_departed_forget(engine);
    pl_table_fini(&engine->by_sid);
    pl_http_head_packer_destroy(engine->packer);
    pl_arena_fini(&engine->arena);
    pl_free(engine);
}

void pl_eio_engine_shutdown(struct pl_eio_engine *engine)
{
    engine->is_shut_down = true;
    while (!pl_list_is_empty(&engine->sessions)) {
        pl_eio_session_end(PL_CONTAINER_OF(engine->sessions.next, struct pl_eio_session, in_engine),
                           PL_EIO_SERVER_SHUTDOWN);
    }
}

void pl_eio_engine_hold(struct pl_eio_engine *engine)
{
    engine->holds_newcomers = true;
}

void pl_eio_engine_release(struct pl_eio_engine *engine)
{
    engine->holds_newcomers = false;
}

void pl_eio_engine_depart(struct pl_eio_engine *engine)
{
    engine->is_departing = true;
}

struct pl_str pl_eio_engine_path(const struct pl_eio_engine *engine)
{
    return engine->config.path;
}

void pl_eio_engine_each(const struct pl_eio_engine *engine,
                        void (*visit)(void *user, struct pl_eio_session *session), void *user)
{
    for (struct pl_list *node = engine->sessions.next; node != &engine->sessions;
         node = node->next) {
        visit(user, PL_CONTAINER_OF(node, struct pl_eio_session, in_engine));
    }
}

struct pl_eio_session *pl_eio_engine_find(const struct pl_eio_engine *engine, struct pl_str sid)
{
    struct pl_table_link *link =
        pl_table_first(&engine->by_sid, pl_siphash(engine->hash_key, sid.ptr, sid.len));
    while (link != NULL) {
        struct pl_eio_session *session = PL_CONTAINER_OF(link, struct pl_eio_session, by_sid);
        if (pl_str_eq(pl_eio_session_sid(session), sid)) {
            return session;
        }
        link = pl_table_next(link);
    }
    return NULL;
}

size_t pl_eio_engine_session_count(const struct pl_eio_engine *engine)
{
    return engine->session_count;
}

struct pl_ws_compression *pl_eio_engine_compression(const struct pl_eio_engine *engine)
{
    return engine->config.compression;
}
