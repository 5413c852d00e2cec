/* parley new NAME: a small project to begin with. */
#include "cli/cli.h"

#include "cli/project.h"

/* The last part of a path; slashes at its end do not count. */
static struct pl_str last_part(const char *path)
{
    struct pl_str rest = pl_str_of_cstr(path);
    while (rest.len > 1 && rest.ptr[rest.len - 1] == '/') {
        rest.len--;
    }
    for (size_t i = rest.len; i-- > 0;) {
        if (rest.ptr[i] == '/') {
            return pl_str_from(rest, i + 1);
        }
    }
    return rest;
}

static int print_next_steps(const char *folder, struct pl_str name, int file_count)
{
    struct pl_buf text;
    pl_buf_init(&text, (size_t)16 * 1024);
    pl_buf_addf(&text,
                "%s: %d files. Next:\n\n"
                "    cd %s\n"
                "    meson setup build && meson compile -C build\n"
                "    meson test -C build\n"
                "    parley serve --app build/" PL_STR_FMT ".so\n\n"
                "Then the server is at http://localhost:7350/; README.md says more.\n",
                folder, file_count, folder, PL_STR_ARG(name));
    int status = pl_cli_print(&text);
    pl_buf_fini(&text);
    return status;
}

int pl_cmd_new(struct pl_cli *cli)
{
    const char *folder = cli->words[0];
    struct pl_str name = last_part(folder);
    struct pl_error err = {0};
    if (pl_project_name_check(name, &err) < 0) {
        return pl_cli_fail(PL_EXIT_USAGE, "new: %s", err.text);
    }
    int file_count = pl_project_write(folder, name, !cli->switches[PL_SWITCH_NO_PAGE], &err);
    if (file_count < 0) {
        return pl_cli_fail(PL_EXIT_FAILURE, "new: %s", err.text);
    }
    return print_next_steps(folder, name, file_count);
}
