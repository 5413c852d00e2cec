/* The application over Socket.IO: emits, asks, acknowledges, disconnects and connects again; and
 * the checks of what arrives on either side. */
#include "world.h"

#include "base/alloc.h"
#include "content.h"

#include <inttypes.h>
#include <stdio.h>

#define BACKLOG_MAX 30 /* one at a time takes its time */

static bool has_retries(const struct world *world)
{
    return world->config.retries > 0;
}

/* --- what the server sees --- */

static void on_server_connect(struct server_socket *socket, bool is_recovered, void *user)
{
    struct world *world = user;
    struct app_socket *app = world->sockets[socket->nsp];
    app->instance_count++;
    if (app->instance_count >= WORLD_INSTANCES_MAX) {
        sim_fail("it connects over and over");
    }
    app->boundaries[app->instance_count] = UINT64_MAX;
    app->is_last_recovered = is_recovered;
    socket->world[0] = 0;                   /* nothing received yet in this instance */
    socket->world[1] = app->instance_count; /* its number */
}

static uint64_t number_in(const struct pl_sio_packet *packet)
{
    struct pl_str rest = packet->args;
    struct pl_str first = pl_str_split(&rest, ',');
    uint64_t n = 0;
    if (!pl_str_to_u64(&n, first, WORLD_EVENTS_MAX)) {
        sim_fail("an event without a number: " PL_STR_FMT, PL_STR_ARG(packet->args));
    }
    return n;
}

static void check_content(const struct pl_sio_message *message, uint64_t n)
{
    struct pl_buf expected;
    pl_buf_init(&expected, (size_t)1 << 20);
    content_raw_args(&expected, -1, n);
    if (!pl_str_eq(pl_buf_str(&expected), message->packet.args)) {
        sim_fail("event %" PRIu64 " came with other arguments", n);
    }
    content_bytes(&expected, n);
    if ((message->attachment_count > 0) != (expected.len > 0) ||
        (expected.len > 0 &&
         !pl_str_eq(pl_buf_str(&expected), pl_blob_str(message->attachments[0])))) {
        sim_fail("event %" PRIu64 " came with other bytes", n);
    }
    pl_buf_fini(&expected);
}

/* Between `from` and `to` nothing is missing but what may be lost. */
static void check_gap(const struct app_socket *app, uint64_t from, uint64_t to)
{
    for (uint64_t n = from; n < to; n++) {
        if (!app->may_be_lost[n] && !app->is_received[n]) {
            sim_fail("%s: event %" PRIu64 " is missing before %" PRIu64,
                     server_nsp_name(app->nsp).ptr, n, to);
        }
    }
}

/* In order and whole; once, unless it is sent again until it is acknowledged. */
static void check_event(struct app_socket *app, struct server_socket *socket, uint64_t n)
{
    bool is_first = socket->world[0] == 0;
    if (n >= app->emitted) {
        sim_fail("event %" PRIu64 " was never emitted", n);
    }
    if (has_retries(app->world)) {
        if (n >= app->received) {
            check_gap(app, app->received, n);
        }
        return;
    }
    if (app->is_received[n] || (n < app->received && socket->world[1] > app->left_instance)) {
        sim_fail("event %" PRIu64 " came again, or too late", n);
    }
    if (!is_first) {
        check_gap(app, socket->world[0], n);
    } else if (app->boundaries[socket->world[1]] != UINT64_MAX) {
        check_gap(app, app->boundaries[socket->world[1]], n);
    }
}

static void on_server_event(struct server_socket *socket, const struct pl_sio_message *message,
                            void *user)
{
    struct world *world = user;
    struct app_socket *app = world->sockets[socket->nsp];
    const struct pl_sio_packet *packet = &message->packet;
    uint64_t n = number_in(packet);
    world_note(world, "server event", socket->nsp, n);
    check_event(app, socket, n);
    check_content(message, n);
    app->is_received[n] = true;
    socket->world[0] = n + 1;
    app->received = (uint64_t)pl_i64_max((int64_t)app->received, (int64_t)n + 1);
    if (!packet->has_id || sim_chance(&world->rng, world->server.options.drop_ack_percent)) {
        return;
    }
    if (!world->is_fair && sim_chance(&world->rng, 20) && socket->late_count < SERVER_LATE_MAX) {
        socket->late[socket->late_count][0] = packet->id;
        socket->late[socket->late_count++][1] = n;
    } else {
        server_ack(socket, packet->id, n);
    }
}

