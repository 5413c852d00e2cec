/* A stream is named by its kind and the decimal id of what it belongs to. */
#include "service/talo/streams.h"

#include "service/talo/talo_internal.h"

#define ID_TEXT_MAX 24

const char *pl_talo_stream_name(uint8_t kind)
{
    switch ((enum pl_talo_stream)kind) {
    case PL_TALO_STREAM_CONFIG:
        return "talo-config";
    case PL_TALO_STREAM_PRESENCE:
        return "talo-presence";
    case PL_TALO_STREAM_CHANNEL:
        return "talo-channel";
    case PL_TALO_STREAM_BROADCAST:
        return "talo-broadcast";
    }
    return NULL;
}

/* Written from its end; this happens for every message, and printf takes its time. */
static struct pl_stream_key key_of(char text[ID_TEXT_MAX], enum pl_talo_stream kind, int64_t id)
{
    uint64_t left = (uint64_t)id; /* an id is never negative; a number of a client is no id then */
    size_t at = ID_TEXT_MAX;
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    return (struct pl_stream_key){.kind = (uint8_t)kind,
                                  .subject = pl_str_make(text + at, ID_TEXT_MAX - at)};
}

static unsigned receives(const struct pl_talo_conn *conn, uint32_t scope)
{
    return (conn->scopes & scope) != 0 ? PL_MEMBER_SUBSCRIBER : 0;
}

static unsigned flags_of(const struct pl_talo_conn *conn, enum pl_talo_stream kind)
{
    switch (kind) {
    case PL_TALO_STREAM_CONFIG:
        return receives(conn, PL_TALO_READ_CONFIG);
    case PL_TALO_STREAM_PRESENCE:
        return receives(conn, PL_TALO_READ_PRESENCE);
    case PL_TALO_STREAM_CHANNEL:
        return PL_MEMBER_PRESENCE | PL_MEMBER_HIDDEN | receives(conn, PL_TALO_READ_CHANNELS);
    case PL_TALO_STREAM_BROADCAST:
        return receives(conn, PL_TALO_READ_BROADCASTS);
    }
    return 0;
}

void pl_talo_stream_join(struct pl_talo_conn *conn, enum pl_talo_stream kind, int64_t id)
{
    struct pl_talo *talo = conn->talo;
    char text[ID_TEXT_MAX];
    struct pl_stream_key key = key_of(text, kind, id);
    unsigned flags = flags_of(conn, kind);
    if (flags == 0) {
        return;
    }
    if (pl_hub_join(talo->config.hub, conn->session, &key, flags, NULL, NULL) == PL_E_FULL) {
        (void)pl_log_limited(talo->config.log, &talo->log_limit, pl_hub_now_ms(talo->config.hub),
                             PL_LOG_WARN, "talo.too_many_streams", "alias=%lld stream=%s id=%lld",
                             (long long)conn->alias_id, pl_talo_stream_name((uint8_t)kind),
                             (long long)id);
    }
}

void pl_talo_stream_leave(struct pl_talo_conn *conn, enum pl_talo_stream kind, int64_t id)
{
    char text[ID_TEXT_MAX];
    struct pl_stream_key key = key_of(text, kind, id);
    (void)pl_hub_leave(conn->talo->config.hub, conn->session, &key);
}

bool pl_talo_stream_has(const struct pl_talo_conn *conn, enum pl_talo_stream kind, int64_t id)
{
    char text[ID_TEXT_MAX];
    struct pl_stream_key key = key_of(text, kind, id);
    return pl_hub_find_member(conn->talo->config.hub, conn->session, &key) != NULL;
}

/* Leave the kinds from `first` to `last`. */
static void leave_kinds(struct pl_talo_conn *conn, enum pl_talo_stream first,
                        enum pl_talo_stream last)
{
    struct pl_hub *hub = conn->talo->config.hub;
    struct pl_member *member = pl_session_next_member(conn->session, NULL);
    while (member != NULL) {
        struct pl_member *next = pl_session_next_member(conn->session, member);
        uint8_t kind = pl_stream_key(pl_member_stream(member)).kind;
        if (kind >= first && kind <= last) {
            pl_hub_leave_member(hub, member);
        }
        member = next;
    }
}

