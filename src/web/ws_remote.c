/* Handles of WebSockets that live on I/O threads. A connection moves in two steps, since its last
 * HTTP request is still being handled: what can be sent goes along at once (so that all that the hub
 * sends afterwards finds it there), what the client sent behind its request follows at the end of
 * the turn, and reading begins with it. */
#include "web/ws_remote.h"

#include "base/alloc.h"
#include "base/blob.h"
#include "codec/ws_close.h"
#include "io/threads.h"
#include "web/ws_conn.h"

enum event_kind {
    EVENT_MESSAGE, /* detail: whether it is text */
    EVENT_PING,
    EVENT_PONG,
    EVENT_LEAVING, /* as CLOSED; the hub answers when it has handled what came before */
    EVENT_CLOSED,  /* code; bytes: the reason; detail: enum pl_conn_end */
};

/* Here. */
struct remote_ws {
    struct pl_ws ws; /* the first member */
    struct pl_deferred start;
    struct pl_deferred free;
    struct pl_conn *moved_from;     /* before the start */
    struct pl_conn_away away;       /* since then */
    struct remote_end *end_to_come; /* before it has moved */
};

/* There. */
struct remote_end {
    struct pl_ws_conn end; /* the first member */
    struct pl_io_thread *thread;
    struct pl_ws_leaving leaving; /* while the hub is asked */
    struct pl_blob *reason;       /* its text */
};

/* The handles of one thread, by place of their sinks. */
struct handles {
    struct remote_ws **rows;
    uint32_t cap;
};

struct pl_ws_remotes {
    struct pl_web *web;
    struct pl_io_threads *threads;
    struct handles handles[PL_SINK_THREADS_MAX];
};

static struct remote_ws *remote_of(struct pl_ws *ws)
{
    return PL_CONTAINER_OF(ws, struct remote_ws, ws);
}

/* --- there --- */

static struct remote_end *end_of(struct pl_ws_conn *end)
{
    return PL_CONTAINER_OF(end, struct remote_end, end);
}

static void tell(struct pl_ws_conn *end, struct pl_io_event event)
{
    event.sink = end->conn->sink.id;
    pl_io_thread_tell(end_of(end)->thread, &event);
}

static void on_message(struct pl_ws_conn *end, bool is_text, struct pl_span bytes)
{
    struct pl_blob *copy = pl_blob_copy(pl_str_of_span(bytes));
    if (copy == NULL) {
        pl_ws_conn_fail(end);
        return;
    }
    tell(end, (struct pl_io_event){.kind = EVENT_MESSAGE, .detail = is_text, .bytes = copy});
}

/* A control frame; without memory it is as if it had been lost: nobody's message is. */
static void tell_control(struct pl_ws_conn *end, enum event_kind kind, struct pl_str payload)
{
    struct pl_blob *copy = pl_blob_copy(payload);
    if (copy != NULL) {
        tell(end, (struct pl_io_event){.kind = (uint8_t)kind, .bytes = copy});
    }
}

static void on_ping(struct pl_ws_conn *end, struct pl_str payload)
{
    tell_control(end, EVENT_PING, payload);
}

static void on_pong(struct pl_ws_conn *end, struct pl_span payload)
{
    tell_control(end, EVENT_PONG, pl_str_of_span(payload));
}

static void tell_end(struct pl_ws_conn *end, enum event_kind kind, uint16_t code,
                     struct pl_str reason, enum pl_conn_end how)
{
    tell(end, (struct pl_io_event){.kind = (uint8_t)kind,
                                   .code = code,
                                   .detail = (uint8_t)how,
                                   .bytes = reason.len == 0 ? NULL : pl_blob_copy(reason)});
}

static void on_leaving(struct pl_ws_conn *end, const struct pl_ws_leaving *leaving)
{
    struct remote_end *self = end_of(end);
    self->leaving = *leaving;
    self->reason = leaving->reason.len == 0 ? NULL : pl_blob_copy(leaving->reason);
    self->leaving.reason = self->reason == NULL ? PL_STR("") : pl_blob_str(self->reason);
    tell_end(end, EVENT_LEAVING, leaving->code, leaving->reason, leaving->end);
}

