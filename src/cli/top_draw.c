/* Figures first, then two lists that share what is left of the screen. */
#include "cli/top_draw.h"

#include "cli/columns.h"
#include "cli/show.h"

#include <inttypes.h>
#include <stdio.h>

#define LINE_MAX ((size_t)4096)
#define SMALL 16          /* lines below which a list alone is all there is */
#define ROWS_UNBOUNDED 10 /* of each list, where there is no height */

enum style {
    PLAIN,
    STRONG, /* a heading */
    ALARM,  /* somebody who takes nothing */
};

/* What the picture is made of. */
struct canvas {
    struct pl_buf *out;
    const struct pl_top_view *view;
    const struct pl_top_sample *now;
    const struct pl_top_sample *before; /* NULL: none of the same process */
    double seconds;
    size_t line_count;
};

static size_t lines_left(const struct canvas *canvas)
{
    size_t height = canvas->view->height;
    return height == 0 ? SIZE_MAX : height - canvas->line_count;
}

static void add_line(struct canvas *canvas, enum style style, struct pl_str text)
{
    static const char *const begin[] = {"", "\x1b[1m", "\x1b[31m"};
    bool has_style = canvas->view->has_color && style != PLAIN;
    if (lines_left(canvas) == 0) {
        return;
    }
    pl_buf_addf(canvas->out, "%s%s", canvas->line_count > 0 ? "\n" : "",
                has_style ? begin[style] : "");
    pl_buf_add_str(canvas->out, pl_columns_first(text, canvas->view->width));
    pl_buf_addf(canvas->out, "%s", has_style ? "\x1b[0m" : "");
    canvas->line_count++;
}

static void add_linef(struct canvas *canvas, enum style style, const char *fmt, ...)
    PL_PRINTF(3, 4);

static void add_linef(struct canvas *canvas, enum style style, const char *fmt, ...)
{
    char line[LINE_MAX];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    if (len >= 0) {
        add_line(canvas, style, pl_str_make(line, pl_size_min((size_t)len, sizeof(line) - 1)));
    }
}

/* --- figures --- */

static int64_t figure(const struct canvas *canvas, enum pl_top_figure which)
{
    return canvas->now->figures[which];
}

static double rate_of(const struct canvas *canvas, enum pl_top_figure which)
{
    if (canvas->before == NULL) {
        return 0;
    }
    return (double)(canvas->now->figures[which] - canvas->before->figures[which]) / canvas->seconds;
}

/* A rate as text; "-" while none is known. */
static const char *rate(char out[PL_SHOW_MAX], const struct canvas *canvas,
                        enum pl_top_figure which)
{
    if (canvas->before == NULL) {
        snprintf(out, PL_SHOW_MAX, "-");
        return out;
    }
    return which == PL_TOP_BYTES_IN || which == PL_TOP_BYTES_OUT
               ? pl_show_bytes(out, rate_of(canvas, which))
               : pl_show_count(out, rate_of(canvas, which));
}

static void draw_identity(struct canvas *canvas)
{
    char uptime[PL_SHOW_MAX];
    const struct pl_top_sample *now = canvas->now;
    add_linef(canvas, STRONG, "Parley %s%s%s, %s, up %s, process %" PRId64, now->version,
              now->application[0] != 0 ? " with " : "", now->application, now->state,
              pl_show_duration(uptime, now->uptime_ms), now->pid);
}

/* Of all threads: two that are busy are 200 %. */
static const char *processor(char out[PL_SHOW_MAX], const struct canvas *canvas)
{
    if (canvas->before == NULL) {
        snprintf(out, PL_SHOW_MAX, "-");
    } else {
        snprintf(out, PL_SHOW_MAX, "%.1f %%", rate_of(canvas, PL_TOP_CPU_US) / 10000);
    }
    return out;
}