void pl_talo_stream_leave_all(struct pl_talo_conn *conn)
{
    leave_kinds(conn, PL_TALO_STREAM_CONFIG, PL_TALO_STREAM_BROADCAST);
}

void pl_talo_stream_leave_alias(struct pl_talo_conn *conn)
{
    leave_kinds(conn, PL_TALO_STREAM_CHANNEL, PL_TALO_STREAM_BROADCAST);
}

/* Whether one of `count` ids, in ascending order, is the stream's. */
static bool is_among(const int64_t *ids, size_t count, struct pl_str subject)
{
    size_t low = 0;
    size_t high = count;
    uint64_t id = 0;
    if (!pl_str_to_u64(&id, subject, INT64_MAX)) {
        return false;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ids[middle] < (int64_t)id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && ids[low] == (int64_t)id;
}

/* Whether the alias is to be in this stream; those of games are none of its affairs. */
static bool belongs(const struct pl_stream_key *key, const struct pl_talo_memberships *memberships)
{
    switch ((enum pl_talo_stream)key->kind) {
    case PL_TALO_STREAM_CHANNEL:
        return is_among(memberships->channel_ids, memberships->channel_count, key->subject);
    case PL_TALO_STREAM_BROADCAST:
        return is_among(memberships->broadcaster_ids, memberships->broadcaster_count, key->subject);
    case PL_TALO_STREAM_CONFIG:
    case PL_TALO_STREAM_PRESENCE:
        return true;
    }
    return true;
}

void pl_talo_stream_sync(struct pl_talo_conn *conn, const struct pl_talo_memberships *memberships)
{
    struct pl_member *member = pl_session_next_member(conn->session, NULL);
    while (member != NULL) {
        struct pl_member *next = pl_session_next_member(conn->session, member);
        struct pl_stream_key key = pl_stream_key(pl_member_stream(member));
        if (!belongs(&key, memberships)) {
            pl_hub_leave_member(conn->talo->config.hub, member);
        }
        member = next;
    }
    for (size_t i = 0; i < memberships->channel_count; i++) {
        pl_talo_stream_join(conn, PL_TALO_STREAM_CHANNEL, memberships->channel_ids[i]);
    }
    for (size_t i = 0; i < memberships->broadcaster_count; i++) {
        pl_talo_stream_join(conn, PL_TALO_STREAM_BROADCAST, memberships->broadcaster_ids[i]);
    }
}

static struct pl_stream *find(struct pl_talo *talo, enum pl_talo_stream kind, int64_t id)
{
    char text[ID_TEXT_MAX];
    struct pl_stream_key key = key_of(text, kind, id);
    return pl_stream_find(talo->config.hub, &key);
}

void pl_talo_stream_empty(struct pl_talo *talo, enum pl_talo_stream kind, int64_t id)
{
    struct pl_stream *stream = find(talo, kind, id);
    struct pl_member *member = stream == NULL ? NULL : pl_stream_next_member(stream, NULL);
    while (member != NULL) {
        /* The stream is gone with its last member, so what comes next is asked before. */
        struct pl_member *next = pl_stream_next_member(stream, member);
        pl_hub_leave_member(talo->config.hub, member);
        member = next;
    }
}

struct encoding {
    const struct pl_talo_config *config;
    const struct pl_talo_event *event;
};

static struct pl_frame *encode(void *user, uint8_t encoding)
{
    const struct encoding *encoder = user;
    return encoder->config->encode(encoder->config->user, encoder->event, encoding);
}

int pl_talo_stream_publish(struct pl_talo *talo, enum pl_talo_stream kind, int64_t id,
                           const struct pl_talo_event *event)
{
    struct encoding encoding = {&talo->config, event};
    struct pl_stream *stream = find(talo, kind, id);
    struct pl_publish publish = {
        .include = &stream,
        .include_count = 1,
        .message = {.encode = encode, .user = &encoding},
        .counters = {PL_METRIC_TALO_MESSAGES_OUT, PL_METRIC_TALO_BYTES_OUT},
    };
    return stream == NULL ? 0 : pl_hub_publish(talo->config.hub, &publish);
}
