/* Requests on a kept connection, against servers of the test's making. */
#include "client/http.h"

#include "fake_conn.h"

struct owner {
    struct pl_client_http *http;
    int answered;
    int failed;
    int status;
    int error;
    char body[256];
    size_t body_len;
    bool destroys;   /* in its callback */
    bool asks_again; /* in its callback, once */
};

static void react(struct owner *owner)
{
    if (owner->asks_again) {
        owner->asks_again = false;
        assert_int_equal(pl_client_http_send(owner->http, "GET", PL_STR("/next"), PL_STR(""), NULL,
                                             PL_STR(""), NULL),
                         0);
    }
    if (owner->destroys) {
        pl_client_http_destroy(&owner->http);
    }
}

static void on_answer(struct pl_client_http *http, int status, struct pl_span body, void *user)
{
    struct owner *owner = user;
    assert_ptr_equal(http, owner->http);
    assert_false(pl_client_http_is_busy(http));
    owner->answered++;
    owner->status = status;
    owner->body_len = body.len;
    react(owner);
    memcpy(owner->body, body.len > 0 ? (char *)body.ptr : "",
           pl_size_min(body.len, sizeof(owner->body)));
}

static void on_failed(struct pl_client_http *http, int error, const char *reason, void *user)
{
    struct owner *owner = user;
    assert_ptr_equal(http, owner->http);
    assert_true(strlen(reason) > 0);
    owner->failed++;
    owner->error = error;
    react(owner);
}

static const struct pl_client_http_owner callbacks = {on_answer, on_failed};

static struct pl_client_transport transport = {
    .url = {.host = PL_STR_INIT("example.org"), .port = 8080},
};

struct fixture {
    struct parley_client *client;
    struct owner owner;
};

static struct fixture begin(void)
{
    return (struct fixture){.client = fake_client()};
}

static void open_http(struct fixture *f, size_t body_max)
{
    assert_int_equal(pl_client_http_create(&f->owner.http, f->client, &transport, body_max,
                                           &callbacks, &f->owner, NULL),
                     0);
}

static void finish(struct fixture *f)
{
    pl_client_http_destroy(&f->owner.http);
    fake_client_end(f->client);
}

static void get(struct fixture *f)
{
    assert_int_equal(pl_client_http_send(f->owner.http, "GET", PL_STR("/x?y"), PL_STR(""), NULL,
                                         PL_STR(""), NULL),
                     0);
    assert_true(pl_client_http_is_busy(f->owner.http));
}

static void feed(struct fixture *f, struct pl_str bytes)
{
    fake_feed(bytes);
    fake_tick(f->client, 0);
}

static void expect_body(const struct fixture *f, int status, const char *body)
{
    assert_int_equal(f->owner.failed, 0);
    assert_int_equal(f->owner.status, status);
    assert_int_equal(f->owner.body_len, strlen(body));
    assert_memory_equal(f->owner.body, body, strlen(body));
}

static void test_http_request_names_host_agent_and_the_owners_headers(void **state)
{
    (void)state;
    struct fixture f = begin();
    static char headers[] = "Authorization: Bearer x\r\n";
    transport.headers = headers;
    open_http(&f, 100);
    get(&f);
    pl_buf_add_char(&world.conn->out, '\0');
    assert_string_equal((char *)world.conn->out.ptr,
                        "GET /x?y HTTP/1.1\r\nHost: example.org:8080\r\n"
                        "User-Agent: parley-client/0.1.0\r\nAuthorization: Bearer x\r\n\r\n");
    transport.headers = NULL;
    finish(&f);
}

static void test_http_request_with_a_body_says_how_long_it_is(void **state)
{
    (void)state;
    struct fixture f = begin();
    static char headers[] = "user-agent: mine\r\nHOST: other\r\n";
    struct pl_client_transport ipv6 = transport;
    open_http(&f, 100);
    transport.headers = headers;
    assert_int_equal(pl_client_http_send(f.owner.http, "POST", PL_STR(""), PL_STR(""), "text/plain",
                                         PL_STR("abc"), NULL),
                     0);
    transport = ipv6;
    pl_buf_add_char(&world.conn->out, '\0');
    assert_string_equal((char *)world.conn->out.ptr,
                        "POST / HTTP/1.1\r\nuser-agent: mine\r\nHOST: other\r\n"
                        "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc");
    finish(&f);
}

