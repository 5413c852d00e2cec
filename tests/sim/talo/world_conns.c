/* Clients: tickets, connections, and what they ask, one thing at a time. */
#include "world.h"

#include <stdio.h>

static void on_flush(struct pl_sink *sink)
{
    struct world_conn *conn = PL_CONTAINER_OF(sink, struct world_conn, sink);
    struct pl_frame *frame = NULL;
    while ((frame = pl_outq_pop(&sink->outq, &conn->world->fanout.pool)) != NULL) {
        pl_buf_add(&conn->received, frame->data, frame->len);
        conn->world->event_count++;
        pl_frame_unref(&frame);
    }
}

static void ignore_sink(struct pl_sink *sink)
{
    (void)sink;
}

static void ignore_message(struct pl_session *session, enum pl_message_kind kind,
                           struct pl_span bytes)
{
    (void)session;
    (void)kind;
    (void)bytes;
}

void world_issue_ticket(struct world *world)
{
    struct world_ticket *ticket = &world->tickets[world->ticket_count % WORLD_TICKETS_MAX];
    ticket->id = pl_talo_issue_ticket(world->talo, 1, false);
    ticket->due_ms = world->now_ms + PL_TALO_TICKET_MS;
    ticket->is_used = false;
    world->ticket_count++;
    world_trace(world, "ticket %zu", world->ticket_count - 1);
}

/* Whether the ticket opens a socket, now. */
static bool take_ticket(struct world *world, size_t at)
{
    struct world_ticket *ticket = &world->tickets[at % WORLD_TICKETS_MAX];
    struct pl_talo_ticket taken;
    char text[PL_UUID_TEXT_LEN + 1];
    bool is_good = !ticket->is_used && world->now_ms < ticket->due_ms;
    pl_uuid_format(text, &ticket->id);
    if (pl_talo_take_ticket(&taken, world->talo, pl_str_of_cstr(text)) != is_good) {
        world_fail(world, "ticket %zu opens %s", at, is_good ? "nothing" : "a socket");
    }
    ticket->is_used = true;
    return is_good;
}

void world_open(struct world *world, int at, size_t ticket, uint32_t scopes)
{
    static const struct pl_sink_ops sink_ops = {
        .flush = on_flush, .overflow = ignore_sink, .pause = ignore_sink, .resume = ignore_sink};
    static const struct pl_session_ops session_ops = {.on_message = ignore_message};
    struct world_conn *conn = &world->conns[at];
    world_trace(world, "open %d with ticket %zu, scopes %x", at, ticket, scopes);
    if (!take_ticket(world, ticket)) {
        return;
    }
    conn->sink = (struct pl_sink){.ops = &sink_ops, .limit_bytes = 1 << 20, .is_ready = true};
    pl_fanout_attach(&world->fanout, &conn->sink);
    conn->session = pl_session_open(
        world->hub,
        &(struct pl_session_params){.ops = &session_ops, .user = conn, .sink = conn->sink.id});
    conn->conn = (struct pl_talo_conn){
        .session = conn->session, .game_id = 1, .key_id = 1, .scopes = scopes};
    conn->outbox_count = 0;
    conn->is_waiting = false;
    pl_talo_conn_open(world->talo, &conn->conn);
    model_open(&world->model, at, scopes);
}

void world_close(struct world *world, int at)
{
    struct world_conn *conn = &world->conns[at];
    world_trace(world, "close %d", at);
    world_check(world);
    model_close(&world->model, at);
    pl_talo_conn_close(&conn->conn);
    pl_session_close(&conn->session);
    pl_fanout_detach(&world->fanout, &conn->sink);
}

/* --- requests of clients --- */

static void handle_some(struct world *world, int at);

static int place_of(const struct pl_talo_conn *conn)
{
    const struct world_conn *own =
        (const void *)((const char *)conn - offsetof(struct world_conn, conn));
    return (int)(own - own->world->conns);
}

/* The answer to a message: right for what the model knows. */
static void check_answer(struct world *world, int at, enum pl_talo_refusal refusal)
{
    struct model_request *request = model_find_message(&world->model, at);
    bool is_right = false;
    if (request == NULL) {
        world_fail(world, "connection %d has an answer and no question", at);
    }
    if (refusal == PL_TALO_OK && !request->is_delivered && request->op == NULL) {
        model_deliver(&world->model, request);
    }
    switch (refusal) {
    case PL_TALO_OK:
        is_right = request->is_delivered && request->was_member;
        break;
    case PL_TALO_STORE_FAILED:
        is_right = !request->is_delivered;
        break;
    case PL_TALO_NO_CHANNEL:
        is_right = !request->is_delivered && request->channel != MODEL_NOBODY;
        break;
    case PL_TALO_NOT_A_MEMBER:
        is_right = !request->is_delivered && !request->was_member;
        break;
    case PL_TALO_BAD_TOKEN:
    case PL_TALO_BAD_SESSION:
    case PL_TALO_NO_ALIAS:
        break;
    }
    if (!is_right) {
        world_fail(world, "connection %d: a message is answered with %d", at, refusal);
    }
    model_forget_message(&world->model, request);
}

