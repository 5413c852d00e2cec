/* What a request of Talo's REST brings: the first byte chooses an endpoint, the second what the rest is (a JSON body, a
 * form, a query, a path, an access key's header). Whatever an endpoint's rows let through is UTF-8 without U+0000, and
 * what they refuse is told in JSON. */
#include "fuzz.h"

#include "base/utf8.h"
#include "codec/json_read.h"
#include "codec/jwt.h"
#include "dialect/talo/rest_fields.h"
#include "dialect/talo/rest_key.h"
#include "dialect/talo/rest_match.h"
#include "dialect/talo/rest_routes.h"

#define ARENA_BYTES ((size_t)1 << 20)
#define DEPTH_MAX 64

enum kind { KIND_JSON, KIND_FORM, KIND_QUERY, KIND_PATH, KIND_KEY, KIND_COUNT };

static const struct pl_talo_route *const tables[] = {
    pl_talo_health_routes,         pl_talo_player_routes,   pl_talo_merge_routes,
    pl_talo_auth_routes,           pl_talo_presence_routes, pl_talo_channel_routes,
    pl_talo_channel_change_routes, pl_talo_member_routes,   pl_talo_storage_routes,
    pl_talo_relationship_routes,   pl_talo_config_routes,
};

/* The endpoint of a number, which may be any. */
static const struct pl_talo_route *route_at(size_t number)
{
    size_t count = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(tables); i++) {
        for (const struct pl_talo_route *row = tables[i]; row->pattern != NULL; row++) {
            count++;
        }
    }
    number %= count;
    for (size_t i = 0; i < PL_ARRAY_LEN(tables); i++) {
        for (const struct pl_talo_route *row = tables[i]; row->pattern != NULL; row++) {
            if (number-- == 0) {
                return row;
            }
        }
    }
    return NULL;
}

static void check_text(struct pl_str text)
{
    PL_ASSERT(pl_utf8_is_valid(text));
    PL_ASSERT(text.len == 0 || memchr(text.ptr, 0, text.len) == NULL);
}

static void check_value(const struct pl_talo_value *value, const struct pl_talo_field *field)
{
    if (!value->is_given) {
        return;
    }
    PL_ASSERT(!value->is_null);
    check_text(value->text);
    for (size_t i = 0; i < value->string_count; i++) {
        check_text(value->strings[i]);
    }
    for (size_t i = 0; i < value->changes.count; i++) {
        check_text(value->changes.items[i].key);
        check_text(value->changes.items[i].value);
        PL_ASSERT(field->kind == PL_TALO_FIELD_PROP_CHANGES || !value->changes.items[i].is_null);
    }
    PL_ASSERT(value->props.count == 0 || value->props.count == value->changes.count);
    PL_ASSERT(field->kind != PL_TALO_FIELD_PAGE || value->integer >= 0);
}

typedef int read_fields(struct pl_talo_value *values, const struct pl_talo_field *fields,
                        struct pl_str text, struct pl_arena *arena,
                        struct pl_talo_field_errors *errors);

static void check_fields(read_fields *read, const struct pl_talo_field *fields, struct pl_str text,
                         bool is_list)
{
    struct pl_talo_value values[PL_TALO_FIELDS_MAX] = {0};
    struct pl_talo_field_errors errors;
    struct pl_arena arena;
    pl_arena_init(&arena, ARENA_BYTES);
    pl_talo_field_errors_init(&errors);
    int rc = read(values, fields, text, &arena, &errors);
    PL_ASSERT(rc == 0 || rc == PL_E_TOO_BIG);
    for (size_t i = 0; rc == 0 && (is_list ? fields[i].name != NULL : i == 0); i++) {
        static const struct pl_talo_field any = {.name = "id"};
        check_value(&values[i], fields != NULL ? &fields[i] : &any);
    }
    if (errors.count > 0) {
        PL_ASSERT(pl_json_validate(pl_talo_field_errors_end(&errors), 4, NULL) == 0);
    }
    pl_talo_field_errors_fini(&errors);
    pl_arena_fini(&arena);
}

static void check_key(struct pl_str header)
{
    struct pl_str token;
    struct pl_jwt jwt;
    if (pl_talo_key_read_header(&token, header) == PL_TALO_KEY_OK) {
        PL_ASSERT(token.len > 0 && pl_str_find_char(token, ' ') == token.len);
        int64_t id = 0;
        if (pl_jwt_decode(&jwt, token, NULL) == 0 && pl_jwt_find_int(&id, &jwt, PL_STR("sub"))) {
            PL_ASSERT(id >= -((int64_t)1 << 53) && id <= (int64_t)1 << 53);
        }
    }
}

static void check_path(struct pl_str path)
{
    struct pl_str id;
    for (int method = PL_HTTP_GET; method <= PL_HTTP_OTHER; method++) {
        const struct pl_talo_route *route = pl_talo_route_match(
            tables, PL_ARRAY_LEN(tables), (enum pl_http_method)method, path, &id);
        PL_ASSERT(id.ptr == NULL ||
                  (route != NULL && id.ptr >= path.ptr && id.ptr + id.len <= path.ptr + path.len));
    }
    (void)pl_talo_route_unserved(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const struct pl_talo_route *route = route_at(data[0]);
    struct pl_str text = pl_str_make((const char *)data + 2, size - 2);
    switch ((enum kind)(data[1] % KIND_COUNT)) {
    case KIND_JSON:
        if (route->body != NULL && pl_json_validate(text, DEPTH_MAX, NULL) == 0) {
            check_fields(pl_talo_fields_read_json, route->body, text, true);
        }
        break;
    case KIND_FORM:
        if (route->body != NULL) {
            check_fields(pl_talo_fields_read_form, route->body, text, true);
        }
        break;
    case KIND_QUERY:
        if (route->query != NULL) {
            check_fields(pl_talo_fields_read_query, route->query, text, true);
        }
        break;
    case KIND_PATH:
        check_path(text);
        check_fields(pl_talo_fields_read_path, route->path, text, false);
        break;
    case KIND_KEY:
        check_key(text);
        break;
    case KIND_COUNT:
        break;
    }
    return 0;
}
