/* Writes the files of a project, each from its template, and takes them back when one fails. All
 * paths are relative to the open folder, so that nothing is written elsewhere when it moves. */
#include "cli/project.h"

#include "cli/project_files.h"
#include "cli/project_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TEXT_MAX = 1024 * 1024,
    PATH_MAX_BYTES = 256,
};

/* Names of targets that Meson refuses: it makes targets of these names itself. */
static const char *const reserved[] = {
    "all",        "benchmark", "clean",         "clean-ctlist", "clean-gcda",
    "clean-gcno", "coverage",  "dist",          "distcheck",    "PHONY",
    "install",    "phony",     "coverage-html", "reconfigure",  "coverage-xml",
    "scan-build", "test",      "coverage-text", "uninstall",
};

struct project {
    const char *folder; /* as it was named, for messages */
    int fd;             /* the folder, open */
    struct pl_str name;
    bool has_page;
};

/* --- the name --- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_made_of_allowed(struct pl_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_') {
            return false;
        }
    }
    return name.len > 0 && is_letter(name.ptr[0]);
}

int pl_project_name_check(struct pl_str name, struct pl_error *err)
{
    if (!is_made_of_allowed(name) || name.len > PL_PROJECT_NAME_MAX) {
        return pl_error_set(err, PL_E_INVALID,
                            "'%.*s' cannot be a project's name: 1 to %d letters, digits, - and _ "
                            "of ASCII, a letter first",
                            (int)pl_size_min(name.len, 80), name.ptr, PL_PROJECT_NAME_MAX);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(reserved); i++) {
        if (pl_str_eq(name, pl_str_of_cstr(reserved[i]))) {
            return pl_error_set(err, PL_E_INVALID,
                                "'%s' cannot be a project's name: Meson has a target of that name",
                                reserved[i]);
        }
    }
    return pl_str_starts_with(name, PL_STR("meson-"))
               ? pl_error_set(err, PL_E_INVALID,
                              "'" PL_STR_FMT "' cannot be a project's name: Meson keeps names that "
                              "begin with meson- for itself",
                              PL_STR_ARG(name))
               : 0;
}

/* --- the folder --- */

static bool is_empty(DIR *dir)
{
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            return false;
        }
    }
    return true;
}

static int check_empty(const struct project *project, struct pl_error *err)
{
    DIR *dir = opendir(project->folder);
    if (dir == NULL) {
        return pl_error_set(err, PL_E_IO, "%s: %s", project->folder, strerror(errno));
    }
    int rc = is_empty(dir)
                 ? 0
                 : pl_error_set(err, PL_E_EXISTS, "%s: there is something in this folder already",
                                project->folder);
    closedir(dir);
    return rc;
}

/* Make the folder, or take the empty one that is there; *is_new says which. */
static int open_folder(struct project *project, bool *is_new, struct pl_error *err)
{
    *is_new = mkdir(project->folder, 0777) == 0;
    if (!*is_new && errno != EEXIST) {
        return pl_error_set(err, PL_E_IO, "%s: %s", project->folder, strerror(errno));
    }
    project->fd = open(project->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (project->fd < 0) {
        return errno == ENOTDIR
                   ? pl_error_set(err, PL_E_EXISTS,
                                  "%s: this is there already, and "
                                  "no folder",
                                  project->folder)
                   : pl_error_set(err, PL_E_IO, "%s: %s", project->folder, strerror(errno));
    }
    return *is_new ? 0 : check_empty(project, err);
}

/* --- one file --- */

/* "src/@NAME@.c" with the name in it. */
static void path_of(char out[PATH_MAX_BYTES], const struct project *project, size_t index)
{
    struct pl_buf path;
    pl_buf_init(&path, PATH_MAX_BYTES - 1);
    pl_project_text_write(&path, pl_str_of_cstr(pl_project_files[index].path), project->name,
                          project->has_page);
    PL_ASSERT(!pl_buf_failed(&path)); /* names are short, and so are our paths */
    snprintf(out, PATH_MAX_BYTES, PL_STR_FMT, PL_STR_ARG(pl_buf_str(&path)));
    pl_buf_fini(&path);
}

static int write_all(int fd, struct pl_str text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.ptr, text.len);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        text = pl_str_from(text, written > 0 ? (size_t)written : 0);
    }
    return 0;
}

/* Make the folder of the path, where it has one: templates are one level deep at most. */
static int make_folder_of(const struct project *project, const char *path)
{
    const char *slash = strchr(path, '/');
    char folder[PATH_MAX_BYTES];
    if (slash == NULL) {
        return 0;
    }
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    return mkdirat(project->fd, folder, 0777) < 0 && errno != EEXIST ? -1 : 0;
}

static int write_file(const struct project *project, const char *path, struct pl_str text)
{
    if (make_folder_of(project, path) < 0) {
        return -1;
    }
    int fd = openat(project->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return -1;
    }
    int rc = write_all(fd, text);
    int reason = errno;
    if (close(fd) < 0 && rc == 0) {
        return -1;
    }
    errno = reason;
    return rc;
}

/* Returns 1, or 0 when the project has no such file. */
static int write_one(const struct project *project, size_t index, struct pl_error *err)
{
    const struct pl_project_file *file = &pl_project_files[index];
    char path[PATH_MAX_BYTES];
    struct pl_buf text;
    if (!project->has_page && strncmp(file->path, "page/", 5) == 0) {
        return 0;
    }
    path_of(path, project, index);
    pl_buf_init(&text, TEXT_MAX);
    pl_project_text_write(&text, pl_str_make((const char *)file->bytes, file->len), project->name,
                          project->has_page);
    PL_ASSERT(!pl_buf_failed(&text));
    int rc = write_file(project, path, pl_buf_str(&text)) < 0
                 ? pl_error_set(err, PL_E_IO, "%s/%s: %s", project->folder, path, strerror(errno))
                 : 1;
    pl_buf_fini(&text);
    return rc;
}

/* Remove the first `count` files and the folders that are empty then. */
static void take_back(const struct project *project, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        char path[PATH_MAX_BYTES];
        path_of(path, project, i);
        (void)unlinkat(project->fd, path, 0);
        char *slash = strchr(path, '/');
        if (slash != NULL) {
            *slash = 0;
            (void)unlinkat(project->fd, path, AT_REMOVEDIR);
        }
    }
}

static int write_files(const struct project *project, struct pl_error *err)
{
    int written = 0;
    for (size_t i = 0; i < pl_project_file_count; i++) {
        int rc = write_one(project, i, err);
        if (rc < 0) {
            take_back(project, i + 1);
            return rc;
        }
        written += rc;
    }
    return written;
}

int pl_project_write(const char *folder, struct pl_str name, bool has_page, struct pl_error *err)
{
    struct project project = {.folder = folder, .fd = -1, .name = name, .has_page = has_page};
    bool is_new = false;
    int rc = open_folder(&project, &is_new, err);
    if (rc == 0) {
        rc = write_files(&project, err);
    }
    if (project.fd >= 0) {
        close(project.fd);
    }
    if (rc < 0 && is_new) {
        (void)rmdir(folder);
    }
    return rc;
}