static void on_closed(struct pl_ws_conn *end, uint16_t code, struct pl_str reason,
                      enum pl_conn_end how)
{
    tell_end(end, EVENT_CLOSED, code, reason, how);
}

static void free_end(struct pl_ws_conn *end)
{
    pl_blob_unref(&end_of(end)->reason);
    pl_free(end_of(end));
}

static const struct pl_ws_conn_owner remote_owner = {
    .on_message = on_message,
    .on_ping = on_ping,
    .on_pong = on_pong,
    .on_leaving = on_leaving,
    .on_closed = on_closed,
    .free = free_end,
};

static void run_attach(void *thread, struct pl_sink_id sink, void *arg)
{
    struct pl_conn *conn = arg;
    struct remote_end *end = conn->protocol_data;
    end->thread = thread;
    end->end.loop = pl_io_thread_user(thread);
    pl_conn_adopt(conn, pl_io_thread_conns(thread), sink);
}

/* NULL when it is gone. */
static struct pl_conn *find_conn(struct pl_io_thread *thread, struct pl_sink_id sink)
{
    struct pl_sink *found = pl_fanout_find(pl_io_thread_conns(thread)->fanout, sink);
    return found == NULL ? NULL : pl_conn_of_sink(found);
}

static void run_begin(void *thread, struct pl_sink_id sink, void *arg)
{
    pl_conn_begin(find_conn(thread, sink), arg);
}

static void run_abort(void *thread, struct pl_sink_id sink, void *arg)
{
    struct pl_conn *conn = find_conn(thread, sink);
    (void)arg;
    if (conn != NULL) {
        pl_conn_close(conn, PL_CONN_END_LOCAL);
    }
}

static void run_leave(void *thread, struct pl_sink_id sink, void *arg)
{
    struct pl_conn *conn = find_conn(thread, sink);
    (void)arg;
    if (conn != NULL && conn->state == PL_CONN_OPEN) {
        struct pl_ws_conn *end = conn->protocol_data;
        pl_ws_conn_leave(end, &end_of(end)->leaving);
    }
}

static void run_fail(void *thread, struct pl_sink_id sink, void *arg)
{
    struct pl_conn *conn = find_conn(thread, sink);
    (void)arg;
    if (conn != NULL && conn->state == PL_CONN_OPEN) {
        pl_ws_conn_fail(conn->protocol_data);
    }
}

static const struct pl_fanout_call attach_call = {.run = run_attach};
static const struct pl_fanout_call begin_call = {.run = run_begin};
static const struct pl_fanout_call abort_call = {.run = run_abort};
static const struct pl_fanout_call leave_call = {.run = run_leave};
static const struct pl_fanout_call fail_call = {.run = run_fail};

static void run_set_timeouts(void *thread, struct pl_sink_id sink, void *arg)
{
    struct pl_ws_loop *loop = pl_io_thread_user(thread);
    (void)sink;
    loop->timeouts = *(struct pl_ws_timeouts *)arg;
    pl_free(arg);
}

void pl_ws_remotes_set_timeouts(struct pl_ws_remotes *remotes,
                                const struct pl_ws_timeouts *timeouts)
{
    static const struct pl_fanout_call call = {.run = run_set_timeouts};
    pl_io_threads_call_all(remotes->threads, &call, timeouts, sizeof(*timeouts));
}

static void *make_loop(void *user, struct pl_conn_set *conns)
{
    const struct pl_ws_remotes *remotes = user;
    struct pl_ws_loop *loop = pl_alloc(sizeof(*loop));
    pl_ws_loop_init(loop, conns, remotes->web->log);
    loop->timeouts = remotes->web->ws_loop.timeouts;
    return loop;
}

static void free_loop(void *loop)
{
    pl_ws_loop_fini(loop);
    pl_free(loop);
}

/* --- here: commands --- */

static struct pl_io_threads *threads_of(const struct pl_ws *ws)
{
    return ws->web->remotes->threads;
}

