/* Finding an endpoint: each row is compared with the path, once as it stands and then with its {id}.
 * There are a few dozen rows; most differ from a path in length or in the first bytes behind
 * "/v1/". */
#include "dialect/talo/rest_match.h"

#define PLACE "{id}"
#define PLACE_LEN (sizeof(PLACE) - 1)

/* Whether the path fits the pattern; the segment in its place, if it has one. */
static bool fits(const char *pattern_cstr, struct pl_str path, struct pl_str *id)
{
    struct pl_str pattern = pl_str_of_cstr(pattern_cstr);
    size_t before = pl_str_find_char(pattern, '{');
    *id = pl_str_make(NULL, 0);
    if (before == pattern.len) {
        return pl_str_eq(pattern, path);
    }
    if (!pl_str_starts_with(path, pl_str_first(pattern, before))) {
        return false;
    }
    struct pl_str rest = pl_str_from(path, before);
    size_t len = pl_str_find_char(rest, '/');
    *id = pl_str_first(rest, len);
    return len > 0 && pl_str_eq(pl_str_from(rest, len), pl_str_from(pattern, before + PLACE_LEN));
}

const struct pl_talo_route *pl_talo_route_match(const struct pl_talo_route *const *tables,
                                                size_t table_count, enum pl_http_method method,
                                                struct pl_str path, struct pl_str *id)
{
    const struct pl_talo_route *found = NULL;
    method = method == PL_HTTP_HEAD ? PL_HTTP_GET : method;
    for (size_t i = 0; i < table_count; i++) {
        for (const struct pl_talo_route *row = tables[i]; row->pattern != NULL; row++) {
            struct pl_str segment;
            if (row->method != method || !fits(row->pattern, path, &segment)) {
                continue;
            }
            *id = segment;
            if (segment.ptr == NULL) {
                return row;
            }
            found = row;
        }
    }
    if (found == NULL) {
        *id = pl_str_make(NULL, 0);
    }
    return found;
}

static bool is_under(struct pl_str path, struct pl_str prefix)
{
    return pl_str_starts_with(path, prefix) &&
           (path.len == prefix.len || path.ptr[prefix.len] == '/');
}

const char *pl_talo_route_unserved(struct pl_str path)
{
    static const struct {
        struct pl_str prefix;
        const char *name;
    } rows[] = {
        {PL_STR_INIT("/v1/events"), "events"},
        {PL_STR_INIT("/v1/game-stats"), "game stats"},
        {PL_STR_INIT("/v1/leaderboards"), "leaderboards"},
        {PL_STR_INIT("/v1/game-saves"), "game saves"},
        {PL_STR_INIT("/v1/game-feedback"), "game feedback"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        if (is_under(path, rows[i].prefix)) {
            return rows[i].name;
        }
    }
    return NULL;
}
