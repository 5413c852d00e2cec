/* The application's view of an HTTP request: a struct parley_request is a struct pl_web_request. */
#include "app/app.h"
#include "parley/http.h"
#include "value/wire.h"

#include <stdarg.h>

static struct pl_web_request *web_request(const struct parley_request *request)
{
    union { /* getters take a const request and copy text into its arena */
        const struct parley_request *in;
        struct pl_web_request *out;
    } same = {.in = request};
    return same.out;
}

/* A C string in the request's arena; NULL without room. */
static const char *to_cstr(const struct parley_request *request, struct pl_str text)
{
    struct pl_str copy;
    return pl_arena_copy(&copy, pl_web_request_arena(web_request(request)), text) ? copy.ptr : NULL;
}

const char *parley_request_method(const struct parley_request *request)
{
    return to_cstr(request, pl_web_request_head(web_request(request))->method_text);
}

const char *parley_request_target(const struct parley_request *request)
{
    return to_cstr(request, pl_web_request_head(web_request(request))->target);
}

const char *parley_request_path(const struct parley_request *request)
{
    struct pl_str path;
    struct pl_web_request *web = web_request(request);
    if (pl_http_path_decode(&path, pl_web_request_url(web)->path, pl_web_request_arena(web), NULL) <
        0) {
        return "";
    }
    return to_cstr(request, path);
}

const char *parley_request_address(const struct parley_request *request)
{
    char text[PL_ADDRESS_TEXT_MAX];
    return to_cstr(request, pl_str_of_cstr(pl_address_format_host(
                                text, pl_web_request_peer(web_request(request)))));
}

const char *parley_request_header(const struct parley_request *request, const char *name)
{
    struct pl_str value =
        pl_http_header_find(pl_web_request_head(web_request(request)), pl_str_of_cstr(name));
    return value.ptr == NULL ? NULL : to_cstr(request, value);
}

const char *parley_request_query(const struct parley_request *request, const char *name)
{
    struct pl_web_request *web = web_request(request);
    struct pl_str value;
    if (pl_http_query_get(&value, pl_web_request_url(web)->query, pl_str_of_cstr(name),
                          pl_web_request_arena(web), NULL) < 0) {
        return NULL;
    }
    return to_cstr(request, value);
}

const void *parley_request_body(const struct parley_request *request, size_t *len)
{
    struct pl_span body = pl_web_request_body(web_request(request));
    *len = body.len;
    return body.ptr;
}

struct parley_app *parley_request_app(const struct parley_request *request)
{
    return pl_web_user(pl_web_request_web(web_request(request)));
}

bool parley_request_is_open(const struct parley_request *request)
{
    return !pl_web_request_is_answered(web_request(request));
}

int parley_request_add_header(struct parley_request *request, const char *name, const char *value)
{
    return pl_web_request_add_header(web_request(request), pl_str_of_cstr(name),
                                     pl_str_of_cstr(value), NULL);
}

void parley_respond(struct parley_request *request, int status, const char *content_type,
                    const void *body, size_t len)
{
    struct pl_web_header type = {PL_STR("Content-Type"), {0}};
    if (content_type != NULL) {
        type.value = pl_str_of_cstr(content_type);
    }
    pl_web_respond(web_request(request), &(struct pl_web_response){
                                             .status = status,
                                             .headers = &type,
                                             .header_count = content_type == NULL ? 0 : 1,
                                             .body = pl_str_make(body, len),
                                         });
    pl_web_request_let_go(web_request(request));
}

void parley_respond_text(struct parley_request *request, int status, const char *text)
{
    parley_respond(request, status, "text/plain; charset=utf-8", text, strlen(text));
}

void parley_respond_json(struct parley_request *request, int status, const char *fmt, ...)
{
    struct pl_doc *doc = NULL;
    va_list args;
    int rc = 0;
    va_start(args, fmt);
    rc = pl_val_format_doc(&doc, PL_DOC_AS_IS, fmt, args);
    va_end(args);
    if (rc < 0) {
        parley_respond_text(request, 500, "The answer could not be made.\n");
        return;
    }
    parley_respond(request, status, "application/json", doc->text.ptr, doc->text.len);
    pl_doc_unref(doc);
}
