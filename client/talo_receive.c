/* Messages of the socket: the envelope, then the structs that its name promises. What the library
 * does with one comes first, then the application is told. Source: shared spec talo.md 1.5, 1.8. */
#include "client/talo_internal.h"

#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "value/wire.h"

#define ARENA_MIN 16384
#define ARENA_PER_BYTE 4 /* of a message: what a service really sends takes less than three */

/* What a message cannot be without. */
enum {
    NEEDS_ALIAS = 1,
    NEEDS_CHANNEL = 2,
    NEEDS_PRESENCE = 4,
    NEEDS_SUBSCRIPTION = 8,
};

struct row {
    struct pl_str res;
    enum parley_talo_kind kind;
    unsigned needs;
};

static const struct row rows[] = {
    {PL_STR_INIT("v1.connected"), PARLEY_TALO_CONNECTED, 0},
    {PL_STR_INIT("v1.error"), PARLEY_TALO_ERROR, 0},
    {PL_STR_INIT("v1.players.identify.success"), PARLEY_TALO_IDENTIFIED, NEEDS_ALIAS},
    {PL_STR_INIT("v1.players.presence.updated"), PARLEY_TALO_PRESENCE_UPDATED, NEEDS_PRESENCE},
    {PL_STR_INIT("v1.channels.message"), PARLEY_TALO_CHANNEL_MESSAGE, NEEDS_CHANNEL | NEEDS_ALIAS},
    {PL_STR_INIT("v1.channels.player-joined"), PARLEY_TALO_CHANNEL_JOINED,
     NEEDS_CHANNEL | NEEDS_ALIAS},
    {PL_STR_INIT("v1.channels.player-left"), PARLEY_TALO_CHANNEL_LEFT, NEEDS_CHANNEL | NEEDS_ALIAS},
    {PL_STR_INIT("v1.channels.deleted"), PARLEY_TALO_CHANNEL_DELETED, NEEDS_CHANNEL},
    {PL_STR_INIT("v1.channels.ownership-transferred"), PARLEY_TALO_CHANNEL_OWNER_CHANGED,
     NEEDS_CHANNEL | NEEDS_ALIAS},
    {PL_STR_INIT("v1.channels.updated"), PARLEY_TALO_CHANNEL_UPDATED, NEEDS_CHANNEL},
    {PL_STR_INIT("v1.channels.storage.updated"), PARLEY_TALO_CHANNEL_STORAGE_UPDATED,
     NEEDS_CHANNEL},
    {PL_STR_INIT("v1.live-config.updated"), PARLEY_TALO_LIVE_CONFIG_UPDATED, 0},
    {PL_STR_INIT("v1.player-relationships.broadcast"), PARLEY_TALO_BROADCAST, NEEDS_ALIAS},
    {PL_STR_INIT("v1.player-relationships.subscription-created"), PARLEY_TALO_SUBSCRIPTION_CREATED,
     NEEDS_SUBSCRIPTION},
    {PL_STR_INIT("v1.player-relationships.subscription-confirmed"),
     PARLEY_TALO_SUBSCRIPTION_CONFIRMED, NEEDS_SUBSCRIPTION},
    {PL_STR_INIT("v1.player-relationships.subscription-deleted"), PARLEY_TALO_SUBSCRIPTION_DELETED,
     NEEDS_SUBSCRIPTION},
};

static const struct row *find_row(struct pl_str raw_res)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_json_string_equals(raw_res, rows[i].res)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* --- telling --- */

static void tell_error(struct parley_talo *talo, const struct parley_talo_error *error)
{
    if (talo->config.on_error != NULL) {
        pl_client_count_callback(talo->client);
        talo->config.on_error(talo, error, talo->config.user);
    }
}

static void tell(struct parley_talo *talo, const struct parley_talo_message *message)
{
    if (talo->config.on_message != NULL) {
        pl_client_count_callback(talo->client);
        talo->config.on_message(talo, message, talo->config.user);
    }
    if (message->kind == PARLEY_TALO_ERROR && !talo->is_destroyed) {
        tell_error(talo, message->error);
    }
}

static void tell_nonsense(struct parley_talo *talo, const char *what)
{
    const struct parley_talo_error error = {
        .req = "unknown", .code = "BAD_MESSAGE", .message = what, .cause = ""};
    tell_error(talo, &error);
}

/* --- reading --- */

static bool has_needed(const struct parley_talo_message *message, unsigned needs)
{
    return ((needs & NEEDS_ALIAS) == 0 || message->alias != NULL) &&
           ((needs & NEEDS_CHANNEL) == 0 || message->channel != NULL) &&
           ((needs & NEEDS_PRESENCE) == 0 || message->presence != NULL) &&
           ((needs & NEEDS_SUBSCRIPTION) == 0 || message->subscription != NULL);
}

/* One struct of an object. *out stays NULL when it is not what its table needs. Returns 0 or
 * PL_E_NOMEM. */
static int read_struct(const void **out, struct pl_arena *arena, const struct pl_talo_shape *shape,
                       struct pl_str data)
{
    void *inside = pl_arena_alloc(arena, shape->size);
    int rc = inside == NULL ? PL_E_NOMEM : pl_talo_shape_read(inside, arena, shape, data);
    if (rc == 0) {
        *out = inside;
    }
    return rc == PL_E_PROTO ? 0 : rc;
}

