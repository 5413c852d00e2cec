/* The owner of a path that may not be looked at is that of the first folder above it that may. */
#include "base/owner.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PASSWD_BYTES_MAX = 4096,
};

/* "a/b" becomes "a", "b" becomes ".", "/b" becomes "/". */
static void go_up(char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        snprintf(path, PATH_MAX, ".");
    } else if (slash == path) {
        slash[1] = '\0';
    } else {
        *slash = '\0';
    }
}

static bool is_top(const char *path)
{
    return strcmp(path, "/") == 0 || strcmp(path, ".") == 0;
}

void pl_owner_adopt(int fd, const char *path_cstr)
{
    char folder[PATH_MAX];
    struct stat owner;
    if (geteuid() != 0 || snprintf(folder, sizeof(folder), "%s", path_cstr) >= PATH_MAX) {
        return;
    }
    go_up(folder);
    if (stat(folder, &owner) == 0 && owner.st_uid != 0) {
        (void)!fchown(fd, owner.st_uid, owner.st_gid);
    }
}

const char *pl_owner_hint(char out[PL_OWNER_HINT_MAX], const char *path_cstr, int system_errno)
{
    char path[PATH_MAX];
    char text[PASSWD_BYTES_MAX];
    struct stat owner;
    struct passwd entry;
    struct passwd *found = NULL;
    out[0] = '\0';
    if (system_errno != EACCES || snprintf(path, sizeof(path), "%s", path_cstr) >= PATH_MAX) {
        return out;
    }
    while (stat(path, &owner) < 0) {
        if (is_top(path)) {
            return out;
        }
        go_up(path);
    }
    if (getpwuid_r(owner.st_uid, &entry, text, sizeof(text), &found) == 0 && found != NULL) {
        snprintf(out, PL_OWNER_HINT_MAX,
                 "; it belongs to %.32s: run this as that user, or chown it", entry.pw_name);
    } else {
        snprintf(out, PL_OWNER_HINT_MAX,
                 "; it belongs to user %lu: run this as that user, or chown it",
                 (unsigned long)owner.st_uid);
    }
    return out;
}
