/* The URL of a store. */
#include "store/url.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static void test_url_names_its_backend(void **state)
{
    (void)state;
    struct pl_store_url url;
    assert_int_equal(pl_store_url_read(&url, PL_STR("sqlite:data/store.db"), NULL), 0);
    assert_int_equal(url.backend, PL_STORE_SQLITE);
    assert_true(pl_str_eq(url.path, PL_STR("data/store.db")));
    assert_int_equal(pl_store_url_read(&url, PL_STR("postgresql://h/d"), NULL), 0);
    assert_int_equal(url.backend, PL_STORE_POSTGRES);
    assert_int_equal(pl_store_url_read(&url, PL_STR("postgres://h/d"), NULL), 0);
    assert_int_equal(url.backend, PL_STORE_POSTGRES);
}

static void test_url_of_another_kind_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {"", "sqlite:", "sqlite", "mysql://root:secret@h/d",
                                       "/tmp/x"};
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_store_url url;
        struct pl_error err;
        assert_int_equal(pl_store_url_read(&url, pl_str_of_cstr(rows[i]), &err), PL_E_INVALID);
        assert_null(strstr(err.text, "secret"));
    }
}

/* What libpq itself would say of these quotes them. */
static void test_url_that_libpq_cannot_read_is_refused_without_its_password(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "postgresql://u:hunter2/q@h/d",     /* hunter2 would be the port */
        "postgresql://u:1/hunter2@h/d",     /* the database's name */
        "postgresql://u:p@hunter2@h/d",     /* the host */
        "postgresql://u:hunter2%zz@h/d",    /* no number */
        "postgresql://u:hunter2%00@h/d",    /* it would end there */
        "postgresql://u:hunter2@[::1/d",    /* no end */
        "postgresql://u:p@h/d?hunter2",     /* an option without a value */
        "postgresql://u:p@h/d?hunter2=yes", /* that there is not */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_store_url url;
        struct pl_error err;
        assert_int_equal(pl_store_url_read(&url, pl_str_of_cstr(rows[i]), &err), PL_E_INVALID);
        assert_non_null(strstr(err.text, "%2F"));
        assert_null(strstr(err.text, "hunter2"));
        struct pl_buf text;
        pl_buf_init(&text, 1000);
        pl_store_url_show(&text, pl_str_of_cstr(rows[i]));
        assert_true(pl_str_eq(pl_buf_str(&text), PL_STR("postgresql://...")));
        pl_buf_fini(&text);
    }
}

static void test_url_is_shown_without_its_password(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"sqlite:a.db", "sqlite:a.db"},
        {"postgresql://h/d", "postgresql://h/d"},
        {"postgresql://", "postgresql:///"},
        {"postgresql://u@h:5432/d", "postgresql://u@h:5432/d"},
        {"postgresql://u:p@h/d", "postgresql://u@h/d"},
        {"postgres://u:p?q@h/d?password=x&sslmode=require", "postgresql://u@h/d"},
        {"postgresql://u:p%2Fq%40r@[::1]:5432/d", "postgresql://u@[::1]:5432/d"},
        {"postgresql://u:p@a:1,b:2/d", "postgresql://u@a,b:1,2/d"},
        {"postgresql:///d?host=/tmp&password=x", "postgresql:///d"},
        {"postgres://u:p@q:r@h/d?password=x", "postgresql://..."},
        {"postgresql://u:p/q@h/d", "postgresql://..."},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        struct pl_buf text;
        pl_buf_init(&text, 1000);
        pl_store_url_show(&text, pl_str_of_cstr(rows[i][0]));
        pl_buf_add_char(&text, '\0');
        assert_string_equal((const char *)text.ptr, rows[i][1]);
        pl_buf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_names_its_backend),
        cmocka_unit_test(test_url_of_another_kind_is_refused),
        cmocka_unit_test(test_url_that_libpq_cannot_read_is_refused_without_its_password),
        cmocka_unit_test(test_url_is_shown_without_its_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
