/* The simulated world. */
#include "world.h"

#include "base/alloc.h"
#include "store/talo/channels.h"
#include "store/talo/games.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIX_MS INT64_C(1760000000000)
#define RECEIVED_MAX ((size_t)1 << 20)
#define SETTLE_MS 250
#define SETTLE_COUNT 400 /* longer than any wait between two attempts */

/* --- trace and failure --- */

void world_trace(struct world *world, const char *fmt, ...)
{
    char *line = world->trace[world->trace_count++ % WORLD_TRACE_LINES];
    int len = snprintf(line, WORLD_TRACE_WIDTH, "%" PRId64 " ", world->now_ms);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line + len, (size_t)(WORLD_TRACE_WIDTH - len), fmt, args);
    va_end(args);
    if (world->options.has_trace) {
        puts(line);
    }
}

void world_fail(struct world *world, const char *fmt, ...)
{
    va_list args;
    uint64_t count = world->trace_count;
    fflush(stdout);
    if (!world->options.has_trace) {
        uint64_t first = count > WORLD_TRACE_LINES ? count - WORLD_TRACE_LINES : 0;
        for (uint64_t i = first; i < count; i++) {
            fprintf(stderr, "%s\n", world->trace[i % WORLD_TRACE_LINES]);
        }
    }
    fprintf(stderr, "talo-sim: seed %" PRIu64 ": ", world->options.seed);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

static void hash_bytes(struct world *world, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        world->hash = (world->hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
}

void world_check(struct world *world)
{
    pl_fanout_flush(&world->fanout);
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        struct pl_buf *received = &world->conns[i].received;
        struct pl_buf *expected = &world->model.conns[i].expected;
        if (received->len != expected->len ||
            (received->len > 0 && memcmp(received->ptr, expected->ptr, received->len) != 0)) {
            world_fail(world, "connection %d received\n  %.*s\nand not\n  %.*s", i,
                       (int)received->len, received->len == 0 ? "" : (char *)received->ptr,
                       (int)expected->len, expected->len == 0 ? "" : (char *)expected->ptr);
        }
        if (received->len > 0) {
            world_trace(world, "  %d gets %.*s", i, (int)received->len, (char *)received->ptr);
            hash_bytes(world, &i, sizeof(i));
            hash_bytes(world, received->ptr, received->len);
        }
        pl_buf_clear(received);
        pl_buf_clear(expected);
    }
}

/* --- the store, seen by the model --- */

/* An operation on its way, until the model has seen it come back. */
struct world_errand {
    struct world *world;
    struct pl_store_op *op;
    struct world_errand *next; /* of the batch that it ran in */
    void (*on_done)(struct pl_store_op *op, void *user);
    void *user;
    bool is_rest;
    bool was_stored; /* although it is told as failed */
};

static void on_done(struct pl_store_op *op, void *user)
{
    struct world_errand *errand = user;
    struct world *world = errand->world;
    struct model_outcome outcome = {.has_happened = op->rc == 0 || errand->was_stored,
                                    .is_known = op->rc == 0};
    world_trace(world, "  done %s rc=%d%s", op->type->name, op->rc,
                errand->was_stored ? " but stored" : "");
    hash_bytes(world, op->type->name, strlen(op->type->name));
    hash_bytes(world, &op->rc, sizeof(op->rc));
    world->op_count++;
    if (!model_complete(&world->model, op, outcome, !errand->is_rest)) {
        world_fail(world, "%s ended with rc=%d refusal=%d", op->type->name, op->rc, op->refusal);
    }
    op->on_done = errand->on_done;
    op->user = errand->user;
    pl_free(errand);
    op->on_done(op, op->user);
}

static void spy_submit(struct pl_store *store, struct pl_store_op *op)
{
    struct world *world = PL_CONTAINER_OF(store, struct world_store, store)->world;
    struct world_errand *errand = pl_alloc(sizeof(*errand));
    *errand = (struct world_errand){.world = world,
                                    .op = op,
                                    .on_done = op->on_done,
                                    .user = op->user,
                                    .is_rest = world->is_rest};
    op->on_done = on_done;
    op->user = errand;
    model_wait(&world->model, op);
    pl_store_submit(world->fake, op);
}

static void spy_complete(struct pl_store *store)
{
    pl_store_complete(PL_CONTAINER_OF(store, struct world_store, store)->world->fake);
}

static int spy_run(struct pl_store *store, struct pl_store_op *op)
{
    return pl_store_run(PL_CONTAINER_OF(store, struct world_store, store)->world->fake, op);
}

static void spy_destroy(struct pl_store *store)
{
    pl_store_destroy(PL_CONTAINER_OF(store, struct world_store, store)->world->fake);
}

static const struct pl_store_impl spy_impl = {
    .submit = spy_submit, .complete = spy_complete, .run = spy_run, .destroy = spy_destroy};

/* Operations that are not the model's to see: those of the set-up, run without an errand. */
static int fail_op(const struct pl_store_op *op, void *user)
{
    struct world *world = user;
    struct world_errand *errand = op->on_done == on_done ? op->user : NULL;
    if (sim_chance(&world->rng, world->fail_percent)) {
        return world->fail_code;
    }
    if (errand != NULL && op->type->is_write) {
        errand->next = world->batch;
        world->batch = errand;
    }
    return 0;
}

/* Whether an operation would be refused is seen from its rc, which it has already. */
static int fail_commit(size_t count, bool *has_happened, void *user)
{
    struct world *world = user;
    bool fails = world->commit_code != 0 && sim_chance(&world->rng, 50);
    (void)count;
    *has_happened = fails && world->commit_code == PL_E_CLOSED && sim_chance(&world->rng, 50);
    for (struct world_errand *errand = world->batch; errand != NULL; errand = errand->next) {
        errand->was_stored = *has_happened && errand->op->rc == 0;
    }
    world->batch = NULL;
    return fails ? world->commit_code : 0;
}

void world_write(struct world *world, size_t max)
{
    size_t count = pl_store_fake_write(world->fake, max);
    if (count > 0) {
        world_trace(world, "store writes %zu", count);
    }
}

void world_read(struct world *world, size_t max)
{
    size_t count = pl_store_fake_read(world->fake, max);
    if (count > 0) {
        world_trace(world, "store reads %zu", count);
    }
}

void world_answer(struct world *world)
{
    world_trace(world, "store answers");
    pl_store_complete(world->talo == NULL ? world->fake : &world->spy.store);
}

static void free_op(struct pl_store_op *op, void *user)
{
    (void)user;
    pl_store_op_free(op);
}

void world_rest(struct world *world, struct pl_store_op *op)
{
    world_trace(world, "rest %s", op->type->name);
    op->on_done = free_op;
    world->is_rest = true;
    pl_talo_submit(world->talo, op);
    world->is_rest = false;
}

static void answer_all(struct world *world)
{
    do {
        world_write(world, SIZE_MAX);
        world_read(world, SIZE_MAX);
        pl_store_complete(&world->spy.store);
    } while (pl_store_fake_writes_waiting(world->fake) + pl_store_fake_reads_waiting(world->fake) >
             0);
    world_check(world);
}

void world_settle(struct world *world)
{
    world_trace(world, "the store is well");
    world->fail_percent = 0;
    world->commit_code = 0;
    for (int i = 0; i < SETTLE_COUNT; i++) {
        answer_all(world);
        world_pass(world, SETTLE_MS);
    }
    answer_all(world);
}

/* --- clock and randomness --- */

static int64_t now_ms(void *user)
{
    return ((struct world *)user)->now_ms;
}

static int64_t unix_us(void *user)
{
    return (UNIX_MS + ((struct world *)user)->now_ms) * 1000;
}

static void fill_random(void *user, void *out, size_t size)
{
    struct world *world = user;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)sim_next(&world->hub_rng);
    }
}

