/* Content with a version: conditions, ranges, and the answer. The part that is sent is read
 * straight into its frame. */
#include "web/content.h"

#include "codec/http_date.h"
#include "codec/http_etag.h"
#include "codec/http_range.h"
#include "web/http_compress.h"
#include "web/web_internal.h"

#include <inttypes.h>
#include <stdio.h>

#define HEADERS_MAX 10
#define ETAG_MAX 128

/* One answer in the making. */
struct answer {
    struct pl_web_request *request;
    const struct pl_content *content;
    char modified[PL_HTTP_DATE_LEN];
    char content_range[80];
    bool varies;                /* by Accept-Encoding */
    enum pl_http_coding coding; /* of a whole answer */
    char coded_etag[ETAG_MAX];  /* of the form in that coding */
    struct pl_web_header headers[HEADERS_MAX];
    size_t header_count;
};

static struct pl_str find(const struct answer *answer, struct pl_str name)
{
    return pl_http_header_find(&answer->request->head, name);
}

static bool has_date(const struct answer *answer)
{
    return answer->content->last_modified_s != PL_CONTENT_LAST_MODIFIED_NONE;
}

static struct pl_str modified_text(const struct answer *answer)
{
    return has_date(answer) ? pl_str_make(answer->modified, sizeof(answer->modified)) : PL_STR("");
}

/* --- codings --- */

/* The tag of the content in a coding: `"abc"` is `"abc-gzip"`, since two forms of one version must
 * not have the same strong tag (RFC 9110 section 8.8.3.3). Empty when it is too long. */
static struct pl_str write_coded_etag(char out[ETAG_MAX], struct pl_str etag,
                                      enum pl_http_coding coding)
{
    struct pl_str name = pl_http_coding_name(coding);
    int len = 0;
    if (etag.len < 2 || etag.len + name.len + 2 > ETAG_MAX) {
        return PL_STR("");
    }
    len = snprintf(out, ETAG_MAX, PL_STR_FMT "-" PL_STR_FMT "\"", (int)etag.len - 1, etag.ptr,
                   PL_STR_ARG(name));
    return pl_str_make(out, (size_t)len);
}

static void choose_coding(struct answer *answer)
{
    answer->varies = pl_http_compressor_wants(answer->request->web->compressor, answer->content);
    if (!answer->varies) {
        return;
    }
    answer->coding = pl_web_request_coding(answer->request);
    if (answer->coding != PL_HTTP_CODING_IDENTITY &&
        write_coded_etag(answer->coded_etag, answer->content->etag, answer->coding).len == 0) {
        answer->coding = PL_HTTP_CODING_IDENTITY;
    }
}

/* --- conditions --- */

/* Whether the client has this version, in whatever form. */
static bool has_version(const struct answer *answer, struct pl_str tags)
{
    char coded[ETAG_MAX];
    if (pl_http_etag_list_has(tags, answer->content->etag)) {
        return true;
    }
    for (enum pl_http_coding i = PL_HTTP_CODING_GZIP; answer->varies && i < PL_HTTP_CODING_COUNT;
         i++) {
        struct pl_str etag = write_coded_etag(coded, answer->content->etag, i);
        if (etag.len > 0 && pl_http_etag_list_has(tags, etag)) {
            return true;
        }
    }
    return false;
}

/* RFC 9110 section 13.2.2: a tag outweighs a date. */
static bool is_unchanged(const struct answer *answer)
{
    struct pl_str tags = find(answer, PL_STR("if-none-match"));
    struct pl_str since = find(answer, PL_STR("if-modified-since"));
    int64_t since_s = 0;
    if (tags.ptr != NULL) {
        return has_version(answer, tags);
    }
    return since.ptr != NULL && has_date(answer) &&
           pl_http_date_read(&since_s, since, answer->content->last_modified_s, NULL) == 0 &&
           answer->content->last_modified_s <= since_s;
}

/* Whether a range still belongs to the version that the client has a part of. */
static bool range_applies(const struct answer *answer)
{
    struct pl_str version = find(answer, PL_STR("if-range"));
    if (version.ptr == NULL) {
        return true;
    }
    return pl_http_etag_eq_strong(version, answer->content->etag) ||
           (has_date(answer) && pl_str_eq(version, modified_text(answer)));
}

static enum pl_http_range_kind read_range(struct pl_http_range *out, const struct answer *answer)
{
    struct pl_str wanted = find(answer, PL_STR("range"));
    if (wanted.ptr == NULL || answer->request->head.method != PL_HTTP_GET ||
        !range_applies(answer)) {
        return PL_HTTP_RANGE_NONE;
    }
    return pl_http_range_read(out, wanted, answer->content->size_bytes);
}

/* --- answers --- */

static void add(struct answer *answer, struct pl_str name, struct pl_str value)
{
    PL_ASSERT(answer->header_count < HEADERS_MAX);
    if (value.len > 0) {
        answer->headers[answer->header_count++] = (struct pl_web_header){name, value};
    }
}

