/* A walk over the sinks of each thread; when all are back, the streams, which the hub alone has. */
#include "app/survey.h"

#include "base/alloc.h"
#include "base/env.h"
#include "io/threads.h"

#define SLICE_US 1000
#define STEP 256 /* sinks, or buckets, between two looks at the clock */

enum phase {
    IDLE,
    SINKS,
    STREAMS,
    TELLING, /* on_done is on the stack, and the result in use */
};

/* The sinks of one thread. Belongs to that thread from the survey's start until it is posted back. */
struct walk {
    struct pl_survey *survey;
    struct pl_loop *loop;
    const struct pl_fanout *fanout;
    struct pl_turn_hook hook;
    struct pl_sink_top top;
    int64_t took_us;
    int64_t longest_us;
    size_t slice_count;
    bool is_whole;
};

struct pl_survey {
    struct pl_survey_config config;
    struct pl_turn_hook hook;
    enum phase phase;
    bool is_wanted; /* another one, as soon as this one is told */
    struct pl_survey_result result;
    struct walk *walks; /* the hub's thread's first */
    size_t walk_count;
    size_t walks_out; /* that are not back */
};

/* --- slices --- */

struct slice {
    int64_t start_us;
    int64_t took_us;
};

static struct slice slice_begin(void)
{
    return (struct slice){.start_us = pl_clock_monotonic_us()};
}

static bool slice_has_time(struct slice *slice)
{
    slice->took_us = pl_clock_monotonic_us() - slice->start_us;
    return slice->took_us < SLICE_US;
}

/* --- sinks, on any thread --- */

/* Back on the hub's thread. */
static void on_walked(void *user)
{
    struct walk *walk = user;
    struct pl_survey_result *result = &walk->survey->result;
    pl_sink_top_merge(&result->sinks, &walk->top);
    result->took_us += walk->took_us;
    result->longest_us = pl_i64_max(result->longest_us, walk->longest_us);
    result->slice_count += walk->slice_count;
    walk->survey->walks_out--;
    pl_loop_soon(walk->survey->config.loop);
}

static void walk_on(struct walk *walk)
{
    struct slice slice = slice_begin();
    do {
        walk->is_whole = pl_sink_top_step(&walk->top, walk->fanout, STEP);
    } while (slice_has_time(&slice) && !walk->is_whole);
    if (walk->is_whole) {
        pl_sink_top_finish(&walk->top, walk->fanout);
    }
    walk->slice_count++;
    walk->took_us += slice.took_us;
    walk->longest_us = pl_i64_max(walk->longest_us, slice.took_us);
}

static void on_turn(struct pl_turn_hook *hook)
{
    struct walk *walk = PL_CONTAINER_OF(hook, struct walk, hook);
    if (!walk->is_whole) {
        walk_on(walk);
    }
    /* a loop that cannot take it now may do so next time; one that has ended needs it no more */
    if (!walk->is_whole || pl_loop_post(walk->survey->config.loop, on_walked, walk) == PL_E_FULL) {
        pl_loop_soon(walk->loop);
    } else {
        pl_loop_hook_remove(&walk->hook);
    }
}

static void walk_begin(struct walk *walk, struct pl_survey *survey, struct pl_loop *loop,
                       const struct pl_fanout *fanout)
{
    *walk =
        (struct walk){.survey = survey, .loop = loop, .fanout = fanout, .hook = {.begin = on_turn}};
    pl_sink_top_begin(&walk->top, PL_SURVEY_ROWS_MAX);
    pl_loop_hook_add(loop, &walk->hook);
    pl_loop_soon(loop);
}

static void begin_on_thread(void *owner, struct pl_sink_id sink, void *arg)
{
    struct pl_survey *survey = *(struct pl_survey **)arg;
    struct pl_conn_set *conns = pl_io_thread_conns(owner);
    uint32_t number = pl_io_thread_number(owner); /* its own: the walk before may just be ending */
    (void)sink;
    pl_free(arg);
    walk_begin(&survey->walks[number], survey, conns->loop, conns->fanout);
}

/* --- streams, on the hub's --- */

static void look_at_streams(struct pl_survey *survey)
{
    struct pl_survey_result *result = &survey->result;
    struct slice slice = slice_begin();
    bool is_over = false;
    do {
        is_over = pl_stream_top_step(&result->streams, survey->config.hub, STEP);
    } while (slice_has_time(&slice) && !is_over);
    result->slice_count++;
    result->took_us += slice.took_us;
    result->longest_us = pl_i64_max(result->longest_us, slice.took_us);
    survey->phase = is_over ? TELLING : STREAMS;
}

static void tell(struct pl_survey *survey)
{
    survey->config.on_done(survey->config.user, &survey->result);
    survey->phase = IDLE;
    if (survey->is_wanted) {
        survey->is_wanted = false;
        pl_survey_start(survey);
    }
}

static void run_slice(struct pl_turn_hook *hook)
{
    struct pl_survey *survey = PL_CONTAINER_OF(hook, struct pl_survey, hook);
    if (survey->phase == SINKS && survey->walks_out == 0) {
        survey->phase = STREAMS;
    }
    if (survey->phase == STREAMS) {
        look_at_streams(survey);
        pl_loop_soon(survey->config.loop);
    }
    if (survey->phase == TELLING) {
        tell(survey);
    }
}

/* --- the whole --- */

struct pl_survey *pl_survey_create(const struct pl_survey_config *config)
{
    struct pl_survey *survey = pl_alloc(sizeof(*survey));
    survey->config = *config;
    survey->hook.begin = run_slice;
    survey->walk_count = 1;
    if (config->threads != NULL) {
        survey->walk_count += pl_io_threads_count(config->threads);
    }
    survey->walks = pl_alloc_array(survey->walk_count, sizeof(*survey->walks));
    pl_loop_hook_add(config->loop, &survey->hook);
    return survey;
}

void pl_survey_destroy(struct pl_survey *survey)
{
    if (survey == NULL) {
        return;
    }
    pl_loop_hook_remove(&survey->hook);
    if (pl_list_is_linked(&survey->walks[0].hook.node)) {
        pl_loop_hook_remove(&survey->walks[0].hook);
    }
    pl_free(survey->walks);
    pl_free(survey);
}

void pl_survey_start(struct pl_survey *survey)
{
    static const struct pl_fanout_call call = {.run = begin_on_thread};
    const struct pl_survey_config *config = &survey->config;
    if (survey->phase != IDLE) {
        survey->is_wanted = survey->phase == TELLING;
        return;
    }
    survey->phase = SINKS;
    survey->result = (struct pl_survey_result){0};
    survey->walks_out = survey->walk_count;
    pl_sink_top_begin(&survey->result.sinks, PL_SURVEY_ROWS_MAX);
    pl_stream_top_begin(&survey->result.streams, PL_SURVEY_ROWS_MAX);
    walk_begin(&survey->walks[0], survey, config->loop, config->fanout);
    if (config->threads != NULL) {
        pl_io_threads_call_all(config->threads, &call, &survey, sizeof(struct pl_survey *));
    }
}
