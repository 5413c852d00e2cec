/* Socket.IO packets: the header from left to right, then one pass of the JSON tokenizer that both
 * checks the payload and finds its parts. */
#include "codec/sio_packet.h"

#include "codec/json_read.h"
#include "codec/json_string.h"

static const struct pl_str reserved_events[] = {
    PL_STR_INIT("connect"),       PL_STR_INIT("connect_error"), PL_STR_INIT("disconnect"),
    PL_STR_INIT("disconnecting"), PL_STR_INIT("newListener"),   PL_STR_INIT("removeListener"),
};

bool pl_sio_event_is_reserved(struct pl_str name)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(reserved_events); i++) {
        if (pl_str_eq(name, reserved_events[i])) {
            return true;
        }
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes the digits at the front of *rest off. False when their value is above `max`; *has_any tells
 * whether there was one. */
static bool take_number(uint64_t *value, bool *has_any, struct pl_str *rest, uint64_t max)
{
    size_t len = 0;
    *value = 0;
    for (; len < rest->len && is_digit(rest->ptr[len]); len++) {
        uint64_t digit = (uint64_t)(rest->ptr[len] - '0');
        if (*value > (max - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
    }
    *has_any = len > 0;
    *rest = pl_str_from(*rest, len);
    return true;
}

static int read_type(struct pl_sio_packet *out, struct pl_str *rest, enum pl_sio_role role,
                     struct pl_error *err)
{
    char c = rest->len > 0 ? rest->ptr[0] : 0;
    if (c < '0' || c > '6') {
        return pl_error_set(err, PL_E_PROTO, "unknown packet type");
    }
    out->type = (enum pl_sio_type)(c - '0');
    if (out->type == PL_SIO_CONNECT_ERROR && role == PL_SIO_ROLE_SERVER) {
        return pl_error_set(err, PL_E_PROTO, "CONNECT_ERROR from a client");
    }
    *rest = pl_str_from(*rest, 1);
    return 0;
}

static int read_attachment_count(struct pl_sio_packet *out, struct pl_str *rest,
                                 struct pl_error *err)
{
    uint64_t count = 0;
    bool has_any = false;
    if (!pl_sio_type_is_binary(out->type)) {
        return 0;
    }
    if (!take_number(&count, &has_any, rest, UINT32_MAX) || !has_any || rest->len == 0 ||
        rest->ptr[0] != '-') {
        return pl_error_set(err, PL_E_PROTO, "bad number of attachments");
    }
    out->attachment_count = (uint32_t)count;
    *rest = pl_str_from(*rest, 1);
    return 0;
}

/* Everything up to the first comma, which may be missing at the end of the text. */
static void read_namespace(struct pl_sio_packet *out, struct pl_str *rest)
{
    size_t len = 0;
    if (rest->len == 0 || rest->ptr[0] != '/') {
        out->nsp = PL_STR("/");
        return;
    }
    len = pl_str_find_char(*rest, ',');
    out->nsp = pl_str_first(*rest, len);
    *rest = pl_str_from(*rest, len + 1);
}

static int read_id(struct pl_sio_packet *out, struct pl_str *rest, struct pl_error *err)
{
    bool is_ack = out->type == PL_SIO_ACK || out->type == PL_SIO_BINARY_ACK;
    bool may_have_id = is_ack || out->type == PL_SIO_EVENT || out->type == PL_SIO_BINARY_EVENT;
    if (!may_have_id) {
        return 0; /* digits are data: a refusal of revision 4 may be a number */
    }
    if (!take_number(&out->id, &out->has_id, rest, PL_SIO_ID_MAX)) {
        return pl_error_set(err, PL_E_PROTO, "id too large");
    }
    if (is_ack && !out->has_id) {
        return pl_error_set(err, PL_E_PROTO, "ACK without id");
    }
    return 0;
}

/* The value that begins with `first` is skipped, and behind it the text must be over. */
static int read_single(struct pl_json_reader *reader, const struct pl_json_token *first,
                       struct pl_error *err)
{
    struct pl_str raw;
    struct pl_json_token token;
    int rc = pl_json_skip(&raw, reader, first, err);
    return rc < 0 ? rc : pl_json_next(&token, reader, err);
}

/* The payload of CONNECT and CONNECT_ERROR. */
static int read_object(struct pl_sio_packet *out, struct pl_error *err)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    int rc = 0;
    bool is_string_legal = out->type == PL_SIO_CONNECT_ERROR;
    pl_json_reader_init(&reader, out->payload, PL_SIO_DEPTH_MAX);
    rc = pl_json_next(&token, &reader, err);
    if (rc < 0) {
        return rc;
    }
    if (token.kind != PL_JSON_OBJECT_BEGIN && !(is_string_legal && token.kind == PL_JSON_STRING)) {
        return pl_error_set(err, PL_E_PROTO, "payload is not an object");
    }
    return read_single(&reader, &token, err);
}

static int read_event_name(struct pl_sio_packet *out, const struct pl_json_token *token,
                           struct pl_arena *arena, struct pl_error *err)
{
    int rc = 0;
    out->raw_event = token->raw;
    if (token->kind == PL_JSON_NUMBER) {
        out->event = token->raw;
        out->is_event_number = true;
        return 0;
    }
    if (token->kind != PL_JSON_STRING) {
        return pl_error_set(err, PL_E_PROTO, "event name is neither string nor number");
    }
    out->event = pl_str_make(token->raw.ptr + 1, token->raw.len - 2);
    if (token->has_escapes) {
        rc = pl_json_string_decode(&out->event, arena, token->raw, err);
    }
    if (rc == 0 && pl_sio_event_is_reserved(out->event)) {
        return pl_error_set(err, PL_E_PROTO, "reserved event name");
    }
    return rc;
}

/* The elements that are left of an array are its arguments; behind it the text must be over. */
static int read_args(struct pl_sio_packet *out, struct pl_json_reader *reader, struct pl_error *err)
{
    struct pl_json_token token;
    struct pl_str raw;
    const char *start = NULL;
    const char *end = NULL;
    int rc = pl_json_next(&token, reader, err);
    while (rc == 0 && token.kind != PL_JSON_ARRAY_END) {
        rc = pl_json_skip(&raw, reader, &token, err);
        if (rc < 0) {
            return rc;
        }
        start = start == NULL ? raw.ptr : start;
        end = raw.ptr + raw.len;
        out->arg_count++;
        rc = pl_json_next(&token, reader, err);
    }
    if (rc == 0 && start != NULL) {
        out->args = pl_str_make(start, (size_t)(end - start));
    }
    return rc < 0 ? rc : pl_json_next(&token, reader, err);
}

/* The payload of events and acks. */
static int read_array(struct pl_sio_packet *out, struct pl_arena *arena, struct pl_error *err)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    int rc = 0;
    pl_json_reader_init(&reader, out->payload, PL_SIO_DEPTH_MAX);
    rc = pl_json_next(&token, &reader, err);
    if (rc < 0) {
        return rc;
    }
    if (token.kind != PL_JSON_ARRAY_BEGIN) {
        return pl_error_set(err, PL_E_PROTO, "payload is not an array");
    }
    if (out->type == PL_SIO_EVENT || out->type == PL_SIO_BINARY_EVENT) {
        rc = pl_json_next(&token, &reader, err);
        if (rc == 0) { /* an empty array's end is no name either */
            rc = read_event_name(out, &token, arena, err);
        }
    }
    return rc < 0 ? rc : read_args(out, &reader, err);
}

static int read_payload(struct pl_sio_packet *out, struct pl_arena *arena, struct pl_error *err)
{
    switch (out->type) {
    case PL_SIO_CONNECT:
        return out->payload.len == 0 ? 0 : read_object(out, err);
    case PL_SIO_DISCONNECT:
        return out->payload.len == 0 ? 0
                                     : pl_error_set(err, PL_E_PROTO, "DISCONNECT with a payload");
    case PL_SIO_CONNECT_ERROR:
        return read_object(out, err);
    case PL_SIO_EVENT:
    case PL_SIO_ACK:
    case PL_SIO_BINARY_EVENT:
    case PL_SIO_BINARY_ACK:
        return read_array(out, arena, err);
    }
    return pl_error_set(err, PL_E_PROTO, "unknown packet type");
}

int pl_sio_packet_read_head(struct pl_sio_packet *out, struct pl_str text, enum pl_sio_role role,
                            struct pl_error *err)
{
    struct pl_str rest = text;
    int rc = 0;
    *out = (struct pl_sio_packet){.has_id = false};
    rc = read_type(out, &rest, role, err);
    if (rc == 0) {
        rc = read_attachment_count(out, &rest, err);
    }
    if (rc == 0) {
        read_namespace(out, &rest);
        rc = read_id(out, &rest, err);
    }
    out->payload = rest;
    return rc;
}

int pl_sio_packet_read(struct pl_sio_packet *out, struct pl_str text, enum pl_sio_role role,
                       struct pl_arena *arena, struct pl_error *err)
{
    int rc = pl_sio_packet_read_head(out, text, role, err);
    return rc < 0 ? rc : read_payload(out, arena, err);
}
