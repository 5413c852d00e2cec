/* Static files from a folder made for the test:
 * validators, ranges, folders, and nothing outside. */
#include "fixture.h"

#include "web/static.h"
#include "web/static_open.h"

#include <fcntl.h>
#include <sys/stat.h>

struct site {
    struct fixture fixture;
    struct pl_static *files;
    struct pl_static *assets;
    char root[64];
};

static const char *const folders[] = {"public", "public/sub", "public/.git"};
static const char *const files[] = {
    "public/.git/config",    "public/index.html", "public/a b.txt",   "public/app.js",
    "public/sub/index.html", "public/.env",       "public/empty.bin", "secret.txt",
};

static void put_folder(const struct site *site, const char *path)
{
    char full[160];
    snprintf(full, sizeof(full), "%s/%s", site->root, path);
    assert_int_equal(mkdir(full, 0700), 0);
}

/* All files are of one moment, so that their tags are known. */
static void put_file(const struct site *site, const char *path)
{
    char full[160];
    struct timespec times[2] = {{1000000000, 5}, {1000000000, 5}};
    snprintf(full, sizeof(full), "%s/%s", site->root, path);
    int fd = open(full, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    if (strcmp(path, "public/empty.bin") != 0) {
        assert_int_equal(write(fd, "0123456789", 10), 10);
    }
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void link_to(const struct site *site, const char *target, const char *name)
{
    char full[160];
    snprintf(full, sizeof(full), "%s/public/%s", site->root, name);
    assert_int_equal(symlink(target, full), 0);
}

static int setup(void **state)
{
    struct site *site = pl_alloc(sizeof(*site));
    struct pl_static_config config = {.prefix = PL_STR("/"),
                                      .index = PL_STR("index.html"),
                                      .falls_back_to_index = true,
                                      .cache_control = PL_STR("no-cache"),
                                      .file_limit_bytes = 1000};
    char folder[80];
    fixture_init(&site->fixture);
    snprintf(site->root, sizeof(site->root), "/tmp/parley-static-XXXXXX");
    assert_non_null(mkdtemp(site->root));
    for (size_t i = 0; i < PL_ARRAY_LEN(folders); i++) {
        put_folder(site, folders[i]);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        put_file(site, files[i]);
    }
    link_to(site, "../secret.txt", "out.txt");
    link_to(site, "/etc/passwd", "passwd.txt");
    link_to(site, "app.js", "in.js");
    snprintf(folder, sizeof(folder), "%s/public", site->root);
    config.folder = pl_str_of_cstr(folder);
    assert_int_equal(pl_static_add(&site->files, site->fixture.web, &config, NULL), 0);
    config.prefix = PL_STR("/assets");
    config.falls_back_to_index = false;
    config.cache_control = PL_STR("");
    assert_int_equal(pl_static_add(&site->assets, site->fixture.web, &config, NULL), 0);
    *state = site;
    return 0;
}

static int teardown(void **state)
{
    struct site *site = *state;
    char command[128];
    fixture_fini(&site->fixture);
    pl_static_destroy(site->files);
    pl_static_destroy(site->assets);
    snprintf(command, sizeof(command), "rm -r %s", site->root);
    assert_int_equal(system(command), 0);
    pl_free(site);
    return 0;
}

#define ETAG "\"3b9aca00.5-a\""
#define DATE "Sun, 09 Sep 2001 01:46:40 GMT"

struct row {
    const char *line;    /* "GET /path" */
    const char *headers; /* more header lines */
    int status;
    const char *part; /* of the answer */
    const char *body; /* NULL: not looked at */
};

static const struct row rows[] = {
    {"GET /", "", 200, "Content-Type: text/html; charset=utf-8\r\n", "0123456789"},
    {"GET /index.html", "", 200,
     "ETag: " ETAG "\r\nLast-Modified: " DATE "\r\nCache-Control: no-cache\r\n", "0123456789"},
    {"HEAD /app.js", "", 200, "Content-Length: 10\r\n", ""},
    {"GET /app.js", "", 200,
     "Content-Type: text/javascript; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n", NULL},
    {"GET /a%20b.txt?v=1", "", 200, "Accept-Ranges: bytes\r\n", "0123456789"},
    {"GET /empty.bin", "", 200, "Content-Type: application/octet-stream\r\n", ""},
    {"GET /assets/app.js", "", 200, "", "0123456789"},
    {"GET /assets", "", 308, "Location: /assets/\r\n", ""},
    {"GET /assets/", "", 200, "", "0123456789"},
    {"GET /assetsx", "", 404, "", NULL},
    {"GET /sub", "", 308, "Location: /sub/\r\n", ""},
    {"GET /sub/", "", 200, "", "0123456789"},
    {"GET /in.js", "", 200, "", "0123456789"},
    {"POST /app.js", "Content-Length: 0\r\n", 405, "Allow: GET, HEAD\r\n", ""},
    /* nothing else */
    {"GET /none.txt", "", 404, "", "Not Found"},
    {"GET /app.js/", "", 404, "", NULL},
    {"GET /.env", "", 404, "", NULL},
    {"GET /.git/config", "", 404, "", NULL},
    {"GET /sub/../app.js", "", 404, "", NULL},
    {"GET /../secret.txt", "", 404, "", NULL},
    {"GET /%2e%2e/secret.txt", "", 404, "", NULL},
    {"GET /..%2fsecret.txt", "", 404, "", NULL},
    {"GET /sub%2f..%2f..%2fsecret.txt", "", 404, "", NULL},
    {"GET //etc/passwd", "", 404, "", NULL},
    {"GET /%2fetc/passwd", "", 404, "", NULL},
    {"GET /app.js%00.html", "", 404, "", NULL},
    {"GET /out.txt", "", 404, "", NULL},
    {"GET /passwd.txt", "", 404, "", NULL},
    {"GET /%zz", "", 404, "", NULL},
    /* pages of a single-page application */
    {"GET /deep/link", "Accept: text/html;q=0.9, */*\r\n", 200,
     "Content-Type: text/html; charset=utf-8\r\n", "0123456789"},
    {"GET /deep/link", "Accept: */*\r\n", 404, "", NULL},
    {"HEAD /deep/link", "Accept: text/html\r\n", 404, "", NULL},
    {"GET /.env", "Accept: text/html\r\n", 404, "", NULL},
    {"GET /assets/none", "Accept: text/html\r\n", 404, "", NULL},
    /* conditional */
    {"GET /app.js", "If-None-Match: " ETAG "\r\n", 304, "ETag: " ETAG "\r\n", ""},
    {"GET /app.js", "If-None-Match: \"x\", W/" ETAG "\r\n", 304, "", ""},
    {"GET /app.js", "If-None-Match: *\r\n", 304, "", ""},
    {"GET /app.js", "If-None-Match: \"x\"\r\nIf-Modified-Since: " DATE "\r\n", 200, "",
     "0123456789"},
    {"GET /app.js", "If-Modified-Since: " DATE "\r\n", 304, "", ""},
    {"GET /app.js", "If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT\r\n", 200, "", NULL},
    {"GET /app.js", "If-Modified-Since: yesterday\r\n", 200, "", NULL},
    /* ranges */
    {"GET /app.js", "Range: bytes=2-4\r\n", 206, "Content-Range: bytes 2-4/10\r\n", "234"},
    {"GET /app.js", "Range: bytes=-3\r\n", 206, "Content-Range: bytes 7-9/10\r\n", "789"},
    {"GET /app.js", "Range: bytes=8-99\r\n", 206, "Content-Length: 2\r\n", "89"},
    {"GET /app.js", "Range: bytes=10-\r\n", 416, "Content-Range: bytes */10\r\n", ""},
    {"GET /app.js", "Range: bytes=0-1,4-5\r\n", 200, "", "0123456789"},
    {"HEAD /app.js", "Range: bytes=2-4\r\n", 200, "Content-Length: 10\r\n", ""},
    {"GET /app.js", "Range: bytes=2-4\r\nIf-Range: " ETAG "\r\n", 206, "", "234"},
    {"GET /app.js", "Range: bytes=2-4\r\nIf-Range: W/" ETAG "\r\n", 200, "", NULL},
    {"GET /app.js", "Range: bytes=2-4\r\nIf-Range: " DATE "\r\n", 206, "", "234"},
    {"GET /app.js", "Range: bytes=2-4\r\nIf-Range: \"old\"\r\n", 200, "", NULL},
};

static void check_row(struct site *site, size_t number)
{
    const struct row *row = &rows[number];
    char request[512];
    char status[24];
    struct client client;
    snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: a\r\n%s\r\n", row->line, row->headers);
    snprintf(status, sizeof(status), "HTTP/1.1 %d ", row->status);
    ask(&site->fixture, &client, request);
    struct pl_str got = pl_buf_str(&client.got);
    bool is_right = contains(got, status) && contains(got, row->part);
    if (is_right && row->body != NULL) {
        const char *end = memmem(got.ptr, got.len, "\r\n\r\n", 4);
        struct pl_str body = pl_str_from(got, (size_t)(end - got.ptr) + 4);
        is_right = pl_str_eq(body, pl_str_of_cstr(row->body));
    }
    if (!is_right) {
        fail_msg("%s %s: " PL_STR_FMT, row->line, row->headers, PL_STR_ARG(got));
    }
    client_close(&client, &site->fixture);
}

static void test_static_files_are_served_as_http_has_it(void **state)
{
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        check_row(*state, i);
    }
}

static void test_static_file_over_the_limit_is_refused_but_not_its_parts(void **state)
{
    struct site *site = *state;
    struct client client;
    char full[160];
    snprintf(full, sizeof(full), "%s/public/app.js", site->root);
    assert_int_equal(truncate(full, 1001), 0);
    ask(&site->fixture, &client, "GET /app.js HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_true(client_has(&client, "HTTP/1.1 500 "));
    client_close(&client, &site->fixture);
    ask(&site->fixture, &client, "GET /app.js HTTP/1.1\r\nHost: a\r\nRange: bytes=0-999\r\n\r\n");
    assert_true(client_has(&client, "HTTP/1.1 206 "));
    client_close(&client, &site->fixture);
}

static void test_static_folder_that_is_missing_is_an_error(void **state)
{
    struct site *site = *state;
    struct pl_static *refused = NULL;
    struct pl_static_config config = {.folder = PL_STR("/tmp/parley-no-such-folder"),
                                      .prefix = PL_STR("/x")};
    struct pl_error err = {0};
    assert_int_equal(pl_static_add(&refused, site->fixture.web, &config, &err), PL_E_NOT_FOUND);
    config.folder = PL_STR("/tmp");
    config.prefix = PL_STR("/");
    assert_int_equal(pl_static_add(&refused, site->fixture.web, &config, &err), PL_E_EXISTS);
    assert_null(refused);
}

static void test_static_open_stays_in_its_folder_with_old_kernels_too(void **state)
{
    static const struct {
        const char *path;
        bool opens;
        bool opens_by_segments; /* which follows no links at all */
    } paths[] = {
        {"app.js", true, true},       {"sub/index.html", true, true}, {"", true, true},
        {"sub", true, true},          {"in.js", true, false},         {"out.txt", false, false},
        {"passwd.txt", false, false}, {"none", false, false},         {"app.js/x", false, false},
    };
    struct site *site = *state;
    char folder[80];
    snprintf(folder, sizeof(folder), "%s/public", site->root);
    int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < PL_ARRAY_LEN(paths); i++) {
        int fd = pl_static_open(folder_fd, paths[i].path);
        int by_segments = pl_static_open_by_segments(folder_fd, paths[i].path);
        assert_int_equal(fd >= 0, paths[i].opens);
        assert_int_equal(by_segments >= 0, paths[i].opens_by_segments);
        assert_true(fd >= 0 || fd == PL_E_NOT_FOUND);
        assert_true(by_segments >= 0 || by_segments == PL_E_NOT_FOUND);
        close(fd);
        close(by_segments);
    }
    close(folder_fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_static_files_are_served_as_http_has_it),
        TEST(test_static_file_over_the_limit_is_refused_but_not_its_parts),
        TEST(test_static_open_stays_in_its_folder_with_old_kernels_too),
        TEST(test_static_folder_that_is_missing_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