static void draw_gauges(struct canvas *canvas)
{
    char cpu[PL_SHOW_MAX];
    char memory[PL_SHOW_MAX];
    char queued[PL_SHOW_MAX];
    add_linef(canvas, PLAIN,
              "connections  %" PRId64 " of %" PRId64 "; sockets %" PRId64 "; files %" PRId64
              " of %" PRId64,
              figure(canvas, PL_TOP_CONNECTIONS), figure(canvas, PL_TOP_CONNECTIONS_MAX),
              figure(canvas, PL_TOP_SOCKETS), figure(canvas, PL_TOP_FILES),
              figure(canvas, PL_TOP_FILES_MAX));
    add_linef(canvas, PLAIN,
              "sessions     %" PRId64 " websocket, %" PRId64 " polling, %" PRId64
              " talo; memory %s; processor %s",
              figure(canvas, PL_TOP_SESSIONS_WEBSOCKET), figure(canvas, PL_TOP_SESSIONS_POLLING),
              figure(canvas, PL_TOP_SESSIONS_TALO),
              pl_show_bytes(memory, (double)figure(canvas, PL_TOP_MEMORY)), processor(cpu, canvas));
    add_linef(canvas, PLAIN,
              "streams      %" PRId64 ", subscriptions %" PRId64 "; queued %s for %" PRId64
              "; closed as slow %" PRId64,
              figure(canvas, PL_TOP_STREAMS), figure(canvas, PL_TOP_SUBSCRIPTIONS),
              pl_show_bytes(queued, (double)figure(canvas, PL_TOP_QUEUE_BYTES)),
              canvas->now->queued_count, figure(canvas, PL_TOP_SLOW_CONSUMERS));
}

/* What was counted between the samples. */
static struct pl_histogram turns_between(const struct canvas *canvas)
{
    struct pl_histogram turns = canvas->now->turns;
    if (canvas->before != NULL) {
        for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
            turns.buckets[i] -= canvas->before->turns.buckets[i];
        }
        turns.sum -= canvas->before->turns.sum;
    }
    return turns;
}

/* "; I/O 12.3 %" of all I/O threads together, or nothing where there are none. */
static const char *io_threads(char out[PL_SHOW_MAX], const struct canvas *canvas)
{
    int64_t busy_us = canvas->now->io_busy_us - canvas->before->io_busy_us;
    out[0] = 0;
    if (canvas->now->io_busy_us > 0) {
        snprintf(out, PL_SHOW_MAX, "; I/O %.1f %%", (double)busy_us / canvas->seconds / 10000);
    }
    return out;
}

static void draw_loop(struct canvas *canvas)
{
    struct pl_histogram turns = turns_between(canvas);
    char io[PL_SHOW_MAX];
    char texts[3][PL_SHOW_MAX];
    double count = 0;
    if (canvas->before == NULL) {
        add_linef(canvas, PLAIN, "loop         -");
        return;
    }
    for (size_t i = 0; i <= PL_HISTOGRAM_BOUNDS; i++) {
        count += (double)turns.buckets[i];
    }
    add_linef(canvas, PLAIN, "loop         busy %.1f %%; %s turns/s, p50 %s, p99 %s%s",
              (double)turns.sum / canvas->seconds / 10000,
              pl_show_count(texts[0], count / canvas->seconds),
              pl_show_us(texts[1], pl_histogram_quantile(&turns, 0.5)),
              pl_show_us(texts[2], pl_histogram_quantile(&turns, 0.99)), io_threads(io, canvas));
}

