/* The route table: two maps from paths to rows. Prefixes are looked up from the longest possible
 * one on, cut at each slash, so that a look-up costs no more than the path has segments. */
#include "web/web_internal.h"

#include "base/alloc.h"

void pl_route_table_init(struct pl_route_table *table)
{
    *table = (struct pl_route_table){0};
    pl_map_init(&table->exact, NULL); /* only we choose the keys */
    pl_map_init(&table->prefixes, NULL);
}

void pl_route_table_fini(struct pl_route_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        pl_free(table->rows[i]);
    }
    pl_free(table->rows);
    pl_map_fini(&table->exact);
    pl_map_fini(&table->prefixes);
    *table = (struct pl_route_table){0};
}

static struct pl_route *keep_row(struct pl_route_table *table, const struct pl_route *route)
{
    struct pl_route *row = pl_alloc(sizeof(*row));
    *row = *route;
    table->rows = pl_realloc(table->rows, (table->count + 1) * sizeof(struct pl_route *));
    table->rows[table->count++] = row;
    return row;
}

static int add_to_map(struct pl_route_table *table, struct pl_map *map,
                      const struct pl_route *route, struct pl_error *err)
{
    if (route->path.len == 0 || route->path.ptr[0] != '/') {
        return pl_error_set(err, PL_E_INVALID, "route '" PL_STR_FMT "' does not begin with a slash",
                            PL_STR_ARG(route->path));
    }
    if (pl_map_find(map, route->path) != NULL) {
        return pl_error_set(err, PL_E_EXISTS, "route '" PL_STR_FMT "' is taken",
                            PL_STR_ARG(route->path));
    }
    pl_map_put(map, route->path, keep_row(table, route));
    return 0;
}

int pl_route_table_add(struct pl_route_table *table, const struct pl_route *route,
                       struct pl_error *err)
{
    int rc = 0;
    switch (route->match) {
    case PL_ROUTE_EXACT:
        return add_to_map(table, &table->exact, route, err);
    case PL_ROUTE_PREFIX:
        rc = add_to_map(table, &table->prefixes, route, err);
        if (rc == 0) {
            table->longest_prefix = pl_size_max(table->longest_prefix, route->path.len);
        }
        return rc;
    case PL_ROUTE_FALLBACK:
        if (table->fallback != NULL) {
            return pl_error_set(err, PL_E_EXISTS, "there is a fallback route already");
        }
        table->fallback = keep_row(table, route);
        return 0;
    }
    return pl_error_set(err, PL_E_INVALID, "unknown kind of route");
}

/* `path` without its last segment, or "/" when that was the last, or empty behind that. */
static struct pl_str parent_of(struct pl_str path)
{
    size_t len = path.len;
    while (len > 0 && path.ptr[len - 1] != '/') {
        len--;
    }
    if (len <= 1) {
        return pl_str_first(path, path.len > 1 ? len : 0);
    }
    return pl_str_first(path, len - 1);
}

/* The longest prefix of `path` that may be one:
 * not longer than any there is, and whole segments. */
static struct pl_str first_candidate(const struct pl_route_table *table, struct pl_str path)
{
    struct pl_str cut = pl_str_first(path, table->longest_prefix);
    if (cut.len > 1 && cut.len < path.len && path.ptr[cut.len] != '/') {
        cut = parent_of(cut); /* cut inside a segment; "/" is whole in any case */
    }
    return cut;
}

static const struct pl_route *find_prefix(const struct pl_route_table *table, struct pl_str path)
{
    for (struct pl_str cut = first_candidate(table, path); cut.len > 0; cut = parent_of(cut)) {
        const struct pl_route *route = pl_map_find(&table->prefixes, cut);
        if (route != NULL) {
            return route;
        }
    }
    return NULL;
}

const struct pl_route *pl_route_table_find(const struct pl_route_table *table, struct pl_str path)
{
    const struct pl_route *route = pl_map_find(&table->exact, path);
    if (route == NULL) {
        route = find_prefix(table, path);
    }
    return route == NULL ? table->fallback : route;
}

bool pl_route_allows(const struct pl_route *route, enum pl_http_method method)
{
    unsigned wanted =
        method == PL_HTTP_HEAD ? 1u << PL_HTTP_HEAD | 1u << PL_HTTP_GET : 1u << method;
    return route->methods == 0 || (route->methods & wanted) != 0;
}

void pl_route_write_allow(struct pl_buf *out, const struct pl_route *route)
{
    static const struct pl_str names[] = {
        [PL_HTTP_GET] = PL_STR_INIT("GET"),         [PL_HTTP_HEAD] = PL_STR_INIT("HEAD"),
        [PL_HTTP_POST] = PL_STR_INIT("POST"),       [PL_HTTP_PUT] = PL_STR_INIT("PUT"),
        [PL_HTTP_PATCH] = PL_STR_INIT("PATCH"),     [PL_HTTP_DELETE] = PL_STR_INIT("DELETE"),
        [PL_HTTP_OPTIONS] = PL_STR_INIT("OPTIONS"),
    };
    size_t start = out->len;
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        if (pl_route_allows(route, (enum pl_http_method)i)) {
            pl_buf_add_str(out, out->len > start ? PL_STR(", ") : PL_STR(""));
            pl_buf_add_str(out, names[i]);
        }
    }
}