static void on_server_ack(struct server_socket *socket, const struct pl_sio_message *message,
                          void *user)
{
    struct world *world = user;
    if (socket->session->connect_count[socket->nsp] > 1) {
        return; /* it may answer what was asked before it left and came back */
    }
    if (message->packet.id >= socket->asked_count ||
        message->packet.id != number_in(&message->packet) ||
        message->packet.id < socket->answered_until) {
        sim_fail("acknowledgement %" PRIu64 " was not asked for, or came twice",
                 message->packet.id);
    }
    socket->answered_until = message->packet.id + 1;
    world_note(world, "server ack", socket->nsp, message->packet.id);
}

static void on_server_disconnect(struct server_socket *socket, void *user)
{
    struct world *world = user;
    world_note(world, "server goodbye", socket->nsp, socket->index);
    world->goodbye_count++;
}

const struct server_owner app_server_owner = {.on_connect = on_server_connect,
                                              .on_event = on_server_event,
                                              .on_ack = on_server_ack,
                                              .on_disconnect = on_server_disconnect};

/* --- what the client sees --- */

static void on_connected(struct app_socket *app, const struct parley_client_event *event)
{
    app->attempt = 0;
    app->retry_ms = -1;
    app->boundaries[app->instance_count] = app->boundary;
    if (event->is_recovered != app->is_last_recovered) {
        sim_fail("recovered: the client says %d, the server %d", event->is_recovered,
                 app->is_last_recovered);
    }
}

/* It failed, or ended: what comes next? */
static void on_down(struct app_socket *app, const struct parley_client_event *event)
{
    app->owes_auth = false;
    app->is_active = event->delay_ms >= 0;
    app->retry_ms = event->delay_ms < 0 ? -1 : app->world->net.now_ms + event->delay_ms;
    if (event->delay_ms >= 0) {
        world_check_delay(app->world, event->delay_ms, app->attempt);
    }
}

static void on_event(struct parley_sio *sio, const struct parley_client_event *event, void *user)
{
    struct app_socket *app = user;
    struct world *world = app->world;
    (void)sio;
    world_note(world, "event", app->nsp * 10 + event->kind, (uint64_t)(int64_t)event->delay_ms);
    if (world->has_trace) {
        printf("         %s: kind %d, error %d, %s (%s), delay %d, attempt %u\n",
               server_nsp_name(app->nsp).ptr, (int)event->kind, event->error, event->reason,
               event->detail, event->delay_ms, event->attempt);
    }
    switch (event->kind) {
    case PARLEY_CLIENT_CONNECTED:
        on_connected(app, event);
        break;
    case PARLEY_CLIENT_DISCONNECTED:
        app->boundary = app->emitted;
        app->attempt = 0;
        on_down(app, event);
        break;
    case PARLEY_CLIENT_CONNECT_FAILED:
        on_down(app, event);
        break;
    case PARLEY_CLIENT_RECONNECTING:
        if (app->retry_ms >= 0 && app->retry_ms != world->net.now_ms) {
            sim_fail("an attempt at another time than was said");
        }
        app->attempt = event->attempt;
        app->retry_ms = -1;
        break;
    case PARLEY_CLIENT_GAVE_UP:
        app->is_active = false;
        break;
    }
}

/* The session may be another: then it begins again at 0. */
static void note_session(struct app_socket *app, uint32_t index)
{
    if (index < app->index) {
        sim_fail("events of socket %u after those of %u", index, app->index);
    }
    if (index > app->index) {
        app->index = index;
        app->next_event = 0;
        app->next_question = 0;
    }
}

static void on_server_says(struct parley_sio *sio, const char *event,
                           const struct parley_args *args, struct parley_sio_ack *ack, void *user)
{
    struct app_socket *app = user;
    uint64_t n = (uint64_t)parley_val_int(parley_args_get(args, 1), -1);
    (void)sio;
    (void)event;
    world_note(app->world, "says", app->nsp, n);
    note_session(app, (uint32_t)parley_val_int(parley_args_get(args, 0), 0));
    if (ack != NULL || n != app->next_event || !content_is(args, 2, n)) {
        sim_fail("%s: event %" PRIu64 " of socket %u instead of %" PRIu64,
                 server_nsp_name(app->nsp).ptr, n, app->index, app->next_event);
    }
    app->next_event++;
}

static void on_server_asks(struct parley_sio *sio, const char *event,
                           const struct parley_args *args, struct parley_sio_ack *ack, void *user)
{
    struct app_socket *app = user;
    uint64_t n = (uint64_t)parley_val_int(parley_args_get(args, 1), -1);
    struct parley_args *answer = content_args(n);
    (void)sio;
    (void)event;
    world_note(app->world, "asks", app->nsp, n);
    note_session(app, (uint32_t)parley_val_int(parley_args_get(args, 0), 0));
    if (ack == NULL || n < app->next_question || !content_is(args, 2, n)) {
        sim_fail("%s: question %" PRIu64 " instead of %" PRIu64, server_nsp_name(app->nsp).ptr, n,
                 app->next_question);
    }
    app->next_question = n + 1;
    if (sim_chance(&app->world->rng, 80)) {
        (void)parley_sio_ack_send(ack, answer);
    }
    parley_args_unref(answer);
}

