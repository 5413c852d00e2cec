/* The open packet: five keys of JSON. */
#include "codec/eio_handshake.h"

#include "codec/json_number.h"
#include "codec/json_raw.h"
#include "codec/json_string.h"
#include "codec/json_write.h"

#define DEPTH_LIMIT 16

void pl_eio_handshake_write(struct pl_buf *buf, const struct pl_eio_handshake *handshake)
{
    pl_buf_add_str(buf, PL_STR("0{\"sid\":"));
    pl_json_write_string(buf, handshake->sid);
    pl_buf_add_str(buf, handshake->offers_websocket ? PL_STR(",\"upgrades\":[\"websocket\"]")
                                                    : PL_STR(",\"upgrades\":[]"));
    pl_buf_add_str(buf, PL_STR(",\"pingInterval\":"));
    pl_buf_add_u64(buf, handshake->ping_interval_ms);
    pl_buf_add_str(buf, PL_STR(",\"pingTimeout\":"));
    pl_buf_add_u64(buf, handshake->ping_timeout_ms);
    pl_buf_add_str(buf, PL_STR(",\"maxPayload\":"));
    pl_buf_add_u64(buf, handshake->max_payload_bytes);
    pl_buf_add_char(buf, '}');
}

static bool find_ms(uint32_t *out, struct pl_str json, struct pl_str key)
{
    struct pl_str raw;
    uint64_t value = 0;
    if (!pl_json_object_find(&raw, json, key) || !pl_json_number_to_u64(&value, raw) ||
        value > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool has_websocket(struct pl_str json)
{
    struct pl_str raw;
    struct pl_json_walk walk;
    if (!pl_json_object_find(&raw, json, PL_STR("upgrades"))) {
        return false;
    }
    pl_json_array_walk(&walk, raw);
    while (pl_json_array_next(&raw, &walk)) {
        if (pl_json_string_equals(raw, PL_STR("websocket"))) {
            return true;
        }
    }
    return false;
}

int pl_eio_handshake_read(struct pl_eio_handshake *out, struct pl_str json, struct pl_arena *arena,
                          struct pl_error *err)
{
    struct pl_str raw;
    int rc = pl_json_validate(json, DEPTH_LIMIT, err);
    if (rc < 0) {
        return rc;
    }
    *out = (struct pl_eio_handshake){.offers_websocket = has_websocket(json)};
    if (!pl_json_object_find(&raw, json, PL_STR("sid")) ||
        !find_ms(&out->ping_interval_ms, json, PL_STR("pingInterval")) ||
        !find_ms(&out->ping_timeout_ms, json, PL_STR("pingTimeout"))) {
        return pl_error_set(err, PL_E_PROTO,
                            "open packet without sid, pingInterval or pingTimeout");
    }
    rc = pl_json_string_decode(&out->sid, arena, raw, err);
    if (rc < 0) {
        return rc;
    }
    if (pl_json_object_find(&raw, json, PL_STR("maxPayload")) &&
        !pl_json_number_to_u64(&out->max_payload_bytes, raw)) {
        return pl_error_set(err, PL_E_PROTO, "maxPayload is not a size");
    }
    return 0;
}
