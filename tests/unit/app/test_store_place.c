/* Where the store is, and the key that seals its secrets. */
#include "app/store_place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct folder {
    char dir[64];
    char key[96];
};

static int set_up(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    snprintf(folder->dir, sizeof(folder->dir), "/tmp/parley-store-place-XXXXXX");
    *state = folder;
    if (mkdtemp(folder->dir) == NULL) {
        return -1;
    }
    snprintf(folder->key, sizeof(folder->key), "%s/store.key", folder->dir);
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;
    unlink(folder->key);
    int rc = rmdir(folder->dir); /* nothing else was left behind */
    free(folder);
    return rc;
}

static void write_key(const struct folder *folder, const char *text)
{
    FILE *file = fopen(folder->key, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_store_place_key_is_made_once_for_its_owner_alone(void **state)
{
    struct folder *folder = *state;
    struct pl_str dir = pl_str_of_cstr(folder->dir);
    uint8_t first[PL_SEAL_KEY_BYTES];
    uint8_t second[PL_SEAL_KEY_BYTES] = {0};
    struct stat info;
    assert_int_equal(pl_store_place_key(first, dir, NULL), 1);
    assert_int_equal(access(folder->key, F_OK), -1); /* not before it is wanted */
    assert_int_equal(pl_store_place_keep_key(first, dir, NULL), 0);
    assert_int_equal(pl_store_place_keep_key(second, dir, NULL), PL_E_IO);
    assert_int_equal(pl_store_place_key(second, dir, NULL), 0);
    assert_memory_equal(first, second, sizeof(first));
    assert_int_equal(stat(folder->key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(info.st_size, 65);
}

static void test_store_place_key_that_is_none_is_refused_and_stays(void **state)
{
    static const char *const texts[] = {
        "",
        "00",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eXX\n",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n\n",
    };
    struct folder *folder = *state;
    uint8_t key[PL_SEAL_KEY_BYTES];
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        write_key(folder, texts[i]);
        assert_int_equal(pl_store_place_key(key, pl_str_of_cstr(folder->dir), NULL), PL_E_INVALID);
    }
    write_key(folder, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_int_equal(pl_store_place_key(key, pl_str_of_cstr(folder->dir), NULL), 0);
    assert_int_equal(key[0], 0);
    assert_int_equal(key[31], 0x1f);
}

static void test_store_place_key_in_no_folder_is_an_error(void **state)
{
    uint8_t key[PL_SEAL_KEY_BYTES];
    struct pl_error err = {0};
    (void)state;
    assert_int_equal(pl_store_place_key(key, PL_STR("/nonexistent/parley"), &err), 1);
    assert_int_equal(pl_store_place_keep_key(key, PL_STR("/nonexistent/parley"), &err), PL_E_IO);
    assert_non_null(strstr(err.text, "/nonexistent/parley/store.key"));
}

static void test_store_place_url_is_in_the_data_directory_unless_named(void **state)
{
    struct pl_settings settings = {.data_dir = PL_STR("/var/lib/parley")};
    struct pl_buf url;
    (void)state;
    pl_buf_init(&url, 4096);
    pl_store_place_url(&url, &settings);
    assert_true(pl_str_eq(pl_buf_str(&url), PL_STR("sqlite:/var/lib/parley/store.db")));
    pl_buf_clear(&url);
    settings.store.url = PL_STR("postgresql://db/games");
    pl_store_place_url(&url, &settings);
    assert_true(pl_str_eq(pl_buf_str(&url), PL_STR("postgresql://db/games")));
    pl_buf_fini(&url);
}

static void test_store_place_is_missing_until_its_file_is_there(void **state)
{
    struct folder *folder = *state;
    struct pl_settings settings = {.data_dir = pl_str_of_cstr(folder->dir)};
    char file[128];
    snprintf(file, sizeof(file), "%s/store.db", folder->dir);
    assert_true(pl_store_place_is_missing(&settings));
    fclose(fopen(file, "w"));
    assert_false(pl_store_place_is_missing(&settings));
    unlink(file);
    settings.store.url = PL_STR("sqlite:/nonexistent/parley.db");
    assert_true(pl_store_place_is_missing(&settings));
    settings.store.url = PL_STR("postgresql://db/games"); /* only it knows */
    assert_false(pl_store_place_is_missing(&settings));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_store_place_key_is_made_once_for_its_owner_alone,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_store_place_key_that_is_none_is_refused_and_stays,
                                        set_up, tear_down),
        cmocka_unit_test(test_store_place_key_in_no_folder_is_an_error),
        cmocka_unit_test_setup_teardown(test_store_place_is_missing_until_its_file_is_there, set_up,
                                        tear_down),
        cmocka_unit_test(test_store_place_url_is_in_the_data_directory_unless_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
