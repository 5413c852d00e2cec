/* The old server before and after it tells: newcomers are held, those who are coming in finish;
 * then nothing is sent any more, and everybody leaves. */
#include "dialect/socketio/conn.h"
#include "dialect/socketio/eio_raw.h"
#include "dialect/socketio/engine.h"
#include "dialect/socketio/io.h"
#include "dialect/socketio/socketio.h"

/* --- standing still --- */

void pl_sio_hold(struct parley_io *io)
{
    if (io->engine != NULL) {
        pl_eio_engine_hold(io->engine);
    }
}

void pl_sio_release(struct parley_io *io)
{
    if (io->engine != NULL) {
        pl_eio_engine_release(io->engine);
    }
}

struct look {
    int64_t since_us;
    bool is_settled;
};

static void look_at(void *user, struct pl_eio_session *session)
{
    struct look *look = user;
    const struct pl_sio_conn *conn = pl_eio_session_user(session);
    bool is_young = pl_eio_session_opened_unix_us(session) >= look->since_us;
    bool is_in = conn == NULL || (conn->has_joined && !pl_eio_session_waits_for_poll(session));
    if (conn != NULL && (conn->joining_count > 0 || (is_young && !is_in))) {
        look->is_settled = false;
    }
}

bool pl_sio_is_settled(const struct parley_io *io, int64_t since_us)
{
    struct look look = {since_us, true};
    if (io->engine != NULL) {
        pl_eio_engine_each(io->engine, look_at, &look);
    }
    return look.is_settled;
}

void pl_sio_mute(struct parley_io *io)
{
    io->is_mute = true;
}

static void depart_engine(struct pl_eio_engine *engine, void *user)
{
    (void)user;
    pl_eio_engine_depart(engine);
}

void pl_sio_depart(struct parley_io *io)
{
    if (io->engine != NULL) {
        pl_eio_engine_depart(io->engine);
    }
    pl_eio_raw_each_engine(io, depart_engine, NULL);
    pl_sio_shutdown(io);
}