void world_pass(struct world *world, int64_t ms)
{
    world->now_ms += ms;
    pl_hub_turn_begin(world->hub);
    (void)pl_timers_run(&world->timers, world->now_ms);
}

/* --- events as text --- */

static long long id_of(const struct pl_talo_alias *alias)
{
    return alias == NULL ? 0 : (long long)alias->id;
}

static const char *details_of(char out[MODEL_DETAILS_MAX], const struct model *model,
                              const struct pl_talo_event *event)
{
    const struct pl_talo_player *player = event->alias->player;
    struct pl_str status = player->has_presence ? player->presence.custom_status : PL_STR("");
    long long owner = event->channel == NULL ? 0 : id_of(event->channel->owner);
    return model_details(out, model, status.len == 0 ? '\0' : status.ptr[0], (int)owner);
}

static void write_event(struct pl_buf *out, const struct model *model,
                        const struct pl_talo_event *event)
{
    char details[MODEL_DETAILS_MAX];
    long long channel = event->channel == NULL ? 0 : (long long)event->channel->id;
    long long subscription = event->subscription == NULL ? 0 : (long long)event->subscription->id;
    switch (event->kind) {
    case PL_TALO_EVENT_PRESENCE_UPDATED:
        pl_buf_addf(out, "presence %lld %s %d%d;", id_of(event->alias),
                    event->presence->is_online ? "on" : "off", event->online_changed,
                    event->status_changed);
        break;
    case PL_TALO_EVENT_MESSAGE:
        pl_buf_addf(out, "message %lld %lld " PL_STR_FMT " (%lld) %s;", channel,
                    id_of(event->alias), PL_STR_ARG(event->message),
                    (long long)event->channel->message_count, details_of(details, model, event));
        break;
    case PL_TALO_EVENT_PLAYER_JOINED:
        pl_buf_addf(out, "joined %lld %lld;", channel, id_of(event->alias));
        break;
    case PL_TALO_EVENT_PLAYER_LEFT:
        pl_buf_addf(out, "left %lld %lld %d owner %lld;", channel, id_of(event->alias),
                    event->reason, id_of(event->channel->owner));
        break;
    case PL_TALO_EVENT_CHANNEL_DELETED:
        pl_buf_addf(out, "deleted %lld;", channel);
        break;
    case PL_TALO_EVENT_OWNERSHIP_TRANSFERRED:
        pl_buf_addf(out, "owner %lld %lld;", channel, id_of(event->alias));
        break;
    case PL_TALO_EVENT_CHANNEL_UPDATED:
        pl_buf_addf(out, "updated %lld %u;", channel, event->changed);
        break;
    case PL_TALO_EVENT_STORAGE_UPDATED:
    case PL_TALO_EVENT_CONFIG_UPDATED:
        break;
    case PL_TALO_EVENT_BROADCAST:
        pl_buf_addf(out, "broadcast %lld " PL_STR_FMT " %s;", id_of(event->alias),
                    PL_STR_ARG(event->message), details_of(details, model, event));
        break;
    case PL_TALO_EVENT_SUBSCRIPTION_CREATED:
        pl_buf_addf(out, "created %lld;", subscription);
        break;
    case PL_TALO_EVENT_SUBSCRIPTION_CONFIRMED:
        pl_buf_addf(out, "confirmed %lld;", subscription);
        break;
    case PL_TALO_EVENT_SUBSCRIPTION_DELETED:
        pl_buf_addf(out, "ended %lld %lld;", subscription,
                    event->reciprocal == NULL ? 0 : (long long)event->reciprocal->id);
        break;
    }
}

