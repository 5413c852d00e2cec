/* Compressed answers when memory is short: each is whole in the coding that it names, or as it is,
 * or an error; and the next one is as if nothing had been. */
#include "fixture.h"

#include "web/content.h"

#include <zlib.h>

#define BODY_BYTES 20000
#define ANSWER_BYTES ((size_t)64 * 1024)
#define ETAG "\"v1\""

static const char request_form[] = "GET %s HTTP/1.1\r\nHost: a\r\nAccept-Encoding: %s\r\n\r\n";

struct app {
    struct fixture fixture;
    char body[BODY_BYTES];
    bool is_unreadable;
};

static void on_text(struct pl_web_request *request, void *user)
{
    struct app *app = user;
    pl_web_respond(request, &(struct pl_web_response){.status = 200,
                                                      .body = pl_str_make(app->body, BODY_BYTES),
                                                      .compress_from_bytes = 1024});
}

static bool read_body(const struct pl_content *content, uint8_t *out, size_t len, uint64_t offset)
{
    const struct app *app = content->bytes;
    memcpy(out, app->body + offset, len);
    return !app->is_unreadable;
}

static void on_content(struct pl_web_request *request, void *user)
{
    pl_content_respond(request,
                       &(struct pl_content){.etag = PL_STR(ETAG),
                                            .last_modified_s = PL_CONTENT_LAST_MODIFIED_NONE,
                                            .type = PL_STR("text/plain"),
                                            .size_bytes = BODY_BYTES,
                                            .part_limit_bytes = BODY_BYTES,
                                            .read = read_body,
                                            .owner = user,
                                            .name = PL_STR("x"),
                                            .bytes = user});
}

static int setup(void **state)
{
    struct app *app = pl_alloc(sizeof(*app));
    fixture_init(&app->fixture);
    for (size_t i = 0; i < BODY_BYTES; i++) {
        app->body[i] = (char)('a' + i * i % 23);
    }
    const struct pl_route routes[] = {
        {.path = PL_STR("/text"), .on_request = on_text, .user = app, .owner = "test"},
        {.path = PL_STR("/content"), .on_request = on_content, .user = app, .owner = "test"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(routes); i++) {
        assert_int_equal(pl_web_route_add(app->fixture.web, &routes[i], NULL), 0);
    }
    pl_web_set_compression(app->fixture.web, &(struct pl_web_compression){.is_enabled = true,
                                                                          .threshold_bytes = 100,
                                                                          .limit_bytes = 100000,
                                                                          .cache_bytes = 100000});
    *state = app;
    return 0;
}

static int teardown(void **state)
{
    struct app *app = *state;
    fixture_fini(&app->fixture);
    pl_free(app);
    return 0;
}

/* One request on a connection of its own; its answer, into memory that no test makes fail. */
static struct pl_str fetch(struct app *app, char out[ANSWER_BYTES], const char *path,
                           const char *codings, uint64_t fail_at)
{
    struct client client;
    char request[256];
    size_t len = 0;
    ssize_t got = 0;
    snprintf(request, sizeof(request), request_form, path, codings);
    client_open(&client, &app->fixture);
    client_send(&client, pl_str_of_cstr(request));
    pl_try_alloc_fail_at(fail_at);
    for (int i = 0; i < 6; i++) {
        pl_loop_turn(app->fixture.loop, 0);
        while ((got = recv(client.fd, out + len, ANSWER_BYTES - len, 0)) > 0) {
            len += (size_t)got;
        }
    }
    pl_try_alloc_fail_at(0);
    client_close(&client, &app->fixture);
    return pl_str_make(out, len);
}

static bool inflates_to_body(const struct app *app, struct pl_str packed)
{
    static uint8_t plain[BODY_BYTES + 1];
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)packed.ptr,
                       .avail_in = (unsigned)packed.len,
                       .next_out = plain,
                       .avail_out = sizeof(plain)};
    assert_int_equal(inflateInit2(&stream, 15 + 32), Z_OK); /* 32: gzip or zlib by the header */
    int rc = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return rc == Z_STREAM_END && stream.total_out == BODY_BYTES && stream.avail_in == 0 &&
           memcmp(plain, app->body, BODY_BYTES) == 0;
}

/* Whether a 200 is whole and says what it is. */
static bool is_right(const struct app *app, struct pl_str answer, const char *coding)
{
    const char *end = memmem(answer.ptr, answer.len, "\r\n\r\n", 4);
    char words[64];
    struct pl_str body;
    if (end == NULL) {
        return false;
    }
    body = pl_str_from(answer, (size_t)(end - answer.ptr) + 4);
    snprintf(words, sizeof(words), "Content-Length: %zu\r\n", body.len);
    if (!contains(answer, words)) {
        return false;
    }
    if (!contains(answer, "Content-Encoding: ")) {
        return pl_str_eq(body, pl_str_make(app->body, BODY_BYTES)) &&
               (!contains(answer, "ETag: ") || contains(answer, "ETag: " ETAG "\r\n"));
    }
    snprintf(words, sizeof(words), "Content-Encoding: %s\r\n", coding);
    return contains(answer, words) && contains(answer, "Vary: Accept-Encoding\r\n") &&
           !contains(answer, "ETag: " ETAG "\r\n") && inflates_to_body(app, body);
}

/* Returns whether it was answered uncompressed: compressing failed, answering did not. */
static bool check_without_memory(const char *path, const char *coding, uint64_t fail_at)
{
    static char out[ANSWER_BYTES];
    void *state = NULL;
    setup(&state); /* of its own: buffers that are there need no memory */
    struct pl_str answer = fetch(state, out, path, coding, fail_at);
    bool is_fine = pl_str_starts_with(answer, PL_STR("HTTP/1.1 200 "));
    bool is_plain = is_fine && !contains(answer, "Content-Encoding: ");
    assert_true(answer.len == 0 || is_fine || pl_str_starts_with(answer, PL_STR("HTTP/1.1 503 ")));
    assert_true(!is_fine || is_right(state, answer, coding));
    answer = fetch(state, out, path, coding, 0);
    assert_true(is_right(state, answer, coding));
    assert_true(contains(answer, "Content-Encoding: "));
    teardown(&state);
    return is_plain;
}

static void test_http_compress_without_memory_answers_rightly_or_not_at_all(void **state)
{
    static const char *const paths[] = {"/text", "/content"};
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(paths); i++) {
        size_t plain_count = 0;
        for (uint64_t nth = 1; nth < 16; nth++) {
            plain_count += check_without_memory(paths[i], "gzip", nth);
            plain_count += check_without_memory(paths[i], "deflate", nth);
        }
        assert_true(plain_count > 0);
    }
}

static void test_http_compress_unreadable_content_is_an_error(void **state)
{
    static char out[ANSWER_BYTES];
    struct app *app = *state;
    app->is_unreadable = true;
    struct pl_str answer = fetch(app, out, "/content", "gzip", 0);
    assert_true(pl_str_starts_with(answer, PL_STR("HTTP/1.1 500 ")));
    assert_false(contains(answer, "Content-Encoding: "));
    app->is_unreadable = false;
    answer = fetch(app, out, "/content", "gzip", 0);
    assert_true(is_right(app, answer, "gzip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_compress_without_memory_answers_rightly_or_not_at_all),
        cmocka_unit_test_setup_teardown(test_http_compress_unreadable_content_is_an_error, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
