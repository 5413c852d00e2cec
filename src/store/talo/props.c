/* Single props: lengths, profanity, what their keys say; and the props of a new channel. */
#include "store/talo/props.h"

#include "store/talo/prop_list.h"

size_t pl_talo_utf16_length(struct pl_str utf8)
{
    size_t length = 0;
    for (size_t i = 0; i < utf8.len; i++) {
        uint8_t byte = (uint8_t)utf8.ptr[i];
        length += (byte & 0xC0) != 0x80; /* where a character begins */
        length += byte >= 0xF0;          /* of a pair of surrogates */
    }
    return length;
}

bool pl_talo_prop_is_array(struct pl_str key)
{
    return pl_str_ends_with(key, PL_STR("[]"));
}

bool pl_talo_prop_is_reserved(struct pl_str key)
{
    return pl_str_starts_with(key, PL_STR("META_"));
}

static bool is_short(struct pl_talo_rejected_prop *rejected, struct pl_str key, struct pl_str text,
                     size_t length_max, enum pl_talo_prop_error error)
{
    size_t length = text.len <= length_max ? 0 : pl_talo_utf16_length(text);
    if (length <= length_max) {
        return true;
    }
    *rejected = (struct pl_talo_rejected_prop){
        .key = key, .error = error, .length = length, .length_max = length_max};
    return false;
}

bool pl_talo_prop_fits(struct pl_talo_rejected_prop *rejected, struct pl_str key,
                       struct pl_str value, size_t value_max)
{
    return is_short(rejected, key, key, PL_TALO_PROP_KEY_MAX, PL_TALO_PROP_KEY_TOO_LONG) &&
           is_short(rejected, key, value, value_max, PL_TALO_PROP_VALUE_TOO_LONG);
}

bool pl_talo_prop_is_profane(struct pl_str value, const struct pl_talo_profanity *profanity)
{
    return profanity->is_profane != NULL && profanity->is_profane(profanity->user, value);
}

const struct pl_talo_prop *pl_talo_props_find(const struct pl_talo_props *props, struct pl_str key)
{
    for (size_t i = 0; i < props->count; i++) {
        if (pl_str_eq(props->items[i].key, key)) {
            return &props->items[i];
        }
    }
    return NULL;
}

int pl_talo_props_check_total(const struct pl_talo_props *props, struct pl_error *err)
{
    size_t total = 0; /* each is in memory: the sum of them does not overflow */
    for (size_t i = 0; i < props->count; i++) {
        total += props->items[i].key.len + props->items[i].value.len + PL_TALO_PROP_OVERHEAD_BYTES;
    }
    return total <= PL_TALO_PROPS_BYTES_MAX
               ? 0
               : pl_error_set(err, PL_E_TOO_BIG, "more than %zu bytes of props",
                              PL_TALO_PROPS_BYTES_MAX);
}

/* What is wrong with one prop of a new channel. */
static bool is_taken(struct pl_talo_rejected_prop *rejected, const struct pl_talo_prop *prop,
                     const struct pl_talo_prop_rules *rules)
{
    if (rules->reserved == PL_TALO_RESERVED_REFUSED && pl_talo_prop_is_reserved(prop->key)) {
        *rejected =
            (struct pl_talo_rejected_prop){.key = prop->key, .error = PL_TALO_PROP_KEY_RESERVED};
        return false;
    }
    return pl_talo_prop_fits(rejected, prop->key, prop->value, rules->value_max);
}

static bool is_dropped(const struct pl_talo_prop *prop, const struct pl_talo_prop_rules *rules)
{
    return prop->key.len == 0 ||
           (rules->reserved == PL_TALO_RESERVED_IGNORED && pl_talo_prop_is_reserved(prop->key));
}

int pl_talo_props_check(struct pl_talo_merged_props *out, const struct pl_talo_props *given,
                        const struct pl_talo_prop_rules *rules, struct pl_arena *arena,
                        struct pl_error *err)
{
    struct pl_talo_props fit = {0}; /* without those that are too long */
    *out = (struct pl_talo_merged_props){0};
    fit.items = pl_arena_alloc(arena, given->count * sizeof(*fit.items));
    out->props.items = pl_arena_alloc(arena, given->count * sizeof(*out->props.items));
    out->rejected.items = pl_arena_alloc(arena, given->count * sizeof(*out->rejected.items));
    if (fit.items == NULL || out->props.items == NULL || out->rejected.items == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "too many props");
    }
    for (size_t i = 0; i < given->count; i++) {
        if (is_dropped(&given->items[i], rules)) {
            continue;
        }
        if (is_taken(&out->rejected.items[out->rejected.count], &given->items[i], rules)) {
            fit.items[fit.count++] = given->items[i];
        } else {
            out->rejected.count++;
        }
    }
    for (size_t i = 0; i < fit.count; i++) {
        if (pl_talo_prop_is_profane(fit.items[i].value, &rules->profanity)) {
            out->rejected.items[out->rejected.count++] = (struct pl_talo_rejected_prop){
                .key = fit.items[i].key, .error = PL_TALO_PROP_CONTAINS_PROFANITY};
        } else {
            out->props.items[out->props.count++] = fit.items[i];
        }
    }
    return pl_talo_props_check_total(&out->props, err);
}
