/* The world of the tests: everything goes through the service's own interface. */
#include "talo_world.h"

#include "base/alloc.h"
#include "../../sim/talo/event_text.h"
#include "store/talo/games.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"

#include <stdio.h>

#define SECRET                                                                                     \
    PL_STR("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"                      \
           "00112233445566778899aabbccddeeff")

/* --- clock, randomness --- */

static int64_t now_ms(void *user)
{
    return ((struct world *)user)->now_ms;
}

static int64_t unix_us(void *user)
{
    return (WORLD_UNIX_MS + ((struct world *)user)->now_ms) * 1000;
}

static void fill_random(void *user, void *out, size_t size)
{
    struct world *world = user;
    for (size_t i = 0; i < size; i++) {
        world->random = world->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        ((uint8_t *)out)[i] = (uint8_t)(world->random >> 56);
    }
}

/* --- what connections get --- */

static struct pl_frame *frame_of(const char *text)
{
    size_t len = strlen(text);
    struct pl_frame *frame = pl_frame_create(len);
    memcpy(frame->data, text, len);
    return frame;
}

/* A message shows the first prop of its sender's player, if there is one. */
static struct pl_frame *encode(void *user, const struct pl_talo_event *event, uint8_t encoding)
{
    char details[64] = "";
    (void)user;
    (void)encoding;
    if (event->kind == PL_TALO_EVENT_MESSAGE && event->alias->player->props.count > 0) {
        (void)snprintf(details, sizeof(details), " [" PL_STR_FMT "]",
                       PL_STR_ARG(event->alias->player->props.items[0].value));
    }
    return event_text_frame(event, details);
}

static void on_flush(struct pl_sink *sink)
{
    struct world_conn *conn = PL_CONTAINER_OF(sink, struct world_conn, sink);
    struct pl_frame *frame = NULL;
    while ((frame = pl_outq_pop(&sink->outq, &conn->world->fanout.pool)) != NULL) {
        assert_true(conn->received_len + frame->len < sizeof(conn->received));
        memcpy(conn->received + conn->received_len, frame->data, frame->len);
        conn->received_len += frame->len;
        conn->received[conn->received_len] = '\0';
        pl_frame_unref(&frame);
    }
}

static void ignore_sink(struct pl_sink *sink)
{
    (void)sink;
}

const char *world_received(struct world *world, size_t at)
{
    static char text[sizeof(world->conns[0].received)];
    struct world_conn *conn = &world->conns[at];
    pl_fanout_flush(&world->fanout);
    memcpy(text, conn->received, conn->received_len + 1);
    conn->received_len = 0;
    conn->received[0] = '\0';
    return text;
}

void world_forget_received(struct world *world)
{
    for (size_t i = 0; i < WORLD_CONNS; i++) {
        (void)world_received(world, i);
    }
}

/* --- the beginning and the end --- */

static int fail_op(const struct pl_store_op *op, void *user)
{
    struct world *world = user;
    world->op_count++;
    return op->type == world->failing ? world->failing_rc : 0;
}

static int fail_commit(size_t count, bool *has_happened, void *user)
{
    const struct world *world = user;
    (void)count;
    *has_happened = world->commit_happens;
    return world->commit_rc;
}

static void on_revoked(struct pl_talo_conn *conn)
{
    struct world_conn *own = PL_CONTAINER_OF(conn, struct world_conn, conn);
    own->revoked_count++;
    world_close(own->world, (size_t)(own - own->world->conns));
}

static void make_talo(struct world *world)
{
    struct pl_talo_config config = {.hub = world->hub,
                                    .store = world->store,
                                    .encode = encode,
                                    .on_revoked = on_revoked,
                                    .user = world,
                                    .sealing_key = {1, 2, 3}};
    struct pl_error err = {0};
    if (pl_talo_create(&world->talo, &config, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void make_game(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_game_create_type, 0);
    struct pl_talo_op_game_create *game = (void *)op;
    struct pl_buf sealed;
    pl_buf_init(&sealed, 1024);
    game->game = (struct pl_talo_game){.id = pl_talo_next_id(world->talo, PL_TALO_ID_GAME),
                                       .name = PL_STR("game"),
                                       .secret = SECRET};
    pl_talo_seal(&sealed, world->talo, PL_TALO_SECRET_GAME, game->game.id, SECRET);
    game->sealed_secret = pl_buf_str(&sealed);
    world_do(world, op);
    pl_buf_fini(&sealed);
}

static void make_key(struct world *world)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_key_create_type, 0);
    ((struct pl_talo_op_key_create *)(void *)op)->key =
        (struct pl_talo_key){.id = pl_talo_next_id(world->talo, PL_TALO_ID_KEY),
                             .game_id = 1,
                             .scopes = PL_TALO_SCOPES_ALL};
    world_do(world, op);
}