static int read_error(struct parley_talo_message *out, struct pl_arena *arena, struct pl_str data)
{
    const void *read = NULL;
    struct parley_talo_error *error = NULL;
    int rc = read_struct(&read, arena, &pl_talo_error_shape, data);
    error = rc < 0 ? NULL : pl_arena_alloc(arena, sizeof(*error));
    if (error == NULL) {
        return PL_E_NOMEM;
    }
    *error = *(const struct parley_talo_error *)read; /* it is an object: nothing else is needed */
    error->req = error->req[0] == '\0' ? "unknown" : error->req;
    error->code = error->code[0] == '\0' ? "API_ERROR" : error->code;
    out->error = error;
    return 0;
}

/* `data` is an object. Returns 0 or PL_E_NOMEM. */
static int read_message(struct parley_talo_message *out, struct pl_arena *arena,
                        const struct row *row, struct pl_str data)
{
    int rc = 0;
    *out = (struct parley_talo_message){0};
    rc = pl_talo_shape_read(out, arena, &pl_talo_message_shape, data);
    if (rc == 0 && row != NULL && row->kind == PARLEY_TALO_IDENTIFIED) {
        const void *alias = NULL;
        rc = read_struct(&alias, arena, &pl_talo_alias_shape, data);
        out->alias = alias;
    } else if (rc == 0 && row != NULL && row->kind == PARLEY_TALO_ERROR) {
        rc = read_error(out, arena, data);
    }
    out->data = rc < 0 ? NULL : pl_val_of_wire(data, PL_TALO_DEPTH_MAX);
    if (out->data == NULL) {
        return PL_E_NOMEM;
    }
    if (row != NULL && has_needed(out, row->needs)) {
        out->kind = row->kind;
    }
    return 0;
}

/* --- what the library does with it --- */

/* Returns 0, or PL_E_NOMEM, PL_E_FULL: the connection cannot go on. */
static int take_error(struct parley_talo *talo, const struct parley_talo_error *error)
{
    if (strcmp(error->req, "v1.players.identify") != 0 || !talo->is_identifying) {
        return 0;
    }
    talo->is_identifying = false;
    return pl_talo_identify_again(talo, error->code);
}

static int take(struct parley_talo *talo, const struct parley_talo_message *message)
{
    if (message->kind == PARLEY_TALO_ERROR) {
        return take_error(talo, message->error);
    }
    if (message->kind ==
        PARLEY_TALO_IDENTIFIED) { /* also one that the application asked for itself */
        talo->is_identifying = false;
        talo->is_identified = true;
        pl_talo_free_secret(talo->socket_token);
        talo->socket_token = NULL;
    }
    return 0;
}

static void handle(struct parley_talo *talo, const struct parley_talo_message *message)
{
    unsigned number = talo->link_number;
    int rc = 0;
    if (talo->link == PL_TALO_CONNECTING && message->kind != PARLEY_TALO_CONNECTED) {
        return; /* the service says nothing before */
    }
    if (talo->link == PL_TALO_CONNECTING) {
        pl_talo_link_connected(talo);
        if (talo->is_destroyed || talo->link_number != number) {
            return;
        }
    } else {
        rc = take(talo, message);
    }
    tell(talo, message);
    if (rc < 0 && !talo->is_destroyed && talo->link_number == number &&
        talo->link == PL_TALO_OPEN) {
        pl_talo_link_lose(talo, rc, "no memory to identify the player");
    }
}

/* Returns 0, PL_E_PROTO for what is no message, PL_E_NOMEM. */
static int read_and_handle(struct parley_talo *talo, struct pl_arena *arena, struct pl_str text)
{
    struct parley_talo_message message;
    struct pl_str raw_res;
    struct pl_str data;
    struct pl_str res;
    char *copy = NULL;
    int rc = 0;
    if (pl_json_validate(text, PL_TALO_DEPTH_MAX, NULL) < 0 ||
        !pl_json_object_find(&raw_res, text, PL_STR("res")) ||
        !pl_json_object_find(&data, text, PL_STR("data")) ||
        pl_json_raw_kind(raw_res) != PL_JSON_STRING ||
        pl_json_raw_kind(data) != PL_JSON_OBJECT_BEGIN) {
        return PL_E_PROTO;
    }
    copy = pl_arena_alloc(arena, raw_res.len);
    if (copy == NULL) {
        return PL_E_NOMEM;
    }
    res.ptr = copy;
    res.len = (size_t)pl_json_string_copy(copy, raw_res); /* it is one: room for the NUL is left */
    copy[res.len] = '\0';
    rc = read_message(&message, arena, find_row(raw_res), data);
    if (rc == 0) {
        message.res = copy;
        handle(talo, &message);
        parley_val_unref(message.data);
    }
    return rc;
}

void pl_talo_receive(struct parley_talo *talo, struct pl_str text)
{
    struct pl_arena arena;
    int rc = 0;
    if (pl_str_eq(text, PL_STR("v1.heartbeat"))) {
        return; /* our own, come back */
    }
    pl_arena_init(&arena, ARENA_MIN + text.len * ARENA_PER_BYTE);
    rc = read_and_handle(talo, &arena, text);
    if (rc == PL_E_NOMEM) {
        pl_talo_link_lose(talo, rc, "no memory for a message");
    } else if (rc == PL_E_PROTO) {
        tell_nonsense(talo, "the service sent what is no message");
    }
    pl_arena_fini(&arena);
}