static void draw_rates(struct canvas *canvas)
{
    static const struct {
        const char *label;
        enum pl_top_figure in;
        enum pl_top_figure out;
        const char *others[2];
        enum pl_top_figure other[2];
    } rows[] = {
        {"Socket.IO",
         PL_TOP_SOCKETIO_IN,
         PL_TOP_SOCKETIO_OUT,
         {"publishes", "deliveries"},
         {PL_TOP_PUBLISHES, PL_TOP_DELIVERIES}},
        {"Talo",
         PL_TOP_TALO_IN,
         PL_TOP_TALO_OUT,
         {"reads", "writes"},
         {PL_TOP_STORE_READS, PL_TOP_STORE_WRITES}},
        {"WebSocket",
         PL_TOP_WEBSOCKET_IN,
         PL_TOP_WEBSOCKET_OUT,
         {"accepts", "closes"},
         {PL_TOP_ACCEPTS, PL_TOP_CLOSES}},
        {"network",
         PL_TOP_BYTES_IN,
         PL_TOP_BYTES_OUT,
         {"refusals", "mistakes"},
         {PL_TOP_REFUSALS, PL_TOP_MISTAKES}},
    };
    add_linef(canvas, STRONG, "%-11s%10s%10s", "per second", "in", "out");
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        char texts[4][PL_SHOW_MAX];
        add_linef(canvas, PLAIN, "%-11s%10s%10s   %-10s%8s   %-10s%8s", rows[i].label,
                  rate(texts[0], canvas, rows[i].in), rate(texts[1], canvas, rows[i].out),
                  rows[i].others[0], rate(texts[2], canvas, rows[i].other[0]), rows[i].others[1],
                  rate(texts[3], canvas, rows[i].other[1]));
    }
}

/* --- lists --- */

/* The indices 0 to count - 1, ordered so that no later one is_before an earlier one; equal ones stay
 * as they are. */
static void order_rows(size_t *indices, size_t count, const struct canvas *canvas,
                       bool (*is_before)(const struct canvas *canvas, size_t a, size_t b))
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        while (at > 0 && is_before(canvas, i, indices[at - 1])) {
            indices[at] = indices[at - 1];
            at--;
        }
        indices[at] = i;
    }
}

static bool stream_is_before(const struct canvas *canvas, size_t a, size_t b)
{
    return pl_top_stream_rate(canvas->now, a, canvas->before) >
           pl_top_stream_rate(canvas->now, b, canvas->before);
}

static bool consumer_is_before(const struct canvas *canvas, size_t a, size_t b)
{
    return canvas->now->consumers[a].stalled_ms > canvas->now->consumers[b].stalled_ms;
}

static bool keep_order(const struct canvas *canvas, size_t a, size_t b)
{
    (void)canvas;
    (void)a;
    (void)b;
    return false;
}

/* How wide the first column is beside `others` of the rest. */
static size_t name_width(const struct canvas *canvas, size_t others)
{
    size_t width = canvas->view->width;
    return width > others + 12 ? pl_size_min(width - others, 80) : 12;
}

static void draw_stream(struct canvas *canvas, size_t row, size_t width)
{
    const struct pl_top_stream *stream = &canvas->now->streams[row];
    double per_second = pl_top_stream_rate(canvas->now, row, canvas->before);
    char text[PL_SHOW_MAX] = "-";
    struct pl_buf line;
    pl_buf_init(&line, LINE_MAX);
    pl_columns_add(&line, pl_str_of_cstr(stream->name), width);
    pl_buf_addf(&line, "%10" PRId64 "%13s", stream->members,
                per_second < 0 ? text : pl_show_count(text, per_second));
    add_line(canvas, PLAIN, pl_buf_str(&line));
    pl_buf_fini(&line);
}

static void draw_streams(struct canvas *canvas, size_t row_count)
{
    size_t order[PL_TOP_ROWS_MAX];
    size_t width = name_width(canvas, 23);
    bool by_publishes = canvas->view->stream_order == PL_TOP_BY_PUBLISHES;
    order_rows(order, canvas->now->stream_count, canvas,
               by_publishes ? stream_is_before : keep_order);
    add_linef(canvas, STRONG, "%-*s%10s%13s", (int)width, "LARGEST STREAMS",
              by_publishes ? "members" : "MEMBERS", by_publishes ? "PUBLISHES/s" : "publishes/s");
    for (size_t i = 0; i < canvas->now->stream_count && i < row_count; i++) {
        draw_stream(canvas, order[i], width);
    }
}

