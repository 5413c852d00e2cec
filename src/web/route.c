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

unsigned pl_route_owner_bit(struct pl_route_table *table, const char *owner)
{
    size_t at = 0;
    while (at < table->owner_count && strcmp(table->owners[at], owner) != 0) {
        at++;
    }
    if (at == table->owner_count) {
        PL_ASSERT(at < PL_WEB_OWNERS_MAX);
        table->owners[table->owner_count++] = owner;
    }
    return 1u << at;
}

static struct pl_route_row *keep_row(struct pl_route_table *table, const struct pl_route *route)
{
    struct pl_route_row *row = pl_alloc(sizeof(*row));
    row->route = *route;
    row->owner_bit = pl_route_owner_bit(table, route->owner == NULL ? "" : route->owner);
    table->rows = pl_realloc(table->rows, (table->count + 1) * sizeof(struct pl_route_row *));
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

/* Whether the row is there and belongs to one of the owners. */
static bool is_served(const struct pl_route_row *row, unsigned owners)
{
    return row != NULL && (owners == 0 || (row->owner_bit & owners) != 0);
}

static const struct pl_route_row *find_prefix(const struct pl_route_table *table,
                                              struct pl_str path, unsigned owners)
{
    for (struct pl_str cut = first_candidate(table, path); cut.len > 0; cut = parent_of(cut)) {
        const struct pl_route_row *row = pl_map_find(&table->prefixes, cut);
        if (is_served(row, owners)) {
            return row;
        }
    }
    return NULL;
}

const struct pl_route *pl_route_table_find(const struct pl_route_table *table, struct pl_str path,
                                           unsigned owners)
{
    const struct pl_route_row *row = pl_map_find(&table->exact, path);
    if (!is_served(row, owners)) {
        row = find_prefix(table, path, owners);
    }
    if (row == NULL && is_served(table->fallback, owners)) {
        row = table->fallback;
    }
    return row == NULL ? NULL : &row->route;
}

const struct pl_route *pl_route_table_find_upgrade(const struct pl_route_table *table,
                                                   const struct pl_route *route, unsigned owners)
{
    const struct pl_route_row *fallback = table->fallback;
    bool is_better = (route == NULL || route->on_upgrade == NULL) && is_served(fallback, owners) &&
                     fallback->route.on_upgrade != NULL;
    return is_better ? &fallback->route : route;
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
