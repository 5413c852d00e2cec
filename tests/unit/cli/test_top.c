/* The live view's picture: from answers to lines, on screens of every size. */
#include "cli/top_draw.h"

#include "cli/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define ANSWER(uptime, publishes, room_publishes, turns)                                           \
    "{\"version\":\"1.2.3\",\"pid\":42,\"uptime_ms\":" uptime                                      \
    ",\"application\":\"chat\",\"state\":\"running\",\"metrics\":{\"parley_connections\":12,"      \
    "\"parley_connections_max\":100,\"parley_refusals_total{reason=\\\"memory\\\"}\":3,"           \
    "\"parley_refusals_total{reason=\\\"forbidden\\\"}\":4,\"parley_publishes_total\":" publishes  \
    ",\"parley_queue_bytes\":4096,\"unknown_metric\":{\"x\":1},"                                   \
    "\"parley_messages_total{dialect=\\\"socketio\\\",direction=\\\"in\\\"}\":9,"                  \
    "\"parley_messages_total{dialect=\\\"talo\\\",direction=\\\"in\\\"}\":" turns ","              \
    "\"parley_sessions{dialect=\\\"talo\\\",transport=\\\"websocket\\\"}\":6,"                     \
    "\"parley_store_operations_total{kind=\\\"write\\\",outcome=\\\"done\\\"}\":" turns "},"       \
    "\"turns\":{\"sum_us\":" turns "000,\"buckets\":[0,0,0,0,0,0,0,0,0,0," turns                   \
    ",0,0,0,0,0,0,0,0,0,0,0]},\"io_turns\":{\"sum_us\":" turns "0000},\"consumers\":["             \
    "{\"peer\":\"203.0.113.7:5\",\"transport\":\"websocket\",\"bytes\":3000,\"frames\":7,"         \
    "\"blocked\":true,\"stalled_ms\":500},"                                                        \
    "{\"peer\":\"203.0.113.8:5\",\"transport\":\"websocket\",\"bytes\":2000,\"frames\":6,"         \
    "\"blocked\":true,\"stalled_ms\":61000},"                                                      \
    "{\"peer\":\"203.0.113.9:5\",\"transport\":\"polling\",\"bytes\":1000,\"frames\":5,"           \
    "\"blocked\":true,\"stalled_ms\":-1}],\"largest_streams\":["                                   \
    "{\"kind\":\"namespace\",\"subject\":\"/\",\"subcontext\":\"\",\"label\":\"\",\"cut\":false,"  \
    "\"members\":12,\"publishes\":5},"                                                             \
    "{\"kind\":\"room\",\"subject\":\"/\",\"subcontext\":\"\",\"label\":\"\\u001b[2Jlobby\","      \
    "\"cut\":true,\"members\":8,\"publishes\":" room_publishes "}],\"survey\":{"                   \
    "\"sinks\":12,\"sinks_queued\":3}}"

static const char first_answer[] = ANSWER("10000", "100", "10", "100");
static const char second_answer[] = ANSWER("12000", "300", "50", "300");

struct world {
    struct pl_top_sample before;
    struct pl_top_sample now;
    struct pl_top_view view;
    struct pl_buf picture;
    char text[65536];
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    pl_top_sample_read(&world->before, pl_str_of_cstr(first_answer));
    pl_top_sample_read(&world->now, pl_str_of_cstr(second_answer));
    world->view = (struct pl_top_view){.width = 80, .height = 24, .footer = "q quit"};
    pl_buf_init(&world->picture, sizeof(world->text) - 1);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    pl_buf_fini(&world->picture);
    free(world);
    return 0;
}

static const char *picture(struct world *world, const struct pl_top_sample *before)
{
    pl_buf_clear(&world->picture);
    pl_top_draw(&world->picture, &world->view, &world->now, before);
    assert_false(pl_buf_failed(&world->picture));
    memcpy(world->text, world->picture.ptr, world->picture.len);
    world->text[world->picture.len] = 0;
    return world->text;
}

static void assert_shows(const char *text, const char *what)
{
    if (strstr(text, what) == NULL) {
        fail_msg("no '%s' in:\n%s", what, text);
    }
}

static void test_an_answer_is_read_by_the_names_of_its_metrics(void **state)
{
    struct world *world = *state;
    const struct pl_top_sample *now = &world->now;
    assert_int_equal(now->figures[PL_TOP_CONNECTIONS], 12);
    assert_int_equal(now->figures[PL_TOP_CONNECTIONS_MAX], 100);
    assert_int_equal(now->figures[PL_TOP_REFUSALS], 7); /* a family is the sum of its rows */
    assert_int_equal(now->figures[PL_TOP_SOCKETIO_IN], 9);
    assert_int_equal(now->figures[PL_TOP_SOCKETIO_OUT], 0);
    assert_int_equal(now->turns.buckets[10], 300);
    assert_int_equal(now->stream_count, 2);
    assert_string_equal(now->streams[1].name, "room / ?[2Jlobby..."); /* harmless */
    assert_int_equal(now->consumer_count, 3);
    assert_true(pl_top_sample_seconds(now, &world->before) == 2);
    assert_true(pl_top_stream_rate(now, 0, &world->before) == 0);
    assert_true(pl_top_stream_rate(now, 1, &world->before) == 20);
    assert_true(pl_top_stream_rate(now, 1, NULL) < 0);
}

