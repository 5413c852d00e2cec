/* Two separators, two base64 texts, one JSON object. */
#include "service/talo/signature.h"

#include "base/base64.h"
#include "codec/json_number.h"
#include "codec/json_read.h"
#include "codec/json_string.h"

#define DEPTH_MAX 16 /* members that nobody asked for may be nested, too */

/* One character in the URL alphabet. */
static char url_char(char c)
{
    if (c == '+') {
        return '-';
    }
    return c == '/' ? '_' : c;
}

/* Decode either alphabet, padded or not; `scratch` has room for text.len bytes.
 * Returns the length, or negative. */
static ptrdiff_t decode(void *out, char *scratch, struct pl_str text)
{
    size_t len = text.len;
    while (len > 0 && text.len - len < 2 && text.ptr[len - 1] == '=') {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        scratch[i] = url_char(text.ptr[i]);
    }
    return pl_base64url_decode(out, pl_str_make(scratch, len));
}

static bool split(struct pl_talo_signature *out, struct pl_str *mac, struct pl_str text)
{
    size_t bar = pl_str_find_char(text, '|');
    struct pl_str rest = pl_str_from(text, bar + 1);
    size_t dot = pl_str_find_char(rest, '.');
    if (bar == text.len || dot == rest.len) {
        return false;
    }
    out->version = pl_str_first(text, bar);
    out->head = pl_str_first(rest, dot);
    *mac = pl_str_from(rest, dot + 1);
    return true;
}

static bool read_mac(struct pl_talo_signature *out, struct pl_str text)
{
    uint8_t mac[64];
    char scratch[64];
    if (text.len > sizeof(scratch) || decode(mac, scratch, text) != sizeof(out->mac)) {
        return false;
    }
    memcpy(out->mac, mac, sizeof(out->mac));
    return true;
}

/* Which members were there, of the right type. */
struct found {
    struct pl_str rid;
    bool has_rid;
    bool has_payload;
    bool has_timestamp;
};

/* Take the value of one member, or pass it over. */
static int read_member(struct pl_talo_signature *out, struct found *found,
                       const struct pl_json_token *key, struct pl_json_reader *reader)
{
    struct pl_json_token value;
    struct pl_str raw;
    int rc = pl_json_next(&value, reader, NULL);
    if (rc < 0) {
        return rc;
    }
    if (pl_json_token_equals(key, PL_STR("rid"))) {
        found->has_rid = value.kind == PL_JSON_STRING;
        found->rid = value.raw;
    } else if (pl_json_token_equals(key, PL_STR("payload"))) {
        found->has_payload = value.kind == PL_JSON_STRING;
        out->payload = value.raw;
    } else if (pl_json_token_equals(key, PL_STR("timestamp"))) {
        found->has_timestamp =
            value.kind == PL_JSON_NUMBER && pl_json_number_to_double(&out->timestamp_ms, value.raw);
    }
    return pl_json_skip(&raw, reader, &value, NULL);
}

static bool read_members(struct pl_talo_signature *out, struct found *found, struct pl_str json)
{
    struct pl_json_reader reader;
    struct pl_json_token token;
    pl_json_reader_init(&reader, json, DEPTH_MAX);
    if (pl_json_next(&token, &reader, NULL) < 0 || token.kind != PL_JSON_OBJECT_BEGIN) {
        return false;
    }
    while (pl_json_next(&token, &reader, NULL) == 0) {
        if (token.kind == PL_JSON_END) {
            return found->has_rid && found->has_payload && found->has_timestamp;
        }
        if (token.kind == PL_JSON_KEY && read_member(out, found, &token, &reader) < 0) {
            return false;
        }
    }
    return false;
}

static bool read_head(struct pl_talo_signature *out)
{
    char *scratch = out->space + PL_TALO_SIGNATURE_HEAD_MAX;
    struct found found = {0};
    ptrdiff_t len = 0;
    if (out->head.len > PL_TALO_SIGNATURE_HEAD_MAX - 4) {
        return false; /* so that what it decodes to fits, with the room that decoding asks for */
    }
    len = decode(out->space, scratch, out->head);
    if (len < 0 || !read_members(out, &found, pl_str_make(out->space, (size_t)len))) {
        return false;
    }
    len = pl_json_string_copy(scratch, found.rid);
    if (len < 0) {
        return false;
    }
    out->rid = pl_str_make(scratch, (size_t)len);
    return true;
}

bool pl_talo_signature_parse(struct pl_talo_signature *out, struct pl_str text)
{
    struct pl_str mac;
    return split(out, &mac, text) && read_head(out) && read_mac(out, mac);
}
