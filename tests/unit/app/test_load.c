/* What is not an application is refused in one clear line. (That real ones load is shown by the
 * wire tests.) */
#include "app/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_load_missing_file_is_refused(void **state)
{
    struct pl_app_library library;
    struct pl_error err = {0};
    (void)state;
    assert_int_equal(pl_app_library_open(&library, "/nonexistent/app.so", &err), PL_E_NOT_FOUND);
    assert_string_equal(err.text, "application /nonexistent/app.so does not load: cannot open "
                                  "shared object file: No such file or directory");
    assert_null(library.handle);
    pl_app_library_close(&library);
}

static void test_load_name_without_a_slash_is_a_local_file(void **state)
{
    struct pl_app_library library;
    struct pl_error err = {0};
    (void)state;
    assert_int_equal(pl_app_library_open(&library, "libm.so.6", &err), PL_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "application ./libm.so.6 does not load"));
}

static void test_load_file_that_is_no_shared_object_is_refused(void **state)
{
    char path[] = "/tmp/parley-test-load-XXXXXX";
    struct pl_app_library library;
    struct pl_error err = {0};
    int fd = mkstemp(path);
    (void)state;
    assert_int_equal(write(fd, "not an object\n", 14), 14);
    close(fd);
    assert_int_equal(pl_app_library_open(&library, path, &err), PL_E_NOT_FOUND);
    assert_non_null(strstr(err.text, " does not load: "));
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_missing_file_is_refused),
        cmocka_unit_test(test_load_name_without_a_slash_is_a_local_file),
        cmocka_unit_test(test_load_file_that_is_no_shared_object_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
