/* A look at everything there is, for operators: the fullest sinks and the largest streams. It takes
 * long with many, so it is made in slices of a millisecond, one each turn; on every I/O thread as
 * well, which looks at its own connections.
 * Threads: the hub's. */
#ifndef PL_APP_SURVEY_H
#define PL_APP_SURVEY_H

#include "base/fanout_top.h"
#include "hub/stream_top.h"
#include "io/loop.h"

#define PL_SURVEY_ROWS_MAX 64

struct pl_io_threads; /* io/threads.h */

/* What it found. Times are of all threads together. */
struct pl_survey_result {
    struct pl_sink_top sinks;
    struct pl_stream_top streams;
    int64_t took_us;
    int64_t longest_us; /* of the slices */
    size_t slice_count;
};

struct pl_survey;

struct pl_survey_config {
    struct pl_loop *loop; /* all of these are borrowed */
    const struct pl_fanout *fanout;
    const struct pl_hub *hub;
    struct pl_io_threads *threads; /* NULL: there are none */
    /* A survey is over; the result is borrowed for the call. */
    void (*on_done)(void *user, const struct pl_survey_result *result);
    void *user;
};

struct pl_survey *pl_survey_create(const struct pl_survey_config *config);

/* When the threads have ended, and before the loop goes. NULL is fine; on_done is not called. */
void pl_survey_destroy(struct pl_survey *survey);

/* Begin one with the next turn. When one is under way, its end is all that comes; from inside
 * on_done it is another one. */
void pl_survey_start(struct pl_survey *survey);

#endif
