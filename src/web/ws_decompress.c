/* What arrives compressed (RFC 7692), decompressed with the loop's one stream. */
#include "web/ws_conn.h"

#include "base/utf8.h"

#define KEPT_BYTES ((size_t)256 * 1024) /* a larger buffer is given back after its use */

int pl_ws_decompress(struct pl_buf *out, struct pl_ws_loop *loop, const struct pl_ws_event *event,
                     size_t limit_bytes, struct pl_inflate_history *history, struct pl_error *err)
{
    struct pl_metrics *metrics = loop->conns->metrics;
    int rc = 0;
    if (loop->inflater == NULL) {
        loop->inflater = pl_inflater_create();
    }
    *out = loop->message;
    loop->message = (struct pl_buf){0};
    pl_buf_clear(out);
    out->limit_bytes = limit_bytes;
    rc = pl_inflater_run(loop->inflater, out, pl_str_of_span(event->payload), history, err);
    if (rc == 0 && event->kind == PL_WS_EVENT_TEXT && !pl_utf8_is_valid(pl_buf_str(out))) {
        rc = pl_error_set(err, PL_E_UTF8, "text message is not UTF-8");
    }
    if (rc == 0) {
        pl_metrics_add(metrics, PL_METRIC_DEFLATE_MESSAGES_IN, 1);
        pl_metrics_add(metrics, PL_METRIC_DEFLATE_PLAIN_BYTES_IN, (int64_t)out->len);
        pl_metrics_add(metrics, PL_METRIC_DEFLATE_PACKED_BYTES_IN, (int64_t)event->payload.len);
    }
    return rc;
}

void pl_ws_decompress_done(struct pl_ws_loop *loop, struct pl_buf *message)
{
    if (message->cap > KEPT_BYTES || loop->message.ptr != NULL) {
        pl_buf_fini(message);
    } else {
        loop->message = *message;
    }
    *message = (struct pl_buf){0};
}
