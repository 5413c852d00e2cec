/* What a request brings with it: the body as JSON or a form (spec talo 3.2, step 2), and validation
 * of body, query, path and headers, in this order (step 8). */
#include "dialect/talo/rest_internal.h"

#include "codec/http_url.h"
#include "codec/json_raw.h"
#include "dialect/talo/rest_fields.h"

#define BODY_DEPTH_MAX 64

/* --- the body --- */

static bool has_body_methods(enum pl_http_method method)
{
    return method == PL_HTTP_POST || method == PL_HTTP_PUT || method == PL_HTTP_PATCH ||
           method == PL_HTTP_DELETE;
}

/* The media type without its parameters. */
static struct pl_str media_type(const struct pl_talo_rest_call *call)
{
    struct pl_str type = pl_talo_rest_call_header(call, PL_STR("content-type"));
    return pl_str_trim(pl_str_first(type, pl_str_find_char(type, ';')));
}

static bool ends_in(struct pl_str text, struct pl_str end)
{
    return text.len >= end.len && pl_str_eq_nocase(pl_str_from(text, text.len - end.len), end);
}

static bool is_json(struct pl_str type)
{
    return pl_str_eq_nocase(type, PL_STR("application/json")) ||
           (pl_str_eq_nocase(pl_str_first(type, 12), PL_STR("application/")) &&
            ends_in(type, PL_STR("+json")));
}

static struct pl_str trim_json(struct pl_str text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) != NULL && text.ptr[0] != '\0') {
        text = pl_str_from(text, 1);
    }
    return text;
}

static bool read_json(struct pl_talo_rest_call *call, struct pl_str text)
{
    struct pl_error err = {0};
    if (pl_json_validate(text, BODY_DEPTH_MAX, &err) < 0) {
        pl_talo_answer_error(&call->base, 400, NULL, "Invalid JSON: %s", err.text);
        return false;
    }
    call->body = trim_json(text);
    switch (pl_json_raw_kind(call->body)) {
    case PL_JSON_OBJECT_BEGIN:
        call->body_kind = PL_TALO_BODY_OBJECT;
        return true;
    case PL_JSON_ARRAY_BEGIN:
        call->body_kind = PL_TALO_BODY_ARRAY;
        return true;
    case PL_JSON_STRING:
    case PL_JSON_NUMBER:
    case PL_JSON_TRUE:
    case PL_JSON_FALSE:
    case PL_JSON_NULL:
    case PL_JSON_END:
    case PL_JSON_OBJECT_END:
    case PL_JSON_ARRAY_END:
    case PL_JSON_KEY:
        break;
    }
    pl_talo_answer_error(&call->base, 400, NULL,
                         "Invalid JSON: the body must be an object or an array");
    return false;
}

bool pl_talo_rest_call_read_body(struct pl_talo_rest_call *call)
{
    struct pl_str text = pl_str_of_span(pl_web_request_body(call->web));
    struct pl_str type = media_type(call);
    if (text.len == 0 || !has_body_methods(pl_web_request_head(call->web)->method)) {
        return true;
    }
    if (is_json(type)) {
        return read_json(call, text);
    }
    if (pl_str_eq_nocase(type, PL_STR("application/x-www-form-urlencoded"))) {
        call->body_kind = PL_TALO_BODY_FORM;
        call->body = text;
    }
    return true;
}

/* --- validation --- */

static int validate_body(struct pl_talo_rest_call *call, struct pl_talo_field_errors *errors)
{
    struct pl_talo_request *request = &call->base;
    const struct pl_talo_field *fields = request->route->body;
    int rc = 0;
    if (fields == NULL) {
        return 0;
    }
    switch (call->body_kind) {
    case PL_TALO_BODY_ARRAY:
        pl_talo_field_errors_add(errors, PL_STR(""),
                                 PL_STR("Invalid input: expected object, received array"));
        return 0;
    case PL_TALO_BODY_NONE:
    case PL_TALO_BODY_OBJECT:
        rc = pl_talo_fields_read_json(request->body, fields, call->body, &request->arena, errors);
        break;
    case PL_TALO_BODY_FORM:
        rc = pl_talo_fields_read_form(request->body, fields, call->body, &request->arena, errors);
        break;
    }
    if (rc == 0 && errors->count == 0 && request->route->check_body != NULL) {
        call->errors = errors;
        request->route->check_body(request);
        call->errors = NULL;
    }
    return rc;
}