static struct pl_frame *encode(void *user, const struct pl_talo_event *event, uint8_t encoding)
{
    struct pl_buf text;
    struct pl_frame *frame = NULL;
    (void)encoding;
    pl_buf_init(&text, 1024);
    write_event(&text, &((const struct world *)user)->model, event);
    frame = pl_frame_create(text.len);
    memcpy(frame->data, text.ptr, text.len);
    pl_buf_fini(&text);
    return frame;
}

/* --- connections --- */

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
    hash_bytes(conn->world, &refusal, sizeof(refusal));
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

/* --- the beginning and the end --- */

static void run(struct world *world, struct pl_store_op *op)
{
    if (pl_store_run(world->fake, op) != 0) {
        world_fail(world, "%s: rc=%d %s", op->type->name, op->rc, op->error.text);
    }
}

static void make_game(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_game_create_type, 0);
    struct pl_talo_op_game_create *game = (void *)op;
    struct pl_buf sealed;
    pl_buf_init(&sealed, 1024);
    pl_talo_secret_seal(&sealed, (const uint8_t[PL_SEAL_KEY_BYTES]){1},
                        (const uint8_t[PL_SEAL_NONCE_BYTES]){1}, PL_TALO_SECRET_GAME, 1,
                        PL_STR("secret"));
    game->game = (struct pl_talo_game){.id = 1, .name = PL_STR("game")};
    game->sealed_secret = pl_buf_str(&sealed);
    run(world, op);
    pl_store_op_free(op);
    pl_buf_fini(&sealed);
}

/* A player with one alias, whose number is the next one, of a service of its own: so that any two
 * players can be merged. */
