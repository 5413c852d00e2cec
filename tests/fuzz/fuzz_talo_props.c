/* Talo's rules of props and of groups. The first byte chooses: a change of props (lines KEY=VALUE before
 * an empty line are what is there, those behind it are the change, KEY alone deletes), the rules of a
 * group, or a date. What comes out must be within the bounds, and stay as it is when it goes in again. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buf.h"
#include "codec/iso_date.h"
#include "store/talo/group_rules.h"
#include "store/talo/props.h"

#include <stdlib.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define LINES_MAX 2048

static void require(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static bool is_bad(void *user, struct pl_str text)
{
    (void)user;
    return text.len % 7 == 3;
}

static bool is_same(const struct pl_talo_props *a, const struct pl_talo_props *b)
{
    bool is_so = a->count == b->count;
    for (size_t i = 0; is_so && i < a->count; i++) {
        is_so = pl_str_eq(a->items[i].key, b->items[i].key) &&
                pl_str_eq(a->items[i].value, b->items[i].value);
    }
    return is_so;
}

/* The lines up to an empty one; *rest is what is behind it. */
static size_t read_lines(struct pl_talo_prop_change *out, struct pl_str *rest)
{
    size_t count = 0;
    while (rest->ptr != NULL && count < LINES_MAX) {
        struct pl_str line = pl_str_split(rest, '\n');
        if (line.len == 0) {
            break;
        }
        out[count].key = pl_str_split(&line, '=');
        out[count].is_null = line.ptr == NULL;
        out[count++].value = line;
    }
    return count;
}

/* Whether the change is one that is taken: then it is what all the rules allow. */
static void check_merged(const struct pl_talo_merged_props *merged,
                         const struct pl_talo_props *before, const struct pl_talo_prop_rules *rules)
{
    for (size_t i = 0; i < merged->props.count; i++) {
        const struct pl_talo_prop *prop = &merged->props.items[i];
        struct pl_talo_rejected_prop rejected;
        bool was_there = pl_talo_props_find(before, prop->key) != NULL;
        require(prop->key.len > 0 || was_there);
        require(was_there ||
                pl_talo_prop_fits(&rejected, prop->key, prop->value, rules->value_max));
        require(was_there || !pl_talo_prop_is_profane(prop->value, &rules->profanity));
        require(was_there || rules->reserved == PL_TALO_RESERVED_TAKEN ||
                !pl_talo_prop_is_reserved(prop->key));
    }
}

static void fuzz_merge(struct pl_str text, enum pl_talo_reserved reserved, struct pl_arena *arena)
{
    const struct pl_talo_prop_rules rules = {
        .value_max = 64, .reserved = reserved, .profanity = {.is_profane = is_bad}};
    const struct pl_talo_prop_changes none = {0};
    struct pl_talo_prop_change *lines = pl_arena_alloc(arena, LINES_MAX * sizeof(*lines));
    struct pl_talo_props before = {.items =
                                       pl_arena_alloc(arena, LINES_MAX * sizeof(*before.items))};
    struct pl_talo_prop_changes changes = {.items = lines};
    struct pl_talo_merged_props merged;
    struct pl_talo_merged_props again;
    require(lines != NULL && before.items != NULL);
    before.count = read_lines(lines, &text);
    for (size_t i = 0; i < before.count; i++) {
        before.items[i] = (struct pl_talo_prop){lines[i].key, lines[i].value};
    }
    changes.count = read_lines(lines, &text);
    if (pl_talo_props_merge(&merged, &before, &changes, &rules, arena, NULL) < 0) {
        return;
    }
    require(merged.props.count <= before.count + changes.count);
    require(merged.rejected.count <= changes.count);
    check_merged(&merged, &before, &rules);
    require(pl_talo_props_merge(&again, &merged.props, &none, &rules, arena, NULL) == 0);
    require(is_same(&merged.props, &again.props));
    require(pl_talo_props_check(&again, &before, &rules, arena, NULL) == 0);
    require(again.props.count + again.rejected.count <= before.count);
}

static void write_rules(struct pl_buf *out, const struct pl_talo_group *group)
{
    struct pl_json_writer json;
    pl_buf_init(out, ARENA_BYTES);
    pl_json_writer_init(&json, out);
    pl_talo_rules_write(&json, group);
    require(!pl_buf_failed(out));
}

static void fuzz_rules(struct pl_str text, struct pl_arena *arena)
{
    struct pl_talo_prop props[] = {{PL_STR("a"), PL_STR("1")},
                                   {PL_STR("b[]"), PL_STR("2025-01-01")}};
    const struct pl_talo_player player = {.props = {props, 2}, .created_ms = 1, .last_seen_ms = 2};
    struct pl_talo_group group = {0};
    struct pl_talo_group again = {0};
    struct pl_buf first;
    struct pl_buf second;
    if (pl_talo_rules_read(&group, text, arena, NULL) < 0) {
        return;
    }
    (void)pl_talo_group_matches(&group, &player);
    write_rules(&first, &group);
    require(pl_talo_rules_read(&again, pl_buf_str(&first), arena, NULL) == 0);
    write_rules(&second, &again);
    require(pl_str_eq(pl_buf_str(&first), pl_buf_str(&second)));
    require(pl_talo_group_matches(&group, &player) == pl_talo_group_matches(&again, &player));
    pl_buf_fini(&first);
    pl_buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pl_str text = pl_str_make((const char *)data, size);
    struct pl_arena arena;
    int64_t ms = 0;
    if (size == 0) {
        return 0;
    }
    pl_arena_init(&arena, ARENA_BYTES);
    switch (text.ptr[0]) {
    case 'r':
        fuzz_rules(pl_str_from(text, 1), &arena);
        break;
    case 'd':
        require(!pl_iso_date_parse(&ms, pl_str_from(text, 1)) || ms < INT64_C(253402400000000));
        break;
    default:
        fuzz_merge(pl_str_from(text, 1), (enum pl_talo_reserved)(data[0] % 3), &arena);
    }
    pl_arena_fini(&arena);
    return 0;
}
