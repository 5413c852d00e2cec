/* The picture of `parley top`: samples to lines, nothing else. Threads: any. */
#ifndef PL_CLI_TOP_DRAW_H
#define PL_CLI_TOP_DRAW_H

#include "base/buf.h"
#include "cli/top_sample.h"

enum pl_top_lists {
    PL_TOP_BOTH,
    PL_TOP_STREAM_LIST,
    PL_TOP_CONSUMER_LIST,
};

enum pl_top_stream_order {
    PL_TOP_BY_MEMBERS,
    PL_TOP_BY_PUBLISHES,
};

enum pl_top_consumer_order {
    PL_TOP_BY_BYTES,
    PL_TOP_BY_STALL,
};

struct pl_top_view {
    size_t width;
    size_t height; /* 0: as many lines as there are */
    bool has_color;
    enum pl_top_lists lists;
    enum pl_top_stream_order stream_order;
    enum pl_top_consumer_order consumer_order;
    const char *footer; /* the last line; NULL: none */
};

/* Append lines of at most the view's width, at most its height of them.
 *   before  NULL: no rates are known yet */
void pl_top_draw(struct pl_buf *out, const struct pl_top_view *view,
                 const struct pl_top_sample *now, const struct pl_top_sample *before);

#endif