static void get_auth(struct parley_sio *sio, void *user)
{
    struct app_socket *app = user;
    if (sim_chance(&app->world->rng, 50)) {
        app->owes_auth = true;
    } else if (parley_sio_auth(sio, NULL) < 0) {
        sim_fail("the auth that was asked for is refused");
    }
}

static void on_ack(struct parley_sio *sio, int error, const struct parley_args *args, void *user)
{
    struct app_ack_note *note = user;
    struct app_socket *app = note->app;
    (void)sio;
    world_note(app->world, "ack", note->n, (uint64_t)(int64_t)error);
    if (app->ack[note->n] != APP_ACK_PENDING) {
        sim_fail("the acknowledgement of %" PRIu64 " is told twice", note->n);
    }
    app->ack[note->n] = APP_ACK_RAN;
    if (error == PARLEY_E_TIMEOUT && !has_retries(app->world)) {
        app->may_be_lost[note->n] = true; /* taken out of the buffer, if it was there still */
    }
    if (error == 0 && (parley_val_int(parley_args_get(args, 0), -1) != (int64_t)note->n ||
                       !content_is(args, 1, note->n))) {
        sim_fail("the acknowledgement of %" PRIu64 " is another's", note->n);
    }
    if (error != 0 && error != PARLEY_E_TIMEOUT && error != PARLEY_E_CLOSED) {
        sim_fail("the acknowledgement of %" PRIu64 " ends with %d", note->n, error);
    }
    if (error == 0 && app->received <= note->n) {
        sim_fail("acknowledged, and never received: %" PRIu64, note->n);
    }
}

/* --- what it does --- */

void app_emit(struct app_socket *app)
{
    struct world *world = app->world;
    uint64_t n = app->emitted;
    struct parley_args *args = content_args(n);
    uint32_t kind = sim_between(&world->rng, has_retries(world) ? 1 : 0, 9);
    int rc = 0;
    if (n + 1 >= WORLD_EVENTS_MAX || (has_retries(world) && n >= app->received + BACKLOG_MAX)) {
        parley_args_unref(args);
        return;
    }
    app->emitted++; /* a callback may run before the call is over */
    app->may_be_lost[n] = kind == 0;
    if (kind == 0) {
        rc = parley_sio_emit_volatile(app->sio, "c", args);
    } else if (kind < 4) {
        app->notes[n] = (struct app_ack_note){app, n};
        app->ack[n] = APP_ACK_PENDING;
        rc = parley_sio_emit_ack(app->sio, "c", args,
                                 sim_chance(&world->rng, 30) && !has_retries(world)
                                     ? (int)sim_between(&world->rng, 1, 5000)
                                     : 0,
                                 on_ack, &app->notes[n]);
        if (rc < 0) {
            app->ack[n] = APP_ACK_NONE;
        }
    } else {
        rc = parley_sio_emit(app->sio, "c", args);
    }
    parley_args_unref(args);
    world_note(world, "emit", n, (uint64_t)(int64_t)rc);
    if (rc == PARLEY_E_FULL) {
        app->emitted--;
        app->may_be_lost[n] = false;
    } else if (rc < 0) {
        sim_fail("emit returns %d: %s", rc, parley_client_error(world->client));
    }
}

void app_connect(struct app_socket *app)
{
    int rc = parley_sio_connect(app->sio);
    world_note(app->world, "connect", app->nsp, (uint64_t)(int64_t)rc);
    if (rc < 0) {
        sim_fail("connect returns %d: %s", rc, parley_client_error(app->world->client));
    }
    app->is_active = true;
    app->attempt = 0;
    app->retry_ms = -1;
}

static void disconnect(struct app_socket *app)
{
    int rc = 0;
    app->is_active = false;
    app->retry_ms = -1;
    app->owes_auth = false;
    app->left_instance = app->instance_count;
    rc = parley_sio_disconnect(app->sio);
    world_note(app->world, "disconnect", app->nsp, (uint64_t)(int64_t)rc);
    if (rc < 0) {
        sim_fail("disconnect returns %d: %s", rc, parley_client_error(app->world->client));
    }
}

