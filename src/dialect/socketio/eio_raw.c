/* Raw Engine.IO for applications: messages without Socket.IO on top. A struct parley_eio is a
 * session. */
#include "dialect/socketio/eio_raw.h"

#include "base/alloc.h"
#include "dialect/socketio/disconnect.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"

struct pl_eio_raw {
    struct pl_eio_raw *next;
    struct pl_eio_engine *engine;
    struct parley_eio_hooks hooks;
    void *user;
};

static struct pl_eio_session *session_of(struct parley_eio *connection)
{
    return (struct pl_eio_session *)connection;
}

static void on_open(void *user, struct pl_eio_session *session)
{
    const struct pl_eio_raw *raw = user;
    if (raw->hooks.on_open != NULL) {
        raw->hooks.on_open((struct parley_eio *)session, raw->user);
    }
}

static void on_message(void *user, struct pl_eio_session *session, bool is_text,
                       struct pl_span bytes)
{
    const struct pl_eio_raw *raw = user;
    raw->hooks.on_message((struct parley_eio *)session, is_text, bytes.ptr, bytes.len, raw->user);
}

static void on_close(void *user, struct pl_eio_session *session, enum pl_eio_reason reason)
{
    const struct pl_eio_raw *raw = user;
    if (raw->hooks.on_close != NULL) {
        raw->hooks.on_close((struct parley_eio *)session, pl_sio_reason_of(reason), raw->user);
    }
}

int parley_eio_serve(struct parley_io *io, const char *path, const struct parley_eio_hooks *hooks,
                     void *user)
{
    struct pl_eio_raw *raw = NULL;
    struct pl_eio_config config = io->config.eio;
    struct pl_eio_handler handler = {
        .on_open = on_open, .on_message = on_message, .on_close = on_close};
    struct pl_error err = {0};
    int rc = 0;
    if (hooks == NULL || hooks->on_message == NULL) {
        return PL_E_INVALID;
    }
    raw = pl_alloc(sizeof(*raw));
    handler.user = raw;
    *raw = (struct pl_eio_raw){.next = io->raw, .hooks = *hooks, .user = user};
    if (path != NULL) {
        config.path = pl_str_of_cstr(path);
    }
    rc = pl_eio_engine_create(&raw->engine, io->params.web, io->hub, &config, &handler, &err);
    if (rc < 0) {
        pl_log(io->params.log, PL_LOG_ERROR, "engineio.path", "reason=\"%s\"", err.text);
        pl_free(raw);
        return rc;
    }
    io->raw = raw;
    io->has_raw_path = io->has_raw_path || path == NULL;
    return 0;
}

int parley_eio_on_message(struct parley_io *io, const char *path,
                          void (*fn)(struct parley_eio *connection, bool is_text, const void *bytes,
                                     size_t len, void *user),
                          void *user)
{
    return parley_eio_serve(io, path, &(struct parley_eio_hooks){.on_message = fn}, user);
}

int parley_eio_send(struct parley_eio *connection, bool is_text, const void *bytes, size_t len)
{
    struct pl_eio_session *session = session_of(connection);
    struct pl_session *hub = pl_eio_session_hub(session);
    struct pl_str message = pl_str_make(bytes, len);
    struct pl_frame *frame = NULL;
    enum pl_encoding encoding = PL_ENCODING_EIO4_WS;
    uint8_t wanted = 0;
    if (!pl_eio_session_is_open(session)) {
        return PARLEY_E_CLOSED;
    }
    wanted = pl_session_encoding(hub);
    encoding = pl_encoding_plain(wanted);
    frame = is_text ? pl_eio_frame_create(encoding, message, NULL, 0)
                    : pl_eio_frame_create_binary(encoding, message);
    frame =
        pl_eio_frame_pack(pl_eio_engine_compression(pl_eio_session_engine(session)), wanted, frame);
    if (frame == NULL) {
        return PARLEY_E_NOMEM;
    }
    pl_session_send(hub, frame, 0);
    return 0;
}

void parley_eio_close(struct parley_eio *connection)
{
    pl_eio_session_close(session_of(connection));
}

void parley_eio_set_user(struct parley_eio *connection, void *user)
{
    pl_eio_session_set_user(session_of(connection), user);
}

void *parley_eio_user(const struct parley_eio *connection)
{
    return pl_eio_session_user((const struct pl_eio_session *)connection);
}

void pl_eio_raw_configure(struct parley_io *io)
{
    for (struct pl_eio_raw *raw = io->raw; raw != NULL; raw = raw->next) {
        pl_eio_engine_configure(raw->engine, &io->config.eio);
    }
}

void pl_eio_raw_each_engine(struct parley_io *io,
                            void (*visit)(struct pl_eio_engine *engine, void *user), void *user)
{
    for (struct pl_eio_raw *raw = io->raw; raw != NULL; raw = raw->next) {
        visit(raw->engine, user);
    }
}

void pl_eio_raw_shutdown(struct parley_io *io)
{
    for (struct pl_eio_raw *raw = io->raw; raw != NULL; raw = raw->next) {
        pl_eio_engine_shutdown(raw->engine);
    }
}

void pl_eio_raw_destroy(struct parley_io *io)
{
    while (io->raw != NULL) {
        struct pl_eio_raw *raw = io->raw;
        io->raw = raw->next;
        pl_eio_engine_destroy(raw->engine);
        pl_free(raw);
    }
}