static void make_alias(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_identify_type, 0);
    struct pl_talo_op_player_identify *identify = (void *)op;
    struct model *model = &world->model;
    char name[16];
    (void)snprintf(name, sizeof(name), "p%d", model->alias_count);
    identify->game_id = 1;
    identify->service = pl_str_of_cstr(name);
    identify->identifier = pl_str_of_cstr(name);
    identify->may_create = true;
    identify->new_alias_id = model->alias_count + 1;
    fill_random(world, identify->new_player_id.bytes, sizeof(identify->new_player_id.bytes));
    identify->now_ms = UNIX_MS;
    run(world, op);
    model->players[model->player_count].id = identify->new_player_id;
    model->alias_player[model->alias_count++] = model->player_count++;
    pl_store_op_free(op);
}

/* The last player becomes a second alias of the one before. */
static void merge_last(struct world *world)
{
    struct model *model = &world->model;
    struct pl_store_op *op =
        world_make_merge(world, model->player_count - 2, model->player_count - 1);
    run(world, op);
    pl_store_op_free(op);
    model->player_count--;
    model->alias_player[model->alias_count - 1] = model->player_count - 1;
}

struct pl_store_op *world_make_merge(struct world *world, int player, int other)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_merge_type, 0);
    struct pl_talo_op_player_merge *merge = (void *)op;
    merge->game_id = 1;
    merge->acting_alias_id = 1; /* which is asked for where a service proves who one is */
    merge->player1_id = world->model.players[player].id;
    merge->player2_id = world->model.players[other].id;
    merge->now_ms = UNIX_MS + world->now_ms;
    return op;
}

static void make_players(struct world *world)
{
    uint32_t count = sim_between(&world->rng, 2, MODEL_ALIASES_MAX - 1);
    while ((uint32_t)world->model.alias_count < count) {
        make_alias(world);
        if (sim_chance(&world->rng, 25)) {
            make_alias(world);
            merge_last(world);
        }
    }
}

static void make_talo(struct world *world)
{
    struct pl_talo_config config = {.hub = world->hub,
                                    .store = &world->spy.store,
                                    .encode = encode,
                                    .user = world,
                                    .sealing_key = {1}};
    struct pl_error err = {0};
    if (pl_talo_create(&world->talo, &config, &err) < 0) {
        world_fail(world, "%s", err.text);
    }
}

struct world *world_create(const struct world_options *options)
{
    struct world *world = pl_alloc(sizeof(*world));
    struct pl_hub_config hub = {.env = {now_ms, unix_us, fill_random, world},
                                .port_impl = &pl_port_inline,
                                .port = &world->fanout,
                                .timers = &world->timers};
    struct pl_store_fake_config store = {
        .fail_op = fail_op, .fail_commit = fail_commit, .user = world};
    struct pl_error err = {0};
    world->options = *options;
    world->rng.state = options->seed;
    world->hub_rng.state = ~options->seed;
    world->hash = UINT64_C(0xcbf29ce484222325);
    if (options->seed % 4 == 3) {
        store.waiting_max = 12; /* a queue that is full now and then */
    }
    model_init(&world->model);
    pl_fanout_init(&world->fanout);
    pl_timers_init(&world->timers);
    if (pl_hub_create(&world->hub, &hub, &err) < 0 ||
        pl_store_fake_create(&world->fake, &store, &err) < 0) {
        world_fail(world, "%s", err.text);
    }
    world->spy = (struct world_store){.store = {.impl = &spy_impl}, .world = world};
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        world->conns[i].world = world;
        pl_buf_init(&world->conns[i].received, RECEIVED_MAX);
    }
    make_game(world);
    make_players(world);
    make_talo(world);
    return world;
}

struct world_result world_destroy(struct world *world)
{
    struct world_result result = {0};
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        if (world->conns[i].session != NULL) {
            world_close(world, i);
        }
    }
    pl_talo_stop(world->talo);
    pl_store_destroy(&world->spy.store);
    pl_talo_destroy(world->talo);
    pl_hub_turn_begin(world->hub);
    pl_hub_destroy(world->hub);
    if (pl_timers_next_ms(&world->timers) != -1) {
        world_fail(world, "a timer is left");
    }
    pl_timers_fini(&world->timers);
    pl_fanout_fini(&world->fanout);
    model_fini(&world->model);
    for (int i = 0; i < MODEL_CONNS_MAX; i++) {
        pl_buf_fini(&world->conns[i].received);
    }
    result = (struct world_result){world->hash, world->event_count, world->op_count};
    pl_free(world);
    return result;
}