static void test_http_host_has_brackets_and_a_port_only_where_needed(void **state)
{
    (void)state;
    static const struct {
        struct pl_url url;
        bool is_secure;
        const char *expected;
    } rows[] = {
        {{.host = PL_STR_INIT("::1"), .is_ipv6 = true, .port = 80}, false, "Host: [::1]\r\n"},
        {{.host = PL_STR_INIT("::1"), .is_ipv6 = true, .port = 443}, false, "Host: [::1]:443\r\n"},
        {{.host = PL_STR_INIT("a"), .port = 443}, true, "Host: a\r\n"},
        {{.host = PL_STR_INIT("a"), .port = 80}, true, "Host: a:80\r\n"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture f = begin();
        struct pl_client_transport kept = transport;
        transport.url = rows[i].url;
        transport.is_secure = rows[i].is_secure;
        open_http(&f, 100);
        get(&f);
        pl_buf_add_char(&world.conn->out, '\0');
        assert_non_null(strstr((char *)world.conn->out.ptr, rows[i].expected));
        transport = kept;
        finish(&f);
    }
}

static void test_http_answer_comes_whole_however_it_was_cut(void **state)
{
    (void)state;
    static const struct {
        struct pl_str in;
        const char *body;
        bool is_kept;
    } rows[] = {
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), "hello", true},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "", true},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n"
                     "0\r\n\r\n"),
         "hello", true},
        {PL_STR_INIT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n"
                     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"),
         "hi", false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        for (size_t cut = 1; cut <= rows[i].in.len; cut++) {
            struct fixture f = begin();
            open_http(&f, 100);
            get(&f);
            feed(&f, pl_str_first(rows[i].in, cut));
            assert_int_equal(f.owner.answered, cut == rows[i].in.len);
            if (cut < rows[i].in.len) {
                feed(&f, pl_str_from(rows[i].in, cut));
            }
            assert_int_equal(f.owner.answered, 1);
            expect_body(&f, 200, rows[i].body);
            assert_int_equal(world.conn != NULL, rows[i].is_kept);
            finish(&f);
        }
    }
}

static void test_http_connection_is_kept_for_the_next_request(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    f.owner.asks_again = true;
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"));
    expect_body(&f, 404, "no");
    assert_true(pl_client_http_is_busy(f.owner.http));
    feed(&f, PL_STR("HTTP/1.1 302 There\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"));
    expect_body(&f, 302, ""); /* redirects are the owner's affair */
    assert_int_equal(world.opened_count, 1);
    assert_false(pl_client_http_is_busy(f.owner.http));
    finish(&f);
}

static void test_http_body_until_close_ends_with_the_connection(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    get(&f);
    feed(&f, PL_STR("HTTP/1.0 200 OK\r\n\r\nall "));
    feed(&f, PL_STR("of it"));
    assert_int_equal(f.owner.answered, 0);
    fake_end(PL_E_CLOSED);
    fake_tick(f.client, 0);
    expect_body(&f, 200, "all of it");
    get(&f);
    assert_int_equal(world.opened_count, 2);
    finish(&f);
}

static void test_http_stale_connection_is_replaced_once_for_get(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 204 No Content\r\n\r\n"));
    get(&f);
    fake_end(PL_E_CLOSED);
    fake_tick(f.client, 0);
    assert_int_equal(world.opened_count, 2);
    assert_true(pl_str_starts_with(pl_buf_str(&world.conn->out), PL_STR("GET /x?y ")));
    feed(&f, PL_STR("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!"));
    expect_body(&f, 200, "!");
    get(&f);
    fake_end(PL_E_CLOSED);
    fake_tick(f.client, 0);
    fake_end(PL_E_CLOSED); /* the new connection as well */
    fake_tick(f.client, 0);
    assert_int_equal(f.owner.failed, 1);
    assert_int_equal(f.owner.error, PL_E_CLOSED);
    assert_int_equal(world.opened_count, 3);
    finish(&f);
}

