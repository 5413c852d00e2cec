/* Content codings: what a client likes best. */
#include "codec/http_coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_http_coding_is_the_one_liked_best(void **state)
{
    (void)state;
    static const struct {
        const char *accepted;
        enum pl_http_coding coding;
    } rows[] = {
        {NULL, PL_HTTP_CODING_IDENTITY},
        {"", PL_HTTP_CODING_IDENTITY},
        {"gzip", PL_HTTP_CODING_GZIP},
        {"GZip", PL_HTTP_CODING_GZIP},
        {"deflate", PL_HTTP_CODING_DEFLATE},
        {"gzip, deflate, br", PL_HTTP_CODING_GZIP},
        {"deflate, gzip", PL_HTTP_CODING_DEFLATE},
        {"br, gzip;q=0.8, deflate;q=0.9", PL_HTTP_CODING_DEFLATE},
        {"gzip;q=0", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=0.000, deflate;q=0.001", PL_HTTP_CODING_DEFLATE},
        {"gzip ; q=1.000", PL_HTTP_CODING_GZIP},
        {"gzip;Q=0.5", PL_HTTP_CODING_GZIP},
        {"*", PL_HTTP_CODING_GZIP},
        {"gzip;q=0, *", PL_HTTP_CODING_DEFLATE},
        {"gzip;q=0.5, *", PL_HTTP_CODING_DEFLATE},
        {"*;q=0", PL_HTTP_CODING_IDENTITY},
        {"*;q=0, gzip", PL_HTTP_CODING_GZIP},
        {"identity", PL_HTTP_CODING_IDENTITY},
        {"identity;q=1, gzip;q=0.5", PL_HTTP_CODING_IDENTITY},
        {"identity;q=0.5, gzip;q=0.5", PL_HTTP_CODING_GZIP},
        {"br, zstd", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=2", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=1.001", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=0.5000", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=.5", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=", PL_HTTP_CODING_IDENTITY},
        {"gzip;x=1", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=0.5;q=1", PL_HTTP_CODING_IDENTITY},
        {"gzip deflate", PL_HTTP_CODING_IDENTITY},
        {"gzip;q=0, gzip", PL_HTTP_CODING_IDENTITY},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_str accepted =
            rows[i].accepted == NULL ? (struct pl_str){0} : pl_str_of_cstr(rows[i].accepted);
        if (pl_http_coding_choose(accepted) != rows[i].coding) {
            print_error("%s\n", rows[i].accepted);
            fail();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_http_coding_is_the_one_liked_best)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
