/* Whose files are. */
#include "base/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SOMEBODY 65534 /* nobody, of Debian */

struct folder {
    char dir[64];
    char file[96];
};

static int set_up(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    snprintf(folder->dir, sizeof(folder->dir), "/tmp/parley-owner-XXXXXX");
    *state = folder;
    if (mkdtemp(folder->dir) == NULL) {
        return -1;
    }
    snprintf(folder->file, sizeof(folder->file), "%s/file", folder->dir);
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;
    unlink(folder->file);
    int rc = rmdir(folder->dir);
    free(folder);
    return rc;
}

static uid_t owner_of_new_file(const struct folder *folder)
{
    struct stat info;
    int fd = open(folder->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    pl_owner_adopt(fd, folder->file);
    assert_int_equal(fstat(fd, &info), 0);
    close(fd);
    return info.st_uid;
}

static void test_a_file_in_a_folder_of_ones_own_stays_ones_own(void **state)
{
    assert_int_equal(owner_of_new_file(*state), geteuid());
}

static void test_what_root_makes_in_the_folder_of_another_is_given_to_that_one(void **state)
{
    const struct folder *folder = *state;
    if (geteuid() != 0 || chown(folder->dir, SOMEBODY, SOMEBODY) < 0) {
        skip();
    }
    assert_int_equal(owner_of_new_file(folder), SOMEBODY);
}

static void test_who_may_not_is_told_whose_it_is(void **state)
{
    char hint[PL_OWNER_HINT_MAX];
    char path[128];
    (void)state;
    assert_string_equal(pl_owner_hint(hint, "/etc/passwd", EACCES),
                        "; it belongs to root: run this as that user, or chown it");
    snprintf(path, sizeof(path), "/etc/passwd/not/there"); /* the nearest that there is */
    assert_string_equal(pl_owner_hint(hint, path, EACCES),
                        "; it belongs to root: run this as that user, or chown it");
    assert_string_equal(pl_owner_hint(hint, "/etc/passwd", ENOENT), "");
}

static void test_a_path_without_folders_or_end_does_no_harm(void **state)
{
    char hint[PL_OWNER_HINT_MAX];
    char *path = malloc(100000);
    (void)state;
    assert_non_null(strstr(pl_owner_hint(hint, "parley-no-such-file", EACCES), "belongs to"));
    memset(path, 'x', 99999);
    path[99999] = '\0';
    assert_string_equal(pl_owner_hint(hint, path, EACCES), "");
    pl_owner_adopt(-1, path);
    free(path);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_a_file_in_a_folder_of_ones_own_stays_ones_own),
        ROW(test_what_root_makes_in_the_folder_of_another_is_given_to_that_one),
        ROW(test_who_may_not_is_told_whose_it_is),
        ROW(test_a_path_without_folders_or_end_does_no_harm),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
