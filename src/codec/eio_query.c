/* Engine.IO queries: each known key has a row with the function that reads its value. */
#include "codec/eio_query.h"

#include "codec/json_write.h"

static void read_revision(struct pl_eio_query *out, struct pl_str value)
{
    out->revision = pl_str_eq(value, PL_STR("4")) ? 4 : 3;
}

static void read_transport(struct pl_eio_query *out, struct pl_str value)
{
    out->transport = pl_str_eq(value, PL_STR("polling"))     ? PL_EIO_TRANSPORT_POLLING
                     : pl_str_eq(value, PL_STR("websocket")) ? PL_EIO_TRANSPORT_WEBSOCKET
                                                             : PL_EIO_TRANSPORT_UNKNOWN;
}

static void read_sid(struct pl_eio_query *out, struct pl_str value)
{
    out->sid = value;
    out->has_sid = value.len > 0;
}

static void read_base64(struct pl_eio_query *out, struct pl_str value)
{
    out->wants_base64 = pl_str_eq(value, PL_STR("1")) || pl_str_eq(value, PL_STR("true"));
}

static void read_jsonp_index(struct pl_eio_query *out, struct pl_str value)
{
    uint64_t index = 0;
    out->has_jsonp_index = pl_str_to_u64(&index, value, UINT32_MAX);
    out->jsonp_index = (uint32_t)index;
}

static const struct {
    struct pl_str key;
    void (*read)(struct pl_eio_query *out, struct pl_str value);
} keys[] = {
    {PL_STR_INIT("EIO"), read_revision},  {PL_STR_INIT("transport"), read_transport},
    {PL_STR_INIT("sid"), read_sid},       {PL_STR_INIT("b64"), read_base64},
    {PL_STR_INIT("j"), read_jsonp_index},
};

void pl_eio_query_read(struct pl_eio_query *out, struct pl_str raw_query)
{
    *out = (struct pl_eio_query){.revision = 3};
    while (raw_query.len > 0) {
        struct pl_str value = pl_str_split(&raw_query, '&');
        struct pl_str key = pl_str_split(&value, '=');
        for (size_t i = 0; i < PL_ARRAY_LEN(keys); i++) {
            if (pl_str_eq(key, keys[i].key)) {
                keys[i].read(out, value);
            }
        }
    }
}

static const struct pl_eio_error_row rows[] = {
    [PL_EIO_ERROR_MIDDLEWARE] = {400, 3, PL_STR_INIT("Bad request"),
                                 PL_STR_INIT("MIDDLEWARE_FAILURE")},
    [PL_EIO_ERROR_TRANSPORT_UNKNOWN] = {400, 0, PL_STR_INIT("Transport unknown"),
                                        PL_STR_INIT("transport")},
    [PL_EIO_ERROR_ORIGIN] = {400, 3, PL_STR_INIT("Bad request"), PL_STR_INIT("INVALID_ORIGIN")},
    [PL_EIO_ERROR_SID_UNKNOWN] = {400, 1, PL_STR_INIT("Session ID unknown"), PL_STR_INIT("sid")},
    [PL_EIO_ERROR_TRANSPORT_MISMATCH] = {400, 3, PL_STR_INIT("Bad request"),
                                         PL_STR_INIT("TRANSPORT_MISMATCH")},
    [PL_EIO_ERROR_METHOD] = {400, 2, PL_STR_INIT("Bad handshake method"), PL_STR_INIT("method")},
    [PL_EIO_ERROR_TRANSPORT_HANDSHAKE] = {400, 3, PL_STR_INIT("Bad request"),
                                          PL_STR_INIT("TRANSPORT_HANDSHAKE_ERROR")},
    [PL_EIO_ERROR_FORBIDDEN] = {403, 4, PL_STR_INIT("Forbidden"), PL_STR_INIT("message")},
    [PL_EIO_ERROR_REVISION] = {400, 5, PL_STR_INIT("Unsupported protocol version"),
                               PL_STR_INIT("protocol")},
    [PL_EIO_ERROR_ID_GENERATION] = {400, 3, PL_STR_INIT("Bad request"),
                                    PL_STR_INIT("ID_GENERATION_ERROR")},
};

const struct pl_eio_error_row *pl_eio_error_get(enum pl_eio_error error)
{
    PL_ASSERT((size_t)error < PL_ARRAY_LEN(rows));
    return &rows[error];
}

void pl_eio_error_write(struct pl_buf *buf, enum pl_eio_error error, struct pl_str text)
{
    const struct pl_eio_error_row *row = pl_eio_error_get(error);
    pl_buf_add_str(buf, PL_STR("{\"code\":"));
    pl_buf_add_u64(buf, row->code);
    pl_buf_add_str(buf, PL_STR(",\"message\":"));
    pl_json_write_string(buf, text.len > 0 ? text : row->message);
    pl_buf_add_char(buf, '}');
}
