/* Static files: a request becomes an open file, and the file's facts become a content with a
 * version. */
#include "web/static.h"

#include "base/alloc.h"
#include "web/content.h"
#include "web/mime.h"
#include "web/static_open.h"
#include "web/web_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ETAG_MAX 64

struct pl_static {
    struct pl_static_config config;
    char *text; /* the config's strings, one after the other */
    int folder_fd;
};

/* One answer in the making. */
struct file_answer {
    const struct pl_static *files;
    struct pl_web_request *request;
    int fd;
    struct pl_str path; /* below the folder */
};

/* --- sending --- */

static bool read_file(const struct pl_content *content, uint8_t *out, size_t len, uint64_t offset)
{
    while (len > 0) {
        ssize_t got = pread(content->fd, out, len, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false; /* broken, or shorter than it was a moment ago */
        }
        out += got;
        len -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}

static void send_file(const struct file_answer *answer, const struct stat *facts)
{
    char etag[ETAG_MAX];
    uint64_t size_bytes = (uint64_t)facts->st_size;
    snprintf(etag, sizeof(etag), "\"%" PRIx64 ".%lx-%" PRIx64 "\"", (uint64_t)facts->st_mtim.tv_sec,
             (unsigned long)facts->st_mtim.tv_nsec, size_bytes);
    pl_content_respond(answer->request,
                       &(struct pl_content){
                           .etag = pl_str_of_cstr(etag),
                           .last_modified_s = facts->st_mtim.tv_sec,
                           .type = pl_mime_of_path(answer->path),
                           .cache_control = answer->files->config.cache_control,
                           .owner = answer->files,
                           .name = answer->path,
                           .size_bytes = size_bytes,
                           .part_limit_bytes = answer->files->config.file_limit_bytes,
                           .read = read_file,
                           .fd = answer->fd,
                       });
}

/* --- finding the file --- */

/* Open `path` below the folder.
 * Returns the descriptor or an error; PL_E_TOO_BIG at the arena's cap. */
static int open_path(struct file_answer *answer, struct pl_str path)
{
    struct pl_str copy; /* with a NUL behind it */
    if (!pl_arena_copy(&copy, pl_web_request_arena(answer->request), path)) {
        return PL_E_TOO_BIG;
    }
    answer->path = copy;
    return pl_static_open(answer->files->folder_fd, copy.ptr);
}

/* The index of the folder at `path`, which is empty or ends in a slash. */
static int open_index(struct file_answer *answer, struct pl_str path)
{
    struct pl_str index = answer->files->config.index;
    char *joined = NULL;
    if (index.len == 0) {
        return PL_E_NOT_FOUND;
    }
    joined = pl_arena_alloc(pl_web_request_arena(answer->request), path.len + index.len);
    if (joined == NULL) {
        return PL_E_TOO_BIG;
    }
    memcpy(joined, path.ptr, path.len);
    memcpy(joined + path.len, index.ptr, index.len);
    return open_path(answer, pl_str_make(joined, path.len + index.len));
}

/* A folder that was asked for without a slash: relative links on its page need one. */
static void redirect_to_folder(struct pl_web_request *request)
{
    struct pl_web_header header = {PL_STR("Location"), request->url.path};
    char *location = pl_arena_alloc(pl_web_request_arena(request), request->url.path.len + 1);
    if (location == NULL) {
        pl_web_answer_text(request, 503, "Service Unavailable", false);
        return;
    }
    memcpy(location, request->url.path.ptr, request->url.path.len);
    location[request->url.path.len] = '/';
    header.value = pl_str_make(location, request->url.path.len + 1);
    pl_web_answer(request,
                  &(struct pl_web_response){.status = 308, .headers = &header, .header_count = 1});
}

static bool wants_page(const struct pl_web_request *request)
{
    struct pl_str accepted = pl_http_header_find(&request->head, PL_STR("accept"));
    struct pl_str item;
    while (pl_http_list_next(&item, &accepted)) {
        if (pl_str_eq_nocase(pl_str_trim(pl_str_split(&item, ';')), PL_STR("text/html"))) {
            return request->head.method == PL_HTTP_GET;
        }
    }
    return false;
}

static void answer_error(struct pl_web_request *request, int error)
{
    switch (error) {
    case PL_E_NOT_FOUND:
    case PL_E_DENIED: /* that there is something is nobody's business */
        pl_web_answer_text(request, 404, "Not Found", false);
        break;
    case PL_E_FULL:
    case PL_E_TOO_BIG:
        pl_web_answer_text(request, 503, "Service Unavailable", false);
        break;
    default:
        pl_web_answer_text(request, 500, "Internal Server Error", false);
        break;
    }
}

/* The file of the request, or its folder's index, or the page that stands for all paths. */
static int open_wanted(struct file_answer *answer, struct pl_str path)
{
    bool is_folder = path.len == 0 || path.ptr[path.len - 1] == '/';
    int fd = is_folder ? open_index(answer, path) : open_path(answer, path);
    if (fd == PL_E_NOT_FOUND && answer->files->config.falls_back_to_index &&
        wants_page(answer->request)) {
        fd = open_index(answer, PL_STR(""));
    }
    return fd;
}

static void serve_path(const struct pl_static *files, struct pl_web_request *request,
                       struct pl_str path)
{
    struct file_answer answer = {.files = files, .request = request};
    struct stat facts;
    answer.fd = open_wanted(&answer, path);
    if (answer.fd < 0) {
        answer_error(request, answer.fd);
        return;
    }
    if (fstat(answer.fd, &facts) < 0) {
        answer_error(request, PL_E_IO);
    } else if (S_ISDIR(facts.st_mode) && path.len > 0 && path.ptr[path.len - 1] != '/') {
        redirect_to_folder(request);
    } else if (!S_ISREG(facts.st_mode)) {
        answer_error(request, PL_E_NOT_FOUND);
    } else {
        send_file(&answer, &facts);
    }
    close(answer.fd);
}

/* What follows the prefix and its slash; false when nothing does ("/assets" for the prefix
 * "/assets"). */
static bool cut_prefix(struct pl_str *path, struct pl_str prefix)
{
    *path = pl_str_from(*path, prefix.len);
    if (prefix.len > 1) {
        if (path->len == 0) {
            return false;
        }
        *path = pl_str_from(*path, 1);
    }
    return true;
}

static void on_request(struct pl_web_request *request, void *user)
{
    const struct pl_static *files = user;
    struct pl_str path = request->url.path;
    if (!cut_prefix(&path, files->config.prefix)) {
        redirect_to_folder(request);
        return;
    }
    int rc = pl_http_path_decode(&path, path, pl_web_request_arena(request), NULL);
    if (rc < 0 || !pl_static_path_is_clean(path)) {
        answer_error(request, rc == PL_E_TOO_BIG ? rc : PL_E_NOT_FOUND);
        return;
    }
    serve_path(files, request, path);
}

/* --- setting up --- */

static struct pl_str keep(char **at, struct pl_str str)
{
    char *copy = *at;
    if (str.len > 0) {
        memcpy(copy, str.ptr, str.len);
    }
    copy[str.len] = 0;
    *at += str.len + 1;
    return pl_str_make(copy, str.len);
}

static void copy_config(struct pl_static *files, const struct pl_static_config *config)
{
    size_t size =
        config->folder.len + config->prefix.len + config->index.len + config->cache_control.len + 4;
    char *at = pl_alloc(size);
    files->text = at;
    files->config = *config;
    files->config.folder = keep(&at, config->folder);
    files->config.prefix = keep(&at, config->prefix);
    files->config.index = keep(&at, config->index);
    files->config.cache_control = keep(&at, config->cache_control);
}

int pl_static_add(struct pl_static **out, struct pl_web *web, const struct pl_static_config *config,
                  struct pl_error *err)
{
    struct pl_static *files = pl_alloc(sizeof(*files));
    struct pl_route route = {0};
    int rc = 0;
    copy_config(files, config);
    files->folder_fd = open(files->config.folder.ptr, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (files->folder_fd < 0) {
        rc = pl_error_set(err, errno == ENOENT || errno == ENOTDIR ? PL_E_NOT_FOUND : PL_E_IO,
                          "cannot open the folder '%s': %s", files->config.folder.ptr,
                          strerror(errno));
        goto cleanup;
    }
    route = (struct pl_route){
        .path = files->config.prefix,
        .match = PL_ROUTE_PREFIX,
        .owner = files->config.owner,
        .methods = 1u << PL_HTTP_GET,
        .user = files,
        .on_request = on_request,
    };
    rc = pl_web_route_add(web, &route, err);
    if (rc < 0) {
        goto cleanup;
    }
    *out = files; /* the caller owns it from here on */
    files = NULL;

cleanup:
    pl_static_destroy(files);
    return rc;
}

void pl_static_destroy(struct pl_static *files)
{
    if (files == NULL) {
        return;
    }
    if (files->folder_fd >= 0) {
        close(files->folder_fd);
    }
    pl_free(files->text);
    pl_free(files);
}
