/* Mail without a server, with one that is not there, and what may be configured. A real server is
 * in tests/wire/mail.test.mjs. */
#include "work/mail.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void test_mail_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int rc;
    } rows[] = {
        {"smtp://localhost", 0},
        {"smtp://127.0.0.1:2525", 0},
        {"smtps://mail.example.com:465", 0},
        {"smtp://[::1]:25", 0},
        {"smtp://mail.example.com:587/game.example.com", 0},
        {"", PL_E_INVALID},
        {"smtp://", PL_E_INVALID},
        {"smtp:mail.example.com", PL_E_INVALID},
        {"http://mail.example.com", PL_E_INVALID},
        {"mail.example.com", PL_E_INVALID},
        {"smtp://user:secret@mail.example.com", PL_E_INVALID},
        {"smtp://mail example.com", PL_E_INVALID},
        {"smtp://mail.example.com:99999", PL_E_INVALID},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_error err = {0};
        if (pl_mail_check_url(pl_str_of_cstr(rows[i].url), &err) != rows[i].rc) {
            fail_msg("'%s': %s", rows[i].url, err.text);
        }
        assert_null(strstr(err.text, "secret"));
    }
}

/* What the log says, in `out`. */
static void read_log(int fd, char *out, size_t size)
{
    ssize_t len = read(fd, out, size - 1);
    out[len < 0 ? 0 : len] = '\0';
}

static void test_mail_without_a_server_is_logged_with_a_note(void **state)
{
    (void)state;
    int fds[2];
    struct pl_log log;
    struct pl_mail *mail = NULL;
    struct pl_metrics metrics = {0};
    char text[8192];
    assert_int_equal(pipe(fds), 0);
    pl_log_init(&log, fds[1]);
    log.format = PL_LOG_TEXT;
    struct pl_mail_config config = {.log = &log};
    assert_int_equal(pl_mail_create(&mail, &config, NULL), 0);
    assert_int_equal(pl_mail_send(mail, PL_STR("ada@example.com"), PL_STR("Your code"),
                                  PL_STR("It is 123456.\n")),
                     0);
    read_log(fds[0], text, sizeof(text));
    assert_non_null(strstr(text, "mail.not_sent"));
    assert_non_null(strstr(text, "no server: mail.smtp_url is empty"));
    assert_non_null(strstr(text, "ada@example.com"));
    assert_non_null(strstr(text, "It is 123456."));
    assert_int_equal(pl_mail_send(mail, PL_STR("ada"), PL_STR("a"), PL_STR("b")), PL_E_INVALID);
    pl_mail_collect(mail, &metrics);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_MAIL_LOGGED), 1);
    pl_mail_destroy(mail);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void test_mail_what_cannot_be_sent_is_told_in_the_log(void **state)
{
    (void)state;
    int fds[2];
    struct pl_log log;
    struct pl_mail *mail = NULL;
    struct pl_metrics metrics = {0};
    char text[8192];
    assert_int_equal(pipe(fds), 0);
    pl_log_init(&log, fds[1]);
    struct pl_mail_config config = {.url = PL_STR("smtp://127.0.0.1:1"), /* nobody is there */
                                    .user = PL_STR("game"),
                                    .password = PL_STR("hidden"),
                                    .from = PL_STR("Game <game@example.com>"),
                                    .log = &log};
    assert_int_equal(pl_mail_create(&mail, &config, NULL), 0);
    assert_int_equal(
        pl_mail_send(mail, PL_STR("ada@example.com"), PL_STR("Code"), PL_STR("It is 123456.\n")),
        0);
    read_log(fds[0], text, sizeof(text)); /* waits for the line */
    assert_non_null(strstr(text, "mail.failed"));
    assert_null(strstr(text, "123456"));
    assert_null(strstr(text, "hidden"));
    while (pl_metrics_get(&metrics, PL_METRIC_MAIL_FAILED) == 0) {
        metrics = (struct pl_metrics){0};
        pl_mail_collect(mail, &metrics);
    }
    pl_mail_destroy(mail);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

static void test_mail_what_waits_at_the_end_is_dropped(void **state)
{
    (void)state;
    struct pl_mail *mail = NULL;
    struct pl_metrics metrics = {0};
    struct pl_mail_config config = {
        .url = PL_STR("smtp://127.0.0.1:1"), .from = PL_STR("game@example.com"), .waiting_max = 3};
    assert_int_equal(pl_mail_create(&mail, &config, NULL), 0);
    int rc = 0;
    for (int i = 0; i < 1000 && rc == 0; i++) {
        rc = pl_mail_send(mail, PL_STR("ada@example.com"), PL_STR("a"), PL_STR("b"));
    }
    assert_int_equal(rc, PL_E_FULL);
    pl_mail_collect(mail, &metrics);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_MAIL_REFUSED), 1);
    pl_mail_destroy(mail);
}

static void test_mail_settings_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct pl_mail *mail = NULL;
    struct pl_error err;
    struct pl_mail_config config = {.url = PL_STR("smtp://localhost"), .from = PL_STR("nobody")};
    assert_int_equal(pl_mail_create(&mail, &config, &err), PL_E_INVALID);
    config.from = PL_STR("a@example.com");
    config.url = PL_STR("ftp://localhost");
    assert_int_equal(pl_mail_create(&mail, &config, &err), PL_E_INVALID);
    assert_null(mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mail_urls),
        cmocka_unit_test(test_mail_without_a_server_is_logged_with_a_note),
        cmocka_unit_test(test_mail_what_cannot_be_sent_is_told_in_the_log),
        cmocka_unit_test(test_mail_what_waits_at_the_end_is_dropped),
        cmocka_unit_test(test_mail_settings_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
