/* Static files: a request becomes an open file, the file's facts become validators, and those
 * decide between 200, 206, 304 and 416 (RFC 9110 sections 13 and 14). The part that is sent is read
 * straight into its frame. */
#include "web/static.h"

#include "base/alloc.h"
#include "codec/http_date.h"
#include "codec/http_etag.h"
#include "codec/http_range.h"
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
#define HEADERS_MAX 8

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
    uint64_t size_bytes;
    int64_t modified_s;
    char etag[ETAG_MAX];
    char modified[PL_HTTP_DATE_LEN];
    struct pl_str content_range; /* empty unless 206 or 416 */
    struct pl_web_header headers[HEADERS_MAX];
    size_t header_count;
};

/* --- validators
 * ---------------------------------------------------------------------------------------- */

static void note_facts(struct file_answer *answer, const struct stat *facts)
{
    answer->size_bytes = (uint64_t)facts->st_size;
    answer->modified_s = facts->st_mtim.tv_sec;
    snprintf(answer->etag, sizeof(answer->etag), "\"%" PRIx64 ".%lx-%" PRIx64 "\"",
             (uint64_t)facts->st_mtim.tv_sec, (unsigned long)facts->st_mtim.tv_nsec,
             answer->size_bytes);
    pl_http_date_write(answer->modified, answer->modified_s);
}

static struct pl_str find(const struct file_answer *answer, struct pl_str name)
{
    return pl_http_header_find(&answer->request->head, name);
}

/* A date of the client's; INT64_MIN for what is none. */
static int64_t read_date(struct pl_str text, int64_t now_s)
{
    int64_t unix_s = 0;
    return pl_http_date_read(&unix_s, text, now_s, NULL) < 0 ? INT64_MIN : unix_s;
}

/* RFC 9110 section 13.2.2: a tag outweighs a date. */
static bool is_unchanged(const struct file_answer *answer)
{
    struct pl_str tags = find(answer, PL_STR("if-none-match"));
    struct pl_str since = find(answer, PL_STR("if-modified-since"));
    if (tags.ptr != NULL) {
        return pl_http_etag_list_has(tags, pl_str_of_cstr(answer->etag));
    }
    return since.ptr != NULL && answer->modified_s <= read_date(since, answer->modified_s);
}

/* Whether a range still belongs to the version that the client has a part of. */
static bool range_applies(const struct file_answer *answer)
{
    struct pl_str version = find(answer, PL_STR("if-range"));
    if (version.ptr == NULL) {
        return true;
    }
    return pl_http_etag_eq_strong(version, pl_str_of_cstr(answer->etag)) ||
           pl_str_eq(version, pl_str_make(answer->modified, sizeof(answer->modified)));
}

/* --- answering
 * ----------------------------------------------------------------------------------------- */

static void add(struct file_answer *answer, struct pl_str name, struct pl_str value)
{
    PL_ASSERT(answer->header_count < HEADERS_MAX);
    if (value.len > 0) {
        answer->headers[answer->header_count++] = (struct pl_web_header){name, value};
    }
}

/* What 200, 206 and 304 have in common. */
static void add_validators(struct file_answer *answer)
{
    add(answer, PL_STR("ETag"), pl_str_of_cstr(answer->etag));
    add(answer, PL_STR("Last-Modified"), pl_str_make(answer->modified, sizeof(answer->modified)));
    add(answer, PL_STR("Cache-Control"), answer->files->config.cache_control);
}

static struct pl_web_response response_of(const struct file_answer *answer, int status)
{
    return (struct pl_web_response){
        .status = status,
        .headers = answer->headers,
        .header_count = answer->header_count,
    };
}

static bool read_part(int fd, uint8_t *out, size_t len, uint64_t offset)
{
    while (len > 0) {
        ssize_t got = pread(fd, out, len, (off_t)offset);
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

static void send_part(struct file_answer *answer, int status, uint64_t first, uint64_t len)
{
    struct pl_web_response response;
    struct pl_frame *frame = NULL;
    uint8_t *body = NULL;
    add_validators(answer);
    add(answer, PL_STR("Content-Type"), pl_mime_of_path(answer->path));
    add(answer, PL_STR("X-Content-Type-Options"), PL_STR("nosniff"));
    add(answer, PL_STR("Accept-Ranges"), PL_STR("bytes"));
    add(answer, PL_STR("Content-Range"), answer->content_range);
    response = response_of(answer, status);
    frame = pl_web_answer_begin(&body, answer->request, &response, (size_t)len);
    if (frame != NULL && body != NULL && !read_part(answer->fd, body, (size_t)len, first)) {
        pl_frame_unref(&frame);
        pl_web_answer_text(answer->request, 500, "Internal Server Error", true);
        return;
    }
    pl_web_answer_send(answer->request, frame, false);
}

/* `range` NULL: for a 416. The value lives as long as the request. */
static void set_content_range(struct file_answer *answer, const struct pl_http_range *range)
{
    char text[80];
    int len = range == NULL ? snprintf(text, sizeof(text), "bytes */%" PRIu64, answer->size_bytes)
                            : snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                                       range->first, range->last, answer->size_bytes);
    if (!pl_arena_copy(&answer->content_range, pl_web_request_arena(answer->request),
                       pl_str_make(text, (size_t)len))) {
        answer->content_range = PL_STR("");
    }
}

static bool is_within_limit(struct file_answer *answer, uint64_t len)
{
    if (len <= answer->files->config.file_limit_bytes) {
        return true;
    }
    pl_log_limited(answer->request->web->log, &answer->request->web->bad_input,
                   pl_loop_now_ms(answer->request->web->conns->loop), PL_LOG_WARN, "static.too_big",
                   "bytes=%" PRIu64 " limit=%zu", len, answer->files->config.file_limit_bytes);
    pl_web_answer_text(answer->request, 500, "Internal Server Error", false);
    return false;
}

static void send_file(struct file_answer *answer)
{
    struct pl_http_range range = {0};
    enum pl_http_range_kind kind = PL_HTTP_RANGE_NONE;
    struct pl_str wanted = find(answer, PL_STR("range"));
    if (is_unchanged(answer)) {
        struct pl_web_response response;
        add_validators(answer);
        response = response_of(answer, 304);
        pl_web_answer(answer->request, &response);
        return;
    }
    if (wanted.ptr != NULL && answer->request->head.method == PL_HTTP_GET &&
        range_applies(answer)) {
        kind = pl_http_range_read(&range, wanted, answer->size_bytes);
    }
    if (kind == PL_HTTP_RANGE_UNSATISFIABLE) {
        struct pl_web_response response;
        set_content_range(answer, NULL);
        add(answer, PL_STR("Content-Range"), answer->content_range);
        response = response_of(answer, 416);
        pl_web_answer(answer->request, &response);
        return;
    }
    if (kind == PL_HTTP_RANGE_SATISFIABLE) {
        uint64_t len = range.last - range.first + 1;
        if (is_within_limit(answer, len)) {
            set_content_range(answer, &range);
            send_part(answer, 206, range.first, len);
        }
        return;
    }
    if (is_within_limit(answer, answer->size_bytes)) {
        send_part(answer, 200, 0, answer->size_bytes);
    }
}

/* --- finding the file
 * ---------------------------------------------------------------------------------- */

/* Open `path` below the folder. Returns the descriptor or an error; PL_E_TOO_BIG at the arena's
 * cap. */
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
        note_facts(&answer, &facts);
        send_file(&answer);
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

/* --- setting up
 * ---------------------------------------------------------------------------------------- */

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
        .owner = "static",
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