static void test_http_get_before_a_reset_is_not_repeated(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 204 No Content\r\n\r\n"));
    get(&f);
    fake_end(PL_E_IO); /* an answer may have been on its way, with packets in it */
    fake_tick(f.client, 0);
    assert_int_equal(f.owner.failed, 1);
    assert_int_equal(f.owner.error, PL_E_IO);
    assert_int_equal(world.opened_count, 1);
    finish(&f);
}

static void test_http_stale_connection_fails_a_post_and_a_first_request(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    get(&f);
    fake_end(PL_E_NOT_FOUND);
    fake_tick(f.client, 0);
    assert_int_equal(f.owner.error, PL_E_NOT_FOUND);
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 204 No Content\r\n\r\n"));
    assert_int_equal(pl_client_http_send(f.owner.http, "POST", PL_STR("/"), PL_STR(""), "a/b",
                                         PL_STR("c"), NULL),
                     0);
    fake_end(PL_E_CLOSED);
    fake_tick(f.client, 0);
    assert_int_equal(f.owner.failed, 2);
    assert_int_equal(f.owner.error, PL_E_CLOSED);
    assert_int_equal(world.opened_count, 2);
    finish(&f);
}

static void test_http_get_whose_answer_had_begun_is_not_repeated(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 204 No Content\r\n\r\n"));
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 2"));
    fake_end(PL_E_CLOSED);
    fake_tick(f.client, 0);
    assert_int_equal(f.owner.failed, 1);
    assert_int_equal(world.opened_count, 1);
    finish(&f);
}

static void test_http_idle_connection_that_speaks_or_ends_is_dropped_silently(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    for (int i = 0; i < 3; i++) {
        get(&f);
        if (i == 2) { /* more than the answer */
            feed(&f, PL_STR("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n"));
        } else {
            feed(&f, PL_STR("HTTP/1.1 204 No Content\r\n\r\n"));
            i == 0 ? fake_end(PL_E_CLOSED) : fake_feed(PL_STR("HTTP/1.1 408 Time\r\n\r\n"));
            fake_tick(f.client, 0);
        }
        assert_null(world.conn);
        assert_int_equal(f.owner.answered, i + 1);
        assert_int_equal(f.owner.failed, 0);
    }
    finish(&f);
}

static void test_http_hostile_answers_fail_the_request(void **state)
{
    (void)state;
    static const struct {
        struct pl_str in;
        int error;
        const char *why;
    } rows[] = {
        {PL_STR_INIT("SSH-2.0-x\r\n"), PL_E_PROTO, "another protocol"},
        {PL_STR_INIT("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), PL_E_PROTO, "upgrade"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"), PL_E_TOO_BIG, "too long"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n"),
         PL_E_TOO_BIG, "chunk bomb"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n"
                     "6\r\n"),
         PL_E_TOO_BIG, "many chunks"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\n\r\n01234567890"), PL_E_TOO_BIG, "without an end"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx"), PL_E_PROTO,
         "broken chunk"},
        {PL_STR_INIT("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\n"),
         PL_E_UNSUPPORTED, "packed"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct fixture f = begin();
        open_http(&f, 10);
        get(&f);
        f.owner.destroys = i % 2 == 0;
        feed(&f, rows[i].in);
        if (f.owner.failed != 1 || f.owner.error != rows[i].error) {
            fail_msg("%s: %d", rows[i].why, f.owner.error);
        }
        assert_null(world.conn);
        finish(&f);
    }
}

static void test_http_head_without_an_end_is_too_big(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 10);
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 2000 && f.owner.failed == 0; i++) {
        feed(&f, PL_STR("Header: value\r\n"));
    }
    assert_int_equal(f.owner.error, PL_E_TOO_BIG);
    finish(&f);
}

