/* parley new on a real disk: what it writes, what it refuses, and that a failure leaves nothing. */
#include "cli/project.h"

#include "base/defs.h"
#include "cli/project_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char base[64];   /* a fresh folder */
    char folder[96]; /* base/my-chat: not there yet */
};

static int make_fixture(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    snprintf(fixture->base, sizeof(fixture->base), "/tmp/parley-test-project-XXXXXX");
    assert_non_null(mkdtemp(fixture->base));
    snprintf(fixture->folder, sizeof(fixture->folder), "%s/my-chat", fixture->base);
    *state = fixture;
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static int remove_fixture(void **state)
{
    struct fixture *fixture = *state;
    nftw(fixture->base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

static size_t entry_count(const char *folder)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count - 2; /* without . and .. */
}

static bool is_there(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void touch(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_project_names(void **state)
{
    static const struct {
        const char *name;
        int rc;
        const char *says;
    } rows[] = {
        {"chat", 0, ""},
        {"My-chat_2", 0, ""},
        {"a", 0, ""},
        {"tests", 0, ""},
        {"mesonic", 0, ""},
        {"", PL_E_INVALID, "1 to 64 letters"},
        {"2chat", PL_E_INVALID, "a letter first"},
        {"_chat", PL_E_INVALID, "a letter first"},
        {".", PL_E_INVALID, "a letter first"},
        {"chat.c", PL_E_INVALID, "letters, digits"},
        {"my chat", PL_E_INVALID, "letters, digits"},
        {"cha\xc3\xa9t", PL_E_INVALID, "of ASCII"},
        {"test", PL_E_INVALID, "Meson has a target of that name"},
        {"all", PL_E_INVALID, "Meson has a target of that name"},
        {"meson-chat", PL_E_INVALID, "begin with meson-"},
        {"a23456789012345678901234567890123456789012345678901234567890abcd", 0, ""},
        {"a23456789012345678901234567890123456789012345678901234567890abcde", PL_E_INVALID,
         "1 to 64"},
    };
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_error err = {0};
        assert_int_equal(pl_project_name_check(pl_str_of_cstr(rows[i].name), &err), rows[i].rc);
        assert_non_null(strstr(err.text, rows[i].says));
    }
}

static void test_project_is_written_whole(void **state)
{
    struct fixture *fixture = *state;
    int count = pl_project_write(fixture->folder, PL_STR("my-chat"), true, NULL);
    assert_int_equal(count, pl_project_file_count);
    assert_true(is_there(fixture->folder, "src/my-chat.c"));
    assert_true(is_there(fixture->folder, "page/index.html"));
    assert_true(is_there(fixture->folder, "page/parley-client.js"));
    assert_true(is_there(fixture->folder, "tests/test_channel.py"));
    assert_true(is_there(fixture->folder, ".gitignore"));
}

static void test_project_without_a_page_has_no_folder_for_it(void **state)
{
    struct fixture *fixture = *state;
    assert_in_range(pl_project_write(fixture->folder, PL_STR("my-chat"), false, NULL), 1,
                    pl_project_file_count - 1);
    assert_true(is_there(fixture->folder, "src/my-chat.c"));
    assert_false(is_there(fixture->folder, "page"));
}

static void test_project_takes_an_empty_folder_and_no_other(void **state)
{
    struct fixture *fixture = *state;
    struct pl_error err = {0};
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    assert_true(pl_project_write(fixture->folder, PL_STR("my-chat"), true, &err) > 0);
    size_t before = entry_count(fixture->folder);
    assert_int_equal(pl_project_write(fixture->folder, PL_STR("my-chat"), true, &err), PL_E_EXISTS);
    assert_non_null(strstr(err.text, "something in this folder"));
    assert_int_equal(entry_count(fixture->folder), before);
}

static void test_project_leaves_a_file_of_that_name_alone(void **state)
{
    struct fixture *fixture = *state;
    struct pl_error err = {0};
    touch(fixture->base, "my-chat", "mine");
    assert_int_equal(pl_project_write(fixture->folder, PL_STR("my-chat"), true, &err), PL_E_EXISTS);
    assert_non_null(strstr(err.text, "no folder"));
    assert_true(is_there(fixture->base, "my-chat"));
}

static void test_project_needs_the_folder_around_it(void **state)
{
    struct fixture *fixture = *state;
    char folder[128];
    struct pl_error err = {0};
    snprintf(folder, sizeof(folder), "%s/none/my-chat", fixture->base);
    assert_int_equal(pl_project_write(folder, PL_STR("my-chat"), true, &err), PL_E_IO);
    assert_non_null(strstr(err.text, strerror(ENOENT)));
}

/* A disk that is full in the middle of a file: here, a limit for the size of files. */
static int write_on_a_full_disk(const char *folder, struct pl_error *err)
{
    struct rlimit before;
    struct rlimit small;
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){.rlim_cur = 1500, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int rc = pl_project_write(folder, PL_STR("my-chat"), true, err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    return rc;
}

static void test_project_that_cannot_be_finished_is_taken_back(void **state)
{
    struct fixture *fixture = *state;
    struct pl_error err = {0};
    assert_int_equal(write_on_a_full_disk(fixture->folder, &err), PL_E_IO);
    assert_non_null(strstr(err.text, strerror(EFBIG)));
    assert_int_equal(entry_count(fixture->base), 0);
    assert_int_equal(mkdir(fixture->folder, 0777), 0);
    assert_int_equal(write_on_a_full_disk(fixture->folder, &err), PL_E_IO);
    assert_int_equal(entry_count(fixture->folder), 0); /* it was there before */
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, make_fixture, remove_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_project_names),
        ROW(test_project_is_written_whole),
        ROW(test_project_without_a_page_has_no_folder_for_it),
        ROW(test_project_takes_an_empty_folder_and_no_other),
        ROW(test_project_leaves_a_file_of_that_name_alone),
        ROW(test_project_needs_the_folder_around_it),
        ROW(test_project_that_cannot_be_finished_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