struct world *world_make(void)
{
    struct world *world = pl_alloc(sizeof(*world));
    struct pl_hub_config hub = {.env = {now_ms, unix_us, fill_random, world},
                                .port_impl = &pl_port_inline,
                                .port = &world->fanout,
                                .timers = &world->timers};
    struct pl_store_fake_config store = {
        .fail_op = fail_op, .fail_commit = fail_commit, .user = world};
    struct pl_error err = {0};
    pl_fanout_init(&world->fanout);
    pl_timers_init(&world->timers);
    assert_int_equal(pl_hub_create(&world->hub, &hub, &err), 0);
    if (pl_store_fake_create(&world->store, &store, &err) < 0) {
        fail_msg("%s", err.text);
    }
    make_talo(world);
    make_game(world);
    make_key(world);
    return world;
}

int world_setup(void **state)
{
    struct world *world = world_make();
    *state = world;
    assert_int_equal(world_alias(world, "ada"), ADA);
    assert_int_equal(world_alias(world, "bob"), BOB);
    assert_int_equal(world_alias(world, "eve"), EVE);
    return 0;
}

int world_teardown(void **state)
{
    world_finish(*state);
    return 0;
}

static void close_all(struct world *world)
{
    for (size_t i = 0; i < WORLD_CONNS; i++) {
        world_close(world, i);
    }
    pl_talo_stop(world->talo);
}

void world_restart(struct world *world)
{
    close_all(world);
    world_settle(world);
    pl_talo_destroy(world->talo);
    make_talo(world);
}

void world_finish(struct world *world)
{
    close_all(world);
    pl_store_destroy(world->store);
    pl_talo_destroy(world->talo);
    pl_hub_turn_begin(world->hub); /* gives the sessions' memory back */
    pl_hub_destroy(world->hub);
    assert_int_equal(pl_timers_next_ms(&world->timers), -1);
    pl_timers_fini(&world->timers);
    pl_fanout_fini(&world->fanout);
    pl_free(world);
}

/* --- the store and time --- */

void world_settle(struct world *world)
{
    do {
        (void)pl_store_fake_write(world->store, SIZE_MAX);
        (void)pl_store_fake_read(world->store, SIZE_MAX);
        pl_store_complete(world->store);
    } while (
        pl_store_fake_writes_waiting(world->store) + pl_store_fake_reads_waiting(world->store) > 0);
}

void world_pass(struct world *world, int64_t ms)
{
    world->now_ms += ms;
    pl_hub_turn_begin(world->hub);
    (void)pl_timers_run(&world->timers, world->now_ms);
}

static void note_done(struct pl_store_op *op, void *user)
{
    (void)op;
    *(bool *)user = true;
}

int world_run(struct world *world, struct pl_store_op *op)
{
    bool is_done = false;
    op->on_done = note_done;
    op->user = &is_done;
    pl_talo_submit(world->talo, op);
    world_settle(world);
    assert_true(is_done);
    return op->rc;
}

static void free_done(struct pl_store_op *op, void *user)
{
    (void)user;
    pl_store_op_free(op);
}

void world_submit(struct world *world, struct pl_store_op *op)
{
    op->on_done = free_done;
    pl_talo_submit(world->talo, op);
}

void world_do(struct world *world, struct pl_store_op *op)
{
    assert_int_equal(world_run(world, op), 0);
    pl_store_op_free(op);
}

void world_lose(struct world *world, struct pl_store_op *op)
{
    world->commit_rc = PL_E_CLOSED;
    world->commit_happens = true;
    world_submit(world, op);
    world_settle(world);
}

/* --- players and connections --- */