static void test_answers_that_make_no_sense_are_empty_samples(void **state)
{
    static const char *const answers[] = {"",
                                          "[]",
                                          "{",
                                          "{\"metrics\":[1]}",
                                          "{\"metrics\":{\"parley_connections\":\"x\"}}",
                                          "{\"turns\":{\"buckets\":[-1,\"x\",1e99]}}",
                                          "{\"consumers\":{},\"largest_streams\":[1,[]]}"};
    struct world *world = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(answers); i++) {
        pl_top_sample_read(&world->now, pl_str_of_cstr(answers[i]));
        assert_int_equal(world->now.figures[PL_TOP_CONNECTIONS], 0);
        assert_int_equal(world->now.consumer_count, 0);
        assert_shows(picture(world, &world->before), "Parley");
    }
}

static void test_the_picture_has_rates_once_there_are_two_samples(void **state)
{
    struct world *world = *state;
    const char *text = picture(world, NULL);
    assert_shows(text, "Parley 1.2.3 with chat, running, up 12 s, process 42\n");
    assert_shows(text, "\nloop         -\n");
    text = picture(world, &world->before);
    assert_shows(text, "publishes      100 "); /* 200 in two seconds */
    assert_shows(text, "busy 10.0 %; 100 turns/s, p50 768 us,");
    assert_shows(text, " polling, 6 talo; memory");
    assert_shows(text, "\nTalo              100         0   reads ");
    assert_shows(text, "   writes         100\n");
    assert_shows(text, "; I/O 100.0 %\n"); /* of one thread, or half of two */
    assert_shows(text, "queued 4.0 KiB for 3;");
    assert_shows(text, "room / ?[2Jlobby...");
    assert_shows(text, "         8           20\n");
    world->before.pid = 41; /* another process: its counters say nothing */
    assert_shows(picture(world, &world->before), "\nloop         -\n");
}

static void test_lists_are_ordered_as_wished(void **state)
{
    struct world *world = *state;
    const char *text = picture(world, &world->before);
    assert_true(strstr(text, "namespace /") < strstr(text, "room /"));
    assert_true(strstr(text, "203.0.113.7") < strstr(text, "203.0.113.8"));
    world->view.stream_order = PL_TOP_BY_PUBLISHES;
    world->view.consumer_order = PL_TOP_BY_STALL;
    text = picture(world, &world->before);
    assert_true(strstr(text, "room /") < strstr(text, "namespace /"));
    assert_true(strstr(text, "203.0.113.8") < strstr(text, "203.0.113.7"));
    assert_shows(text, "1 min 1 s\n");
    world->view.lists = PL_TOP_CONSUMER_LIST;
    text = picture(world, &world->before);
    assert_null(strstr(text, "LARGEST STREAMS"));
    assert_shows(text, "SLOWEST CONSUMERS");
}

static void test_the_picture_fits_every_screen(void **state)
{
    struct world *world = *state;
    for (world->view.height = 1; world->view.height <= 40; world->view.height++) {
        for (world->view.width = 1; world->view.width <= 140; world->view.width += 3) {
            for (enum pl_top_lists lists = PL_TOP_BOTH; lists <= PL_TOP_CONSUMER_LIST; lists++) {
                world->view.lists = lists;
                struct pl_str rest = pl_str_of_cstr(picture(world, &world->before));
                size_t lines = 0;
                struct pl_str line = PL_STR("");
                while (rest.len > 0) {
                    line = pl_str_split(&rest, '\n');
                    assert_true(pl_columns_of(line) <= world->view.width);
                    lines++;
                }
                assert_int_equal(lines, world->view.height);
                bool is_footer = pl_str_starts_with(PL_STR("q quit"), line);
                assert_true(is_footer || world->view.height == 1); /* at the bottom */
            }
        }
    }
}

static void test_colours_are_there_only_when_wanted(void **state)
{
    struct world *world = *state;
    assert_null(strchr(picture(world, &world->before), '\x1b'));
    world->view.has_color = true;
    assert_shows(picture(world, &world->before),
                 "\x1b[31m203.0.113.8:5"); /* stalled for a minute */
}

static void test_columns_count_wide_and_combining_characters(void **state)
{
    struct pl_buf out;
    (void)state;
    assert_int_equal(pl_columns_of(PL_STR("abc")), 3);
    assert_int_equal(pl_columns_of(PL_STR("\xe6\x97\xa5\xe6\x9c\xac")), 4); /* two ideographs */
    assert_int_equal(pl_columns_of(PL_STR("e\xcc\x81")), 1);                /* e and its accent */
    assert_int_equal(pl_columns_of(PL_STR("\xf0\x9f\x98\x80!")), 3);
    assert_int_equal(pl_columns_of(PL_STR("\xff\xe2\x82")), 3); /* no UTF-8 */
    assert_int_equal(pl_columns_first(PL_STR("\xe6\x97\xa5\xe6\x9c\xac"), 3).len, 3);
    pl_buf_init(&out, 100);
    pl_columns_add(&out, PL_STR("\xe6\x97\xa5\xe6\x9c\xac"), 3);
    pl_columns_add(&out, PL_STR("x"), 3);
    assert_true(pl_str_eq(pl_buf_str(&out), PL_STR("\xe6\x97\xa5 x  ")));
    pl_buf_fini(&out);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_an_answer_is_read_by_the_names_of_its_metrics),
        ROW(test_answers_that_make_no_sense_are_empty_samples),
        ROW(test_the_picture_has_rates_once_there_are_two_samples),
        ROW(test_lists_are_ordered_as_wished),
        ROW(test_the_picture_fits_every_screen),
        ROW(test_colours_are_there_only_when_wanted),
        ROW(test_columns_count_wide_and_combining_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