static void act_on_server(struct app_socket *app)
{
    struct world *world = app->world;
    PL_LIST_EACH(node, &world->server.sockets)
    {
        struct server_socket *socket = PL_CONTAINER_OF(node, struct server_socket, node);
        if (socket->nsp != app->nsp) {
            continue;
        }
        for (uint32_t count = sim_below(&world->rng, 4); count > 0; count--) {
            server_emit(socket);
        }
        if (sim_chance(&world->rng, 20)) {
            server_ask(socket);
        }
        server_send_late(socket);
    }
}

static void kick(struct app_socket *app)
{
    PL_LIST_EACH(node, &app->world->server.sockets)
    {
        struct server_socket *socket = PL_CONTAINER_OF(node, struct server_socket, node);
        if (socket->nsp == app->nsp && socket->session != NULL && socket->world[0] > 0) {
            world_note(app->world, "kick", socket->nsp, socket->index);
            server_kick(socket);
            return;
        }
    }
}

static void act_once(struct app_socket *app)
{
    struct world *world = app->world;
    uint32_t dice = sim_below(&world->rng, 100);
    if (!app->is_active) {
        if (world->is_fair || dice < 30) {
            app_connect(app);
        } else {
            app_emit(app); /* kept until it is connected */
        }
    } else if (app->owes_auth) {
        app->owes_auth = false;
        if (parley_sio_auth(app->sio, NULL) < 0) {
            sim_fail("the auth that was asked for is refused later");
        }
    } else if (dice < 55) {
        for (uint32_t count = sim_between(&world->rng, 1, 4); count > 0; count--) {
            app_emit(app);
        }
    } else if (dice < 95 || world->is_fair) {
        act_on_server(app);
    } else if (dice < 97) {
        kick(app);
    } else if (parley_sio_is_connected(app->sio)) {
        disconnect(app);
    }
}

void app_act(struct world *world)
{
    act_once(world->sockets[sim_below(&world->rng, world->socket_count)]);
}

bool app_is_settled(const struct world *world)
{
    for (uint32_t i = 0; i < world->socket_count; i++) {
        const struct app_socket *app = world->sockets[i];
        uint64_t from = pl_size_max(app->received, app->boundary);
        if (!parley_sio_is_connected(app->sio)) {
            return false;
        }
        if (has_retries(world)) {
            from = app->received;
        }
        for (uint64_t n = from; n < app->emitted; n++) {
            if (!app->may_be_lost[n] && !app->is_received[n]) {
                return false;
            }
        }
        for (uint64_t n = 0; has_retries(world) && n < app->emitted; n++) {
            if (app->ack[n] == APP_ACK_PENDING) {
                return false;
            }
        }
    }
    PL_LIST_EACH(node, &world->server.sockets)
    {
        const struct server_socket *socket = PL_CONTAINER_OF(node, struct server_socket, node);
        const struct app_socket *app = world->sockets[socket->nsp];
        if (socket->session != NULL && socket->emitted_count > 0 &&
            (app->index != socket->index || app->next_event != socket->emitted_count)) {
            return false;
        }
    }
    return true;
}

/* --- its life --- */

void app_create(struct world *world)
{
    for (uint32_t i = 0; i < world->socket_count; i++) {
        struct app_socket *app = pl_alloc(sizeof(*app));
        struct parley_sio_config config = world->config;
        int rc = 0;
        world->sockets[i] = app;
        app->world = world;
        app->nsp = i;
        app->retry_ms = -1;
        config.on_event = on_event;
        config.user = app;
        config.get_auth = world->seed % 3 == 0 ? get_auth : NULL;
        rc = i == 0 ? parley_sio_create(&app->sio, world->client, "http://sim.test:7350/", &config)
                    : parley_sio_create_namespace(&app->sio, world->sockets[0]->sio,
                                                  server_nsp_name(i).ptr, &config);
        if (rc < 0 || parley_sio_on(app->sio, "s", on_server_says, app) < 0 ||
            parley_sio_on(app->sio, "q", on_server_asks, app) < 0) {
            sim_fail("no socket: %s", parley_client_error(world->client));
        }
    }
}

void app_leave(struct world *world)
{
    for (uint32_t i = 0; i < world->socket_count; i++) {
        disconnect(world->sockets[i]);
    }
}

void app_check_end(struct world *world)
{
    for (uint32_t i = 0; i < world->socket_count; i++) {
        const struct app_socket *app = world->sockets[i];
        for (uint64_t n = 0; n < app->emitted; n++) {
            if (app->ack[n] == APP_ACK_PENDING) {
                sim_fail("nobody told of the acknowledgement of %" PRIu64, n);
            }
        }
    }
}

void app_destroy(struct world *world)
{
    for (uint32_t i = world->socket_count; i-- > 0;) {
        parley_sio_destroy(world->sockets[i]->sio);
        pl_free(world->sockets[i]);
    }
}