int64_t world_alias(struct world *world, const char *identifier)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_player_identify_type, 0);
    struct pl_talo_op_player_identify *identify = (void *)op;
    int64_t id = 0;
    identify->game_id = 1;
    identify->service = PL_STR("username");
    identify->identifier = pl_str_of_cstr(identifier);
    identify->may_create = true;
    identify->new_alias_id = pl_talo_next_id(world->talo, PL_TALO_ID_ALIAS);
    identify->new_player_id = pl_talo_new_uuid(world->talo);
    identify->now_ms = pl_talo_now_ms(world->talo);
    assert_int_equal(world_run(world, op), 0);
    id = identify->alias->id;
    pl_store_op_free(op);
    return id;
}

struct pl_uuid world_player(struct world *world, int64_t alias_id)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_alias_find_type, 0);
    struct pl_talo_op_alias_find *find = (void *)op;
    struct pl_uuid id;
    find->game_id = 1;
    find->alias_id = alias_id;
    assert_int_equal(world_run(world, op), 0);
    id = find->alias->player->id;
    pl_store_op_free(op);
    return id;
}

static void ignore_message(struct pl_session *session, enum pl_message_kind kind,
                           struct pl_span bytes)
{
    (void)session;
    (void)kind;
    (void)bytes;
}

struct pl_talo_conn *world_open(struct world *world, size_t at, uint32_t scopes)
{
    static const struct pl_sink_ops sink_ops = {
        .flush = on_flush, .overflow = ignore_sink, .pause = ignore_sink, .resume = ignore_sink};
    static const struct pl_session_ops session_ops = {.on_message = ignore_message};
    struct world_conn *conn = &world->conns[at];
    assert_null(conn->session);
    *conn = (struct world_conn){.world = world};
    conn->sink = (struct pl_sink){.ops = &sink_ops, .limit_bytes = 1 << 20, .is_ready = true};
    pl_fanout_attach(&world->fanout, &conn->sink);
    conn->session = pl_session_open(
        world->hub,
        &(struct pl_session_params){.ops = &session_ops, .user = conn, .sink = conn->sink.id});
    conn->conn = (struct pl_talo_conn){
        .session = conn->session, .game_id = 1, .key_id = 1, .scopes = scopes};
    pl_talo_conn_open(world->talo, &conn->conn);
    return &conn->conn;
}

void world_close(struct world *world, size_t at)
{
    struct world_conn *conn = &world->conns[at];
    if (conn->session != NULL) {
        pl_talo_conn_close(&conn->conn);
        pl_session_close(&conn->session);
        pl_fanout_flush(&world->fanout);
        pl_fanout_detach(&world->fanout, &conn->sink);
    }
}

static void on_answer(struct pl_talo_conn *conn, enum pl_talo_refusal refusal,
                      const struct pl_talo_alias *alias)
{
    static const char *const names[] = {
        [PL_TALO_BAD_TOKEN] = "bad token;",       [PL_TALO_BAD_SESSION] = "bad session;",
        [PL_TALO_NO_ALIAS] = "no alias;",         [PL_TALO_NO_CHANNEL] = "no channel;",
        [PL_TALO_NOT_A_MEMBER] = "not a member;", [PL_TALO_STORE_FAILED] = "store failed;",
    };
    char text[64] = "";
    if (alias != NULL) {
        (void)snprintf(text, sizeof(text), "ok %lld;", (long long)alias->id);
    }
    if (refusal != PL_TALO_OK || alias != NULL) {
        pl_session_send(conn->session, frame_of(refusal == PL_TALO_OK ? text : names[refusal]), 0);
    }
}

void world_ask_identify(struct world *world, size_t at, int64_t alias_id)
{
    struct pl_uuid token = pl_talo_issue_token(world->talo, alias_id);
    char text[PL_UUID_TEXT_LEN + 1];
    pl_uuid_format(text, &token);
    pl_talo_conn_identify(&world->conns[at].conn, alias_id, pl_str_of_cstr(text),
                          (struct pl_str){0}, on_answer);
}

void world_identify(struct world *world, size_t at, int64_t alias_id)
{
    world_ask_identify(world, at, alias_id);
    world_settle(world);
}

void world_enter(struct world *world, size_t at, int64_t alias_id, uint32_t scopes)
{
    (void)world_open(world, at, scopes);
    world_identify(world, at, alias_id);
    assert_int_equal(world->conns[at].conn.alias_id, alias_id);
    world_forget_received(world);
}

void world_ask_message(struct world *world, size_t at, int64_t channel_id, const char *text)
{
    pl_talo_conn_message(&world->conns[at].conn, channel_id, pl_str_of_cstr(text), on_answer);
}

