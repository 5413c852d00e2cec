/* Messages of Talo clients. The text is validated once, as a whole; what follows looks into it. */
#include "codec/talo_message.h"

#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "codec/json_write.h"

#define ID_MAX 9007199254740991.0 /* 2^53 - 1: beyond it a JSON number names no integer */

static const struct pl_str names[PL_TALO_REQ_COUNT] = {
    [PL_TALO_REQ_IDENTIFY] = PL_STR_INIT("v1.players.identify"),
    [PL_TALO_REQ_CHANNEL_MESSAGE] = PL_STR_INIT("v1.channels.message"),
    [PL_TALO_REQ_BROADCAST] = PL_STR_INIT("v1.player-relationships.broadcast"),
};

struct pl_str pl_talo_req_name(enum pl_talo_req req)
{
    PL_ASSERT(req < PL_TALO_REQ_COUNT);
    return names[req];
}

/* --- the envelope --- */

static void split_signature(struct pl_talo_message *out, struct pl_str text)
{
    size_t at = pl_str_find_char(text, '\n');
    if (at < text.len) {
        out->has_signature = true;
        out->signature = pl_str_first(text, at);
        out->payload = pl_str_from(text, at + 1);
    }
}

static bool find_request(enum pl_talo_req *out, struct pl_str raw)
{
    for (unsigned i = 0; i < PL_TALO_REQ_COUNT; i++) {
        if (pl_json_string_equals(raw, names[i])) {
            *out = (enum pl_talo_req)i;
            return true;
        }
    }
    return false;
}

int pl_talo_message_read(struct pl_talo_message *out, struct pl_str text, bool has_line)
{
    struct pl_str raw_request;
    *out = (struct pl_talo_message){.payload = text};
    if (has_line) {
        split_signature(out, text);
    }
    if (pl_json_validate(out->payload, PL_JSON_DEPTH_MAX, NULL) < 0) {
        return PL_E_PROTO;
    }
    if (!pl_json_object_find(&raw_request, out->payload, PL_STR("req")) ||
        !find_request(&out->req, raw_request) ||
        !pl_json_object_find(&out->data, out->payload, PL_STR("data")) ||
        pl_json_raw_kind(out->data) != PL_JSON_OBJECT_BEGIN) {
        return PL_E_INVALID;
    }
    return 0;
}

/* --- data --- */

static bool read_text(struct pl_str *out, struct pl_str object, struct pl_str key,
                      struct pl_arena *arena)
{
    struct pl_str raw;
    return pl_json_object_find(&raw, object, key) && pl_json_raw_kind(raw) == PL_JSON_STRING &&
           pl_json_string_decode(out, arena, raw, NULL) == 0;
}

/* Any finite number has the shape; 5, 5.0 and 5e0 are the same one. */
static bool read_id(int64_t *out, struct pl_str object, struct pl_str key)
{
    struct pl_str raw;
    double value = 0;
    if (!pl_json_object_find(&raw, object, key) || pl_json_raw_kind(raw) != PL_JSON_NUMBER ||
        !pl_json_number_to_double(&value, raw)) {
        return false;
    }
    *out = 0;
    if (value >= 1 && value <= ID_MAX && (double)(int64_t)value == value) {
        *out = (int64_t)value;
    }
    return true;
}

bool pl_talo_identify_read(struct pl_talo_identify *out, struct pl_str data, struct pl_arena *arena)
{
    struct pl_str raw;
    *out = (struct pl_talo_identify){.session_token = PL_STR("")};
    return read_id(&out->alias_id, data, PL_STR("playerAliasId")) &&
           read_text(&out->socket_token, data, PL_STR("socketToken"), arena) &&
           (!pl_json_object_find(&raw, data, PL_STR("sessionToken")) ||
            read_text(&out->session_token, data, PL_STR("sessionToken"), arena));
}

bool pl_talo_channel_message_read(struct pl_talo_channel_message *out, struct pl_str data,
                                  struct pl_arena *arena)
{
    struct pl_str channel;
    return pl_json_object_find(&channel, data, PL_STR("channel")) &&
           read_id(&out->channel_id, channel, PL_STR("id")) &&
           read_text(&out->message, data, PL_STR("message"), arena);
}

bool pl_talo_broadcast_read(struct pl_str *message, struct pl_str data, struct pl_arena *arena)
{
    return read_text(message, data, PL_STR("message"), arena);
}

/* --- compact --- */

static void write_string(struct pl_buf *out, const struct pl_json_token *token)
{
    struct pl_arena arena;
    struct pl_str text;
    if (!token->has_escapes) {
        pl_buf_add_str(out, token->raw);
        return;
    }
    pl_arena_init(&arena, token->raw.len * 2 + 1024);
    if (pl_json_string_decode(&text, &arena, token->raw, NULL) == 0) {
        pl_json_write_string(out, text);
    } else {
        pl_buf_add_str(out, token->raw); /* as good, only longer */
    }
    pl_arena_fini(&arena);
}

static void write_number(struct pl_buf *out, struct pl_str raw)
{
    double value = 0;
    if (pl_json_number_to_double(&value, raw)) {
        pl_json_write_double(out, value);
    } else {
        pl_json_write_null(out); /* JSON.parse makes an infinity of it */
    }
}

static void write_token(struct pl_buf *out, const struct pl_json_token *token)
{
    switch (token->kind) {
    case PL_JSON_KEY:
        write_string(out, token);
        pl_buf_add_char(out, ':');
        break;
    case PL_JSON_STRING:
        write_string(out, token);
        break;
    case PL_JSON_NUMBER:
        write_number(out, token->raw);
        break;
    case PL_JSON_END:
    case PL_JSON_OBJECT_BEGIN:
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_BEGIN:
    case PL_JSON_ARRAY_END:
    case PL_JSON_TRUE:
    case PL_JSON_FALSE:
    case PL_JSON_NULL:
        pl_buf_add_str(out, token->raw);
        break;
    }
}

void pl_talo_message_write_compact(struct pl_buf *out, struct pl_str json)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    bool needs_comma = false;
    pl_json_reader_init(&reader, json, PL_JSON_DEPTH_MAX);
    while (pl_json_next(&token, &reader, NULL) == 0 && token.kind != PL_JSON_END) {
        bool is_end = token.kind == PL_JSON_OBJECT_END || token.kind == PL_JSON_ARRAY_END;
        bool is_begin = token.kind == PL_JSON_OBJECT_BEGIN || token.kind == PL_JSON_ARRAY_BEGIN;
        if (needs_comma && !is_end) {
            pl_buf_add_char(out, ',');
        }
        write_token(out, &token);
        needs_comma = !is_begin && token.kind != PL_JSON_KEY;
    }
}
