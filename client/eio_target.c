/* Where the requests of a session go. What the user put into the query comes first: of two equal
 * keys the server takes the last (spec 1.1). */
#include "client/eio_internal.h"

#include "client/request.h"

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
    if (eio->sid != NULL) { /* the server's to choose, but not what our request line looks like */
        pl_buf_add_str(buf, PL_STR("&sid="));
        pl_client_request_escape(buf, pl_str_make(eio->sid, eio->sid_len));
    }
}