void pl_talo_request_refuse_field(struct pl_talo_request *request, const char *field,
                                  const char *text)
{
    struct pl_talo_rest_call *call = pl_talo_rest_call_of(request);
    PL_ASSERT(call->errors != NULL);
    pl_talo_field_errors_add(call->errors, pl_str_of_cstr(field), pl_str_of_cstr(text));
}

static int validate_query(struct pl_talo_rest_call *call, struct pl_talo_field_errors *errors)
{
    struct pl_talo_request *request = &call->base;
    return request->route->query == NULL
               ? 0
               : pl_talo_fields_read_query(request->query, request->route->query,
                                           pl_web_request_url(call->web)->query, &request->arena,
                                           errors);
}

static int validate_path(struct pl_talo_rest_call *call, struct pl_talo_field_errors *errors)
{
    struct pl_talo_request *request = &call->base;
    struct pl_str text;
    if (call->segment.ptr == NULL) {
        return 0;
    }
    int rc = pl_http_path_decode(&text, call->segment, &request->arena, NULL);
    if (rc == PL_E_INVALID) {
        text = call->segment; /* a broken escape stands for itself */
        rc = 0;
    }
    return rc < 0 ? rc
                  : pl_talo_fields_read_path(&request->id, request->route->path, text,
                                             &request->arena, errors);
}

static bool is_digits(struct pl_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len > 0;
}

bool pl_talo_rest_call_has_alias(const struct pl_talo_rest_call *call)
{
    return is_digits(pl_talo_rest_call_header(call, PL_STR("x-talo-alias")));
}

static void add_header_error(struct pl_talo_field_errors *errors, struct pl_str name,
                             const char *text)
{
    pl_talo_field_errors_add(errors, name, pl_str_of_cstr(text));
}

static int validate_headers(struct pl_talo_rest_call *call, struct pl_talo_field_errors *errors)
{
    struct pl_talo_request *request = &call->base;
    unsigned flags = request->route->flags;
    struct pl_str alias = pl_talo_rest_call_header(call, PL_STR("x-talo-alias"));
    struct pl_str player = pl_talo_rest_call_header(call, PL_STR("x-talo-player"));
    if ((flags & (PL_TALO_NEEDS_ALIAS | PL_TALO_NEEDS_ALIAS_HEADER)) != 0) {
        if (alias.ptr == NULL) {
            add_header_error(errors, PL_STR("x-talo-alias"),
                             "x-talo-alias is missing from the request headers");
        } else if (!pl_talo_rest_call_has_alias(call)) {
            add_header_error(errors, PL_STR("x-talo-alias"),
                             "x-talo-alias header must be a numeric string");
        }
    }
    if ((flags & PL_TALO_NEEDS_PLAYER) != 0 && !pl_uuid_parse(&request->player_id, player)) {
        add_header_error(errors, PL_STR("x-talo-player"),
                         "x-talo-player header must be a valid player ID");
    }
    if ((flags & PL_TALO_NEEDS_SESSION) != 0 && request->session_token.ptr == NULL) {
        add_header_error(errors, PL_STR("x-talo-session"), "x-talo-session header is required");
    }
    return 0;
}

bool pl_talo_rest_call_validate(struct pl_talo_rest_call *call)
{
    static int (*const groups[])(struct pl_talo_rest_call *, struct pl_talo_field_errors *) = {
        validate_body, validate_query, validate_path, validate_headers};
    struct pl_talo_field_errors errors;
    int rc = 0;
    pl_talo_field_errors_init(&errors);
    for (size_t i = 0; i < PL_ARRAY_LEN(groups) && rc == 0 && errors.count == 0; i++) {
        rc = groups[i](call, &errors);
    }
    if (rc < 0) {
        pl_talo_answer_error(&call->base, 413, NULL, "request entity too large");
    } else if (errors.count > 0) {
        pl_talo_rest_call_send(call, 400, pl_talo_field_errors_end(&errors), NULL);
    }
    bool is_valid = rc == 0 && errors.count == 0;
    pl_talo_field_errors_fini(&errors);
    return is_valid;
}
