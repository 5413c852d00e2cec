/* Where the requests of a session go. What the user put into the query comes first: of two equal
 * keys the server takes the last (spec 1.1). */
#include "client/eio_internal.h"

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

/* A sid is the server's to choose, but not what our request line looks like. */
static void add_escaped(struct pl_buf *buf, struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            pl_buf_add_char(buf, text.ptr[i]);
        } else {
            pl_buf_addf(buf, "%%%02X", (unsigned)(unsigned char)text.ptr[i]);
        }
    }
}

/* Of its own for each poll: caches on the way shall not answer. */
static void add_stamp(struct pl_buf *buf, const struct pl_client_eio *eio)
{
    pl_buf_addf(buf, "&t=%08x", (unsigned)pl_client_random(eio->client));
}

void pl_client_eio_write_target(struct pl_buf *buf, const struct pl_client_eio *eio,
                                enum pl_client_eio_way way)
{
    pl_buf_add_str(buf, eio->config.path);
    pl_buf_add_char(buf, '?');
    if (eio->config.query.len > 0) {
        pl_buf_add_str(buf, eio->config.query);
        pl_buf_add_char(buf, '&');
    }
    if (way == PL_CLIENT_EIO_POLLING) {
        pl_buf_add_str(buf, PL_STR("EIO=4&transport=polling"));
        add_stamp(buf, eio);
    } else {
        pl_buf_add_str(buf, PL_STR("EIO=4&transport=websocket"));
    }
    if (eio->sid != NULL) {
        pl_buf_add_str(buf, PL_STR("&sid="));
        add_escaped(buf, pl_str_make(eio->sid, eio->sid_len));
    }
}