static void test_http_body_cut_short_fails(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 10);
    get(&f);
    feed(&f, PL_STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"));
    fake_end(PL_E_CLOSED);
    fake_tick(f.client, 0);
    assert_int_equal(f.owner.error, PL_E_CLOSED);
    finish(&f);
}

static void test_http_owner_may_destroy_it_in_its_answer(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100);
    get(&f);
    f.owner.destroys = true;
    feed(&f, PL_STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"));
    feed(&f, PL_STR("lo"));
    expect_body(&f, 200, "hello");
    assert_null(f.owner.http);
    finish(&f);
}

static void test_http_body_may_come_byte_by_byte(void **state)
{
    (void)state;
    struct fixture f = begin();
    open_http(&f, 100000);
    get(&f);
    fake_feed(PL_STR("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"));
    fake_tick(f.client, 0);
    for (int i = 0; i < 100; i++) {
        feed(&f, PL_STR("x"));
    }
    assert_int_equal(f.owner.body_len, 100);
    finish(&f);
}

/* A request, an answer in two pieces, and one more on the kept connection, which went stale. */
static int walk(struct fixture *f)
{
    struct pl_error err = {0};
    int rc = pl_client_http_create(&f->owner.http, f->client, &transport, 100, &callbacks,
                                   &f->owner, &err);
    for (int i = 0; i < 2 && rc == 0; i++) {
        rc = pl_client_http_send(f->owner.http, "GET", PL_STR("/"), PL_STR(""), NULL, PL_STR(""),
                                 &err);
        if (rc == 0 && i == 1) {
            fake_end(PL_E_CLOSED);
            fake_tick(f->client, 0);
        }
        if (rc == 0 && world.conn != NULL) {
            fake_feed(PL_STR("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"));
            fake_tick(f->client, 0);
        }
        if (rc == 0 && world.conn != NULL) {
            fake_feed(PL_STR("lo"));
            fake_tick(f->client, 0);
        }
        rc = rc < 0 ? rc : f->owner.error;
    }
    return rc;
}

static void test_http_nth_allocation_fails_the_request_and_leaks_nothing(void **state)
{
    (void)state;
    int rc = PL_E_NOMEM;
    for (uint64_t nth = 1; rc != 0; nth++) {
        struct fixture f = begin();
        assert_true(nth < 1000);
        pl_try_alloc_fail_at(nth);
        rc = walk(&f);
        pl_try_alloc_fail_at(0);
        assert_true(rc == 0 || rc == PL_E_NOMEM);
        assert_true(rc != 0 || f.owner.answered == 2);
        finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_request_names_host_agent_and_the_owners_headers),
        cmocka_unit_test(test_http_request_with_a_body_says_how_long_it_is),
        cmocka_unit_test(test_http_host_has_brackets_and_a_port_only_where_needed),
        cmocka_unit_test(test_http_answer_comes_whole_however_it_was_cut),
        cmocka_unit_test(test_http_connection_is_kept_for_the_next_request),
        cmocka_unit_test(test_http_body_until_close_ends_with_the_connection),
        cmocka_unit_test(test_http_stale_connection_is_replaced_once_for_get),
        cmocka_unit_test(test_http_get_before_a_reset_is_not_repeated),
        cmocka_unit_test(test_http_stale_connection_fails_a_post_and_a_first_request),
        cmocka_unit_test(test_http_get_whose_answer_had_begun_is_not_repeated),
        cmocka_unit_test(test_http_idle_connection_that_speaks_or_ends_is_dropped_silently),
        cmocka_unit_test(test_http_hostile_answers_fail_the_request),
        cmocka_unit_test(test_http_head_without_an_end_is_too_big),
        cmocka_unit_test(test_http_body_cut_short_fails),
        cmocka_unit_test(test_http_owner_may_destroy_it_in_its_answer),
        cmocka_unit_test(test_http_body_may_come_byte_by_byte),
        cmocka_unit_test(test_http_nth_allocation_fails_the_request_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