static void push_call(const struct pl_ws *ws, const struct pl_fanout_call *call, void *arg)
{
    struct pl_fanout_command command = {
        .kind = PL_FANOUT_CALL, .sink = ws->sink, .arg = arg, .call = call};
    pl_io_threads_push(threads_of(ws), &command);
}

/* --- here: events --- */

static struct remote_ws **row_of(struct pl_ws_remotes *remotes, struct pl_sink_id sink)
{
    struct handles *handles = &remotes->handles[pl_sink_id_thread(sink)];
    uint32_t place = pl_sink_id_place(sink);
    if (place >= handles->cap) {
        uint32_t cap = handles->cap == 0 ? 64 : handles->cap;
        while (cap <= place) {
            cap *= 2;
        }
        handles->rows = pl_realloc(handles->rows, cap * sizeof(struct remote_ws *));
        memset(handles->rows + handles->cap, 0, (cap - handles->cap) * sizeof(struct remote_ws *));
        handles->cap = cap;
    }
    return &handles->rows[place];
}

static void free_remote(struct pl_deferred *deferred)
{
    pl_free(PL_CONTAINER_OF(deferred, struct remote_ws, free));
}

/* Nothing comes from its connection any more. The handle stays for the rest of the turn, as one on
 * the same loop does. */
static void on_gone(struct pl_ws_remotes *remotes, struct pl_sink_id sink)
{
    struct remote_ws **row = row_of(remotes, sink);
    struct remote_ws *remote = *row;
    *row = NULL;
    pl_conn_forget(remotes->web->conns, &remote->away);
    pl_ws_take_closed(&remote->ws, PL_WS_CLOSE_ABNORMAL, PL_STR(""), PL_CONN_END_ERROR);
    remote->free.run = free_remote;
    pl_loop_defer(remotes->web->conns->loop, &remote->free);
}

static void on_event(void *user, const struct pl_io_event *event)
{
    struct pl_ws_remotes *remotes = user;
    struct remote_ws *remote = *row_of(remotes, event->sink);
    struct pl_str bytes = event->bytes == NULL ? PL_STR("") : pl_blob_str(event->bytes);
    /* the hub has the only reference: a handler may change the message in place */
    struct pl_span span = {event->bytes == NULL ? NULL : event->bytes->data, bytes.len};
    if (event->kind == PL_IO_GONE) {
        on_gone(remotes, event->sink);
        return;
    }
    switch ((enum event_kind)event->kind) {
    case EVENT_MESSAGE:
        pl_ws_take_message(&remote->ws, event->detail != 0, span);
        break;
    case EVENT_PING:
        if (remote->ws.handler != NULL) {
            pl_ws_send_frame(&remote->ws, pl_ws_create_frame(PL_WS_PONG, bytes));
        }
        break;
    case EVENT_PONG:
        pl_ws_take_pong(&remote->ws, span);
        break;
    case EVENT_LEAVING:
        push_call(&remote->ws, &leave_call, NULL); /* before what its handlers send to it */
        pl_ws_take_closed(&remote->ws, event->code, bytes, (enum pl_conn_end)event->detail);
        break;
    case EVENT_CLOSED:
        pl_ws_take_closed(&remote->ws, event->code, bytes, (enum pl_conn_end)event->detail);
        break;
    }
}

/* --- here: what a handle does --- */

static void remote_send(struct pl_ws *ws, struct pl_frame *frame)
{
    struct pl_fanout_command command = {.kind = PL_FANOUT_SEND, .sink = ws->sink, .frame = frame};
    if (ws->handler == NULL) {
        pl_frame_unref(&frame); /* behind its close nothing is sent */
        return;
    }
    pl_io_threads_push(threads_of(ws), &command);
}

static void remote_close(struct pl_ws *ws, uint16_t code, struct pl_str reason)
{
    struct pl_fanout_command command = pl_fanout_command_close(ws->sink, code, reason);
    pl_io_threads_push(threads_of(ws), &command);
    pl_ws_take_closed(ws, code, reason, PL_CONN_END_LOCAL);
}