static void draw_consumer(struct canvas *canvas, size_t row, size_t width)
{
    const struct pl_top_consumer *consumer = &canvas->now->consumers[row];
    char bytes[PL_SHOW_MAX];
    char stalled[PL_SHOW_MAX] = "-";
    struct pl_buf line;
    if (consumer->stalled_ms >= 0) {
        pl_show_duration(stalled, consumer->stalled_ms);
    }
    pl_buf_init(&line, LINE_MAX);
    pl_columns_add(&line, pl_str_of_cstr(consumer->peer), width);
    pl_buf_addf(&line, " %-10s%10s%9" PRId64 "%13s", consumer->transport,
                pl_show_bytes(bytes, (double)consumer->bytes), consumer->frames, stalled);
    add_line(canvas, consumer->stalled_ms >= 1000 ? ALARM : PLAIN, pl_buf_str(&line));
    pl_buf_fini(&line);
}

static void draw_consumers(struct canvas *canvas, size_t row_count)
{
    size_t order[PL_TOP_ROWS_MAX];
    size_t width = name_width(canvas, 43);
    bool by_stall = canvas->view->consumer_order == PL_TOP_BY_STALL;
    order_rows(order, canvas->now->consumer_count, canvas,
               by_stall ? consumer_is_before : keep_order);
    add_linef(canvas, STRONG, "%-*s %-10s%10s%9s%13s", (int)width, "SLOWEST CONSUMERS", "transport",
              by_stall ? "queued" : "QUEUED", "messages", by_stall ? "STALLED" : "stalled");
    for (size_t i = 0; i < canvas->now->consumer_count && i < row_count; i++) {
        draw_consumer(canvas, order[i], width);
    }
}

/* Two lists with a heading and an empty line in front each; where there is little room, one takes
 * what the other does not need. */
static void draw_lists(struct canvas *canvas, size_t lines)
{
    const struct pl_top_view *view = canvas->view;
    size_t streams = canvas->now->stream_count;
    size_t consumers = canvas->now->consumer_count;
    size_t room = lines == SIZE_MAX ? ROWS_UNBOUNDED * 2 : lines > 4 ? lines - 4 : 0;
    if (view->lists != PL_TOP_BOTH || room < 2) {
        bool is_streams = view->lists != PL_TOP_CONSUMER_LIST;
        size_t rows = lines == SIZE_MAX ? PL_TOP_ROWS_MAX : lines > 2 ? lines - 2 : 0;
        if (rows > 0) {
            add_line(canvas, PLAIN, PL_STR(""));
            (is_streams ? draw_streams : draw_consumers)(canvas, rows);
        }
        return;
    }
    size_t half = room / 2;
    size_t stream_rows = pl_size_min(streams, consumers < half ? room - consumers : room - half);
    add_line(canvas, PLAIN, PL_STR(""));
    draw_streams(canvas, stream_rows);
    add_line(canvas, PLAIN, PL_STR(""));
    draw_consumers(canvas, room - stream_rows);
}

/* The footer keeps the last line, whatever else there is. */
static void draw_footer(struct canvas *canvas)
{
    const struct pl_top_view *view = canvas->view;
    while (view->height > 0 && canvas->line_count + 1 < view->height) {
        add_line(canvas, PLAIN, PL_STR(""));
    }
    add_line(canvas, STRONG, pl_str_of_cstr(view->footer));
}

void pl_top_draw(struct pl_buf *out, const struct pl_top_view *view,
                 const struct pl_top_sample *now, const struct pl_top_sample *before)
{
    struct pl_top_view body = *view;
    struct canvas canvas = {.out = out, .view = &body, .now = now};
    canvas.seconds = pl_top_sample_seconds(now, before);
    canvas.before = canvas.seconds > 0 ? before : NULL;
    if (view->height > 1 && view->footer != NULL) {
        body.height--;
    }
    bool has_room = view->height == 0 || view->height >= SMALL || view->lists == PL_TOP_BOTH;
    draw_identity(&canvas);
    if (has_room) {
        draw_gauges(&canvas);
    }
    draw_loop(&canvas);
    if (has_room) {
        draw_rates(&canvas);
    }
    draw_lists(&canvas, lines_left(&canvas));
    if (view->footer != NULL) {
        canvas.view = view;
        draw_footer(&canvas);
    }
}