void world_message(struct world *world, size_t at, int64_t channel_id, const char *text)
{
    world_ask_message(world, at, channel_id, text);
    world_settle(world);
}

void world_broadcast(struct world *world, size_t at, const char *text)
{
    pl_talo_conn_broadcast(&world->conns[at].conn, pl_str_of_cstr(text), on_answer);
    world_settle(world);
}

/* --- channels and relationships --- */

struct pl_talo_actor world_actor(int64_t alias_id)
{
    return (struct pl_talo_actor){.game_id = 1, .alias_id = alias_id, .now_ms = WORLD_UNIX_MS};
}

int64_t world_channel(struct world *world, int64_t owner_id, unsigned flags)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_create_type, 0);
    struct pl_talo_op_channel_create *create = (void *)op;
    int64_t id = pl_talo_next_id(world->talo, PL_TALO_ID_CHANNEL);
    create->actor = world_actor(owner_id);
    create->channel_id = id;
    create->name = PL_STR("lobby");
    create->is_auto_cleanup = (flags & WORLD_AUTO_CLEANUP) != 0;
    create->is_private = (flags & WORLD_PRIVATE) != 0;
    create->is_temporary = (flags & WORLD_TEMPORARY) != 0;
    world_do(world, op);
    return id;
}

struct pl_store_op *world_make_join(int64_t channel_id, int64_t alias_id)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_join_type, 0);
    struct pl_talo_op_channel_join *join = (void *)op;
    join->actor = world_actor(alias_id);
    join->channel_id = channel_id;
    return op;
}

struct pl_store_op *world_make_leave(int64_t channel_id, int64_t alias_id)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_channel_leave_type, 0);
    struct pl_talo_op_channel_leave *leave = (void *)op;
    leave->actor = world_actor(alias_id);
    leave->channel_id = channel_id;
    return op;
}

void world_join(struct world *world, int64_t channel_id, int64_t alias_id)
{
    world_do(world, world_make_join(channel_id, alias_id));
}

void world_leave(struct world *world, int64_t channel_id, int64_t alias_id)
{
    world_do(world, world_make_leave(channel_id, alias_id));
}

int64_t world_subscribe(struct world *world, int64_t subscriber_id, int64_t target_id,
                        bool is_bidirectional)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_subscription_create_type, 0);
    struct pl_talo_op_subscription_create *create = (void *)op;
    int64_t id = pl_talo_next_id(world->talo, PL_TALO_ID_SUBSCRIPTION);
    create->game_id = 1;
    create->alias_id = subscriber_id;
    create->target_id = target_id;
    create->subscription_id = id;
    create->is_bidirectional = is_bidirectional;
    create->now_ms = WORLD_UNIX_MS;
    world_do(world, op);
    return id;
}

void world_confirm(struct world *world, int64_t subscription_id, int64_t target_id)
{
    struct pl_store_op *op = pl_store_op_create(&pl_talo_op_subscription_confirm_type, 0);
    struct pl_talo_op_subscription_confirm *confirm = (void *)op;
    confirm->game_id = 1;
    confirm->alias_id = target_id;
    confirm->subscription_id = subscription_id;
    confirm->reciprocal_id = pl_talo_next_id(world->talo, PL_TALO_ID_SUBSCRIPTION);
    confirm->now_ms = WORLD_UNIX_MS;
    world_do(world, op);
}

/* --- what is stored --- */

/* One integer; -1: no row. */
static int64_t ask(struct world *world, const char *text, int64_t id)
{
    struct pl_sql_value value = pl_sql_int(id);
    struct pl_sql_rows rows;
    int64_t answer = -1;
    assert_int_equal(pl_sql_query(&rows, pl_store_fake_sql(world->store), text, &value, 1, NULL),
                     0);
    if (pl_sql_next(&rows, NULL) == 1) {
        answer = pl_sql_get_int(&rows, 0);
    }
    pl_sql_end(&rows);
    return answer;
}

bool world_is_online(struct world *world, int64_t alias_id)
{
    return ask(world,
               "SELECT p.is_online FROM talo_presences p JOIN talo_aliases a ON a.player_id = "
               "p.player_id WHERE a.id = $1",
               alias_id) == 1;
}

int64_t world_stored_count(struct world *world, int64_t channel_id)
{
    return ask(world, "SELECT message_count FROM talo_channels WHERE id = $1", channel_id);
}
