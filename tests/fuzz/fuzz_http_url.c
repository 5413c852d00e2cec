/* Targets: decoding stays in bounds and agrees with comparing,
 * and iterating agrees with finding. */
#include "fuzz.h"

#include "codec/http_url.h"

#define ARENA_LIMIT 65536

static void check_query(struct pl_str query, struct pl_arena *arena)
{
    struct pl_http_query_pair pair;
    struct pl_str rest = query;
    for (int count = 0; count < 16 && pl_http_query_next(&pair, &rest); count++) {
        struct pl_str name;
        if (pl_http_form_decode(&name, pair.name, arena, NULL) < 0) {
            return;
        }
        PL_ASSERT(name.len <= pair.name.len);
        PL_ASSERT(pl_http_form_eq(pair.name, name));

        /* What is found is this pair's value or one that comes later. */
        struct pl_str found = pl_http_query_find(query, name);
        PL_ASSERT(found.ptr >= pair.value.ptr);
        struct pl_str value;
        int rc = pl_http_query_get(&value, query, name, arena, NULL);
        PL_ASSERT(rc == 0 || rc == PL_E_TOO_BIG);
        PL_ASSERT(rc < 0 || pl_http_form_eq(found, value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_http_url url;
    struct pl_arena arena;
    struct pl_str path;
    pl_arena_init(&arena, ARENA_LIMIT);
    pl_http_url_split(&url, pl_str_make((const char *)data, size));
    PL_ASSERT(url.path.len > 0);
    if (pl_http_path_decode(&path, url.path, &arena, NULL) == 0) {
        PL_ASSERT(path.len <= url.path.len);
    }
    check_query(url.query, &arena);
    pl_arena_fini(&arena);
    return 0;
}