/* What 200, 206 and 304 have in common. */
static void add_validators(struct answer *answer)
{
    bool is_coded = answer->coding != PL_HTTP_CODING_IDENTITY;
    add(answer, PL_STR("ETag"),
        is_coded ? pl_str_of_cstr(answer->coded_etag) : answer->content->etag);
    add(answer, PL_STR("Vary"), answer->varies ? PL_STR("Accept-Encoding") : PL_STR(""));
    add(answer, PL_STR("Last-Modified"), modified_text(answer));
    add(answer, PL_STR("Cache-Control"), answer->content->cache_control);
}

static struct pl_web_response response_of(const struct answer *answer, int status)
{
    return (struct pl_web_response){
        .status = status, .headers = answer->headers, .header_count = answer->header_count};
}

static void send_unchanged(struct answer *answer)
{
    struct pl_web_response response;
    add_validators(answer);
    response = response_of(answer, 304);
    pl_web_answer(answer->request, &response);
}

static void send_unsatisfiable(struct answer *answer)
{
    struct pl_web_response response;
    int len = snprintf(answer->content_range, sizeof(answer->content_range), "bytes */%" PRIu64,
                       answer->content->size_bytes);
    add(answer, PL_STR("Content-Range"), pl_str_make(answer->content_range, (size_t)len));
    response = response_of(answer, 416);
    pl_web_answer(answer->request, &response);
}

static void refuse_size(struct answer *answer, uint64_t len)
{
    struct pl_web *web = answer->request->web;
    pl_log_limited(web->log, &web->bad_input, pl_loop_now_ms(web->conns->loop), PL_LOG_WARN,
                   "static.too_big", "bytes=%" PRIu64 " limit=%zu", len,
                   answer->content->part_limit_bytes);
    pl_web_answer_text(answer->request, 500, "Internal Server Error", false);
}

static void add_description(struct answer *answer)
{
    add(answer, PL_STR("Content-Type"), answer->content->type);
    add(answer, PL_STR("X-Content-Type-Options"), PL_STR("nosniff"));
}

/* The whole in the client's coding. False when there is no such form. */
static bool send_coded(struct answer *answer)
{
    struct pl_http_compressor *compressor = answer->request->web->compressor;
    struct pl_web_response response;
    struct pl_str packed = {0};
    if (answer->coding != PL_HTTP_CODING_IDENTITY) {
        packed = pl_http_compress_content(compressor, answer->coding, answer->content);
    }
    if (packed.ptr == NULL) {
        return false;
    }
    add_validators(answer);
    add_description(answer);
    add(answer, PL_STR("Content-Encoding"), pl_http_coding_name(answer->coding));
    response = response_of(answer, 200);
    response.body = packed;
    pl_web_count(answer->request->web, PL_METRIC_HTTP_COMPRESSED, 1);
    pl_web_answer(answer->request, &response);
    return true;
}

static void send_part(struct answer *answer, int status, uint64_t first, uint64_t len)
{
    const struct pl_content *content = answer->content;
    struct pl_web_response response;
    struct pl_frame *frame = NULL;
    uint8_t *body = NULL;
    if (len > content->part_limit_bytes) {
        refuse_size(answer, len);
        return;
    }
    answer->coding = PL_HTTP_CODING_IDENTITY; /* parts are parts of the plain form */
    add_validators(answer);
    add_description(answer);
    add(answer, PL_STR("Accept-Ranges"), PL_STR("bytes"));
    add(answer, PL_STR("Content-Range"), pl_str_of_cstr(answer->content_range));
    response = response_of(answer, status);
    frame = pl_web_answer_begin(&body, answer->request, &response, (size_t)len);
    if (frame != NULL && body != NULL && !content->read(content, body, (size_t)len, first)) {
        pl_frame_unref(&frame);
        pl_web_answer_text(answer->request, 500, "Internal Server Error", true);
        return;
    }
    pl_web_answer_send(answer->request, frame, false);
}

static void send_range(struct answer *answer, const struct pl_http_range *range)
{
    snprintf(answer->content_range, sizeof(answer->content_range),
             "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->first, range->last,
             answer->content->size_bytes);
    send_part(answer, 206, range->first, range->last - range->first + 1);
}

void pl_content_respond(struct pl_web_request *request, const struct pl_content *content)
{
    struct answer answer = {.request = request, .content = content};
    struct pl_http_range range = {0};
    if (has_date(&answer)) {
        pl_http_date_write(answer.modified, content->last_modified_s);
    }
    choose_coding(&answer);
    if (is_unchanged(&answer)) {
        send_unchanged(&answer);
        return;
    }
    switch (read_range(&range, &answer)) {
    case PL_HTTP_RANGE_UNSATISFIABLE:
        send_unsatisfiable(&answer);
        break;
    case PL_HTTP_RANGE_SATISFIABLE:
        send_range(&answer, &range);
        break;
    case PL_HTTP_RANGE_NONE:
        if (!send_coded(&answer)) {
            send_part(&answer, 200, 0, content->size_bytes);
        }
        break;
    }
}

bool pl_content_read_memory(const struct pl_content *content, uint8_t *out, size_t len,
                            uint64_t offset)
{
    if (len > 0) {
        memcpy(out, (const uint8_t *)content->bytes + offset, len);
    }
    return true;
}
