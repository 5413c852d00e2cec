/* The dialects that the load generator speaks. `socketio` is Engine.IO 4 with the default namespace
 * of Socket.IO 5, `eio` is Engine.IO 4 without it, `ws` is WebSocket messages as they are, `talo` is Talo's
 * socket, whose connections need logins: members of the channel with the id 1. */
#include "dialect.h"

/* "0{...}" opens, "2" pings, "40{...}" connects, "44{...}" refuses, "42[...]" is an event; of the
 * events the application has two: "broadcast" and "message-back". */
static enum pl_load_event socketio_classify(struct pl_str message)
{
    if (message.len == 0) {
        return PL_LOAD_OTHER;
    }
    char type = message.len > 1 ? message.ptr[1] : '\0';
    switch (message.ptr[0]) {
    case '0':
        return PL_LOAD_GREETED;
    case '1':
        return PL_LOAD_REFUSED;
    case '2':
        return PL_LOAD_PING;
    case '4':
        break;
    default:
        return PL_LOAD_OTHER;
    }
    if (type == '2' && message.len > 4) {
        return message.ptr[4] == 'b' ? PL_LOAD_BROADCAST : PL_LOAD_ECHO;
    }
    return type == '0' ? PL_LOAD_READY : PL_LOAD_REFUSED; /* '1' and '4': thrown out */
}

static enum pl_load_event eio_classify(struct pl_str message)
{
    if (message.len == 0) {
        return PL_LOAD_OTHER;
    }
    switch (message.ptr[0]) {
    case '0':
        return PL_LOAD_READY;
    case '1':
        return PL_LOAD_REFUSED;
    case '2':
        return PL_LOAD_PING;
    case '4':
        return message.len > 1 && message.ptr[1] == 'b' ? PL_LOAD_BROADCAST : PL_LOAD_ECHO;
    default:
        return PL_LOAD_OTHER;
    }
}

static enum pl_load_event ws_classify(struct pl_str message)
{
    return message.len > 0 && message.ptr[0] == 'b' ? PL_LOAD_BROADCAST : PL_LOAD_ECHO;
}

/* The events that matter begin in different ways; errors, of whatever kind, end the run. */
static enum pl_load_event talo_classify(struct pl_str message)
{
    static const struct {
        struct pl_str head;
        enum pl_load_event event;
    } rows[] = {
        {PL_STR_INIT("{\"res\":\"v1.channels.message\""), PL_LOAD_BROADCAST},
        {PL_STR_INIT("{\"res\":\"v1.connected\""), PL_LOAD_GREETED},
        {PL_STR_INIT("{\"res\":\"v1.players.identify.success\""), PL_LOAD_READY},
        {PL_STR_INIT("{\"res\":\"v1.error\""), PL_LOAD_REFUSED},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (pl_str_starts_with(message, rows[i].head)) {
            return rows[i].event;
        }
    }
    return PL_LOAD_OTHER;
}

static const struct pl_load_dialect dialects[] = {
    {
        .name = "socketio",
        .target = "/socket.io/?EIO=4&transport=websocket",
        .greeting = PL_STR_INIT("40"),
        .pong = PL_STR_INIT("3"),
        .echo = {PL_STR_INIT("42[\"message\",\""), PL_STR_INIT("\"]")},
        .reply_head_len = sizeof("42[\"message-back\",\"") - 1,
        .broadcast = {PL_STR_INIT("42[\"broadcast\",\""), PL_STR_INIT("\"]")},
        .classify = socketio_classify,
    },
    {
        .name = "eio",
        .target = "/engine.io/?EIO=4&transport=websocket",
        .pong = PL_STR_INIT("3"),
        .echo = {PL_STR_INIT("4e"), PL_STR_INIT("")},
        .reply_head_len = 2,
        .broadcast = {PL_STR_INIT("4b"), PL_STR_INIT("")},
        .classify = eio_classify,
    },
    {
        .name = "ws",
        .target = "/echo",
        .is_ready_at_once = true,
        .echo = {PL_STR_INIT("e"), PL_STR_INIT("")},
        .reply_head_len = 1,
        .broadcast = {PL_STR_INIT("b"), PL_STR_INIT("")},
        .classify = ws_classify,
    },
    {
        .name = "talo",
        .target = "/",
        .broadcast = {PL_STR_INIT(
                          "{\"req\":\"v1.channels.message\",\"data\":{\"channel\":{\"id\":1},"
                          "\"message\":\""),
                      PL_STR_INIT("\"}}")},
        .has_other_shape = true,
        .classify = talo_classify,
    },
};

const struct pl_load_dialect *pl_load_dialect_find(const char *name)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(dialects); i++) {
        if (strcmp(dialects[i].name, name) == 0) {
            return &dialects[i];
        }
    }
    return NULL;
}