static void remote_abort(struct pl_ws *ws)
{
    push_call(ws, &abort_call, NULL);
    pl_ws_take_closed(ws, PL_WS_CLOSE_ABNORMAL, PL_STR(""), PL_CONN_END_LOCAL);
}

static void remote_fail(struct pl_ws *ws)
{
    push_call(ws, &fail_call, NULL);
}

/* --- here: moving --- */

static void run_start(struct pl_deferred *deferred)
{
    struct remote_ws *remote = PL_CONTAINER_OF(deferred, struct remote_ws, start);
    struct pl_buf *rest = pl_conn_moved_rest(remote->moved_from);
    remote->moved_from = NULL;
    push_call(&remote->ws, &begin_call, rest);
}

static void remote_begin(struct pl_ws *ws, struct pl_conn *conn, uint32_t send_limit_bytes)
{
    struct remote_ws *remote = remote_of(ws);
    struct pl_io_threads *threads = threads_of(ws);
    struct pl_conn *moved = pl_conn_move(conn, &remote->away);
    moved->sink.limit_bytes = send_limit_bytes;
    moved->sink.encoding = ws->encoding;
    pl_ws_conn_install(&remote->end_to_come->end, moved);
    remote->end_to_come = NULL;
    remote->moved_from = conn;
    ws->sink = pl_io_threads_take_id(threads);
    *row_of(ws->web->remotes, ws->sink) = remote;
    push_call(ws, &attach_call, moved);
    remote->start.run = run_start;
    pl_io_threads_defer(threads, &remote->start);
}

static const struct pl_ws_way remote_way = {.begin = remote_begin,
                                            .send = remote_send,
                                            .close = remote_close,
                                            .abort = remote_abort,
                                            .fail = remote_fail};

struct pl_ws *pl_ws_remote_create(struct pl_ws_remotes *remotes,
                                  const struct pl_ws_accepted *accepted)
{
    struct remote_ws *remote = pl_try_alloc(sizeof(*remote));
    struct remote_end *end = pl_try_alloc(sizeof(*end));
    if (remote == NULL || end == NULL) {
        goto failed;
    }
    *end = (struct remote_end){0};
    if (!pl_ws_conn_init(&end->end, &remote_owner, accepted->params->message_limit_bytes,
                         accepted->agreement)) {
        goto failed;
    }
    *remote = (struct remote_ws){.end_to_come = end};
    pl_ws_init(&remote->ws, &remote_way, remotes->web, accepted);
    return &remote->ws;

failed:
    pl_free(remote);
    pl_free(end);
    return NULL;
}

/* --- here: their life --- */

int pl_web_start_threads(struct pl_web *web, uint32_t count, struct pl_error *err)
{
    struct pl_ws_remotes *remotes = pl_alloc(sizeof(*remotes));
    int rc = 0;
    remotes->web = web;
    rc = pl_io_threads_create(&remotes->threads,
                              &(struct pl_io_threads_config){.count = count,
                                                             .hub_loop = web->conns->loop,
                                                             .hub_conns = web->conns,
                                                             .on_event = on_event,
                                                             .make_user = make_loop,
                                                             .free_user = free_loop,
                                                             .user = remotes},
                              err);
    if (rc == 0) {
        rc = pl_io_threads_start(remotes->threads, err);
    }
    if (rc < 0) {
        pl_ws_remotes_destroy(remotes);
        return rc;
    }
    web->remotes = remotes;
    return 0;
}

struct pl_io_threads *pl_web_threads(struct pl_web *web)
{
    return web->remotes == NULL ? NULL : web->remotes->threads;
}

void pl_web_stop_threads(struct pl_web *web)
{
    pl_ws_remotes_destroy(web->remotes);
    web->remotes = NULL;
}

void pl_ws_remotes_destroy(struct pl_ws_remotes *remotes)
{
    if (remotes == NULL) {
        return;
    }
    pl_io_threads_destroy(remotes->threads);
    for (size_t i = 0; i < PL_SINK_THREADS_MAX; i++) {
        pl_free(remotes->handles[i].rows);
    }
    pl_free(remotes);
}