static void answer(struct pl_talo_conn *talo_conn, enum pl_talo_refusal refusal)
{
    int at = place_of(talo_conn);
    struct world_conn *conn = PL_CONTAINER_OF(talo_conn, struct world_conn, conn);
    world_trace(conn->world, "  answer to %d: %d", at, refusal);
    world_hash(conn->world, &refusal, sizeof(refusal));
    conn->is_waiting = false;
    handle_some(conn->world, at);
}

static void on_message_answer(struct pl_talo_conn *conn, enum pl_talo_refusal refusal,
                              const struct pl_talo_alias *alias)
{
    struct world *world = PL_CONTAINER_OF(conn, struct world_conn, conn)->world;
    (void)alias;
    check_answer(world, place_of(conn), refusal);
    answer(conn, refusal);
}

static void on_identify_answer(struct pl_talo_conn *conn, enum pl_talo_refusal refusal,
                               const struct pl_talo_alias *alias)
{
    struct world *world = PL_CONTAINER_OF(conn, struct world_conn, conn)->world;
    int at = place_of(conn);
    if (refusal == PL_TALO_OK && (alias == NULL || world->model.conns[at].alias != alias->id - 1)) {
        world_fail(world, "connection %d is not who it wanted to be", at);
    }
    if (refusal != PL_TALO_OK && refusal != PL_TALO_STORE_FAILED) {
        world_fail(world, "connection %d: identify is answered with %d", at, refusal);
    }
    answer(conn, refusal);
}

static void identify(struct world *world, int at, int alias)
{
    struct pl_uuid token = pl_talo_issue_token(world->talo, alias + 1);
    char text[PL_UUID_TEXT_LEN + 1];
    pl_uuid_format(text, &token);
    model_ask_identify(&world->model, at, alias);
    pl_talo_conn_identify(&world->conns[at].conn, alias + 1, pl_str_of_cstr(text),
                          (struct pl_str){0}, on_identify_answer);
}

static void message(struct world *world, int at, int channel)
{
    char text[16];
    uint32_t number = ++world->text_count;
    (void)snprintf(text, sizeof(text), "%u", number);
    (void)model_ask_message(&world->model, at, channel, number);
    if (channel == MODEL_NOBODY) {
        pl_talo_conn_broadcast(&world->conns[at].conn, pl_str_of_cstr(text), on_message_answer);
    } else {
        pl_talo_conn_message(&world->conns[at].conn, channel + 1, pl_str_of_cstr(text),
                             on_message_answer);
    }
}

static void handle(struct world *world, int at, const struct world_wish *wish)
{
    world->conns[at].is_waiting = true;
    if (wish->kind == WORLD_IDENTIFY) {
        world_trace(world, "%d identifies as %d", at, wish->alias + 1);
        identify(world, at, wish->alias);
    } else if (world->conns[at].conn.alias_id == 0) {
        world->conns[at].is_waiting = false; /* NO_PLAYER_FOUND */
    } else {
        int channel = wish->kind == WORLD_MESSAGE ? wish->channel : MODEL_NOBODY;
        world_trace(world, "%d says %u in %d", at, world->text_count + 1, channel + 1);
        message(world, at, channel);
    }
}

/* One at a time, as a suspended session does it. */
static void handle_some(struct world *world, int at)
{
    struct world_conn *conn = &world->conns[at];
    if (conn->is_going) {
        return;
    }
    conn->is_going = true;
    while (!conn->is_waiting && conn->outbox_count > 0) {
        struct world_wish wish = conn->outbox[0];
        conn->outbox_count--;
        memmove(conn->outbox, conn->outbox + 1, conn->outbox_count * sizeof(wish));
        handle(world, at, &wish);
    }
    conn->is_going = false;
}

void world_send(struct world *world, int at, const struct world_wish *wish)
{
    struct world_conn *conn = &world->conns[at];
    if (conn->outbox_count < WORLD_OUTBOX_MAX) {
        conn->outbox[conn->outbox_count++] = *wish;
        handle_some(world, at);
    }
}
