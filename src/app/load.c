/* dlopen, and the checks that keep a stale or foreign object from being called. */
#include "app/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* dlerror repeats the path mostly; the reason is what counts. */
static int fail_open(struct pl_error *err, const char *path)
{
    const char *reason = dlerror();
    size_t path_len = strlen(path);
    if (reason == NULL) {
        reason = "unknown reason";
    } else if (strncmp(reason, path, path_len) == 0 && strncmp(reason + path_len, ": ", 2) == 0) {
        reason += path_len + 2;
    }
    return pl_error_set(err, PL_E_NOT_FOUND, "application %s does not load: %s", path, reason);
}

static int check_hooks(const struct parley_app_hooks *hooks, const char *path, struct pl_error *err)
{
    if (hooks == NULL) {
        return pl_error_set(err, PL_E_NOT_FOUND,
                            "application %s does not load: it has no PARLEY_APP(...)", path);
    }
    if (hooks->abi != PARLEY_ABI) {
        return pl_error_set(err, PL_E_UNSUPPORTED,
                            "application %s does not load: it was built for interface %u, this is "
                            "%u; build it again",
                            path, (unsigned)hooks->abi, (unsigned)PARLEY_ABI);
    }
    return 0;
}

int pl_app_library_open(struct pl_app_library *out, const char *path, struct pl_error *err)
{
    char local[PATH_MAX];
    memset(out, 0, sizeof(*out));
    if (strchr(path, '/') == NULL) { /* dlopen would search the system's folders */
        snprintf(local, sizeof(local), "./%s", path);
        path = local;
    }
    out->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (out->handle == NULL) {
        return fail_open(err, path);
    }
    out->hooks = dlsym(out->handle, "parley_app");
    int rc = check_hooks(out->hooks, path, err);
    if (rc < 0) {
        pl_app_library_close(out);
    }
    return rc;
}

void pl_app_library_close(struct pl_app_library *library)
{
    if (library->handle != NULL) {
        dlclose(library->handle);
    }
    memset(library, 0, sizeof(*library));
}
