/* Rules of groups: a row per name and cast, their JSON, and what they say of a player. */
#include "store/talo/group_rules.h"

#include "base/alloc.h"
#include "codec/iso_date.h"
#include "codec/json_number.h"
#include "codec/json_read.h"
#include "codec/json_string.h"
#include "codec/json_write.h"

#define JSON_DEPTH 8 /* unknown keys may hold anything */
#define PROPS_PREFIX "props."

static const struct pl_str rule_names[] = {
    [PL_TALO_RULE_EQUALS] = PL_STR_INIT("EQUALS"), [PL_TALO_RULE_SET] = PL_STR_INIT("SET"),
    [PL_TALO_RULE_GT] = PL_STR_INIT("GT"),         [PL_TALO_RULE_GTE] = PL_STR_INIT("GTE"),
    [PL_TALO_RULE_LT] = PL_STR_INIT("LT"),         [PL_TALO_RULE_LTE] = PL_STR_INIT("LTE"),
};

static const struct pl_str cast_names[] = {
    [PL_TALO_CAST_CHAR] = PL_STR_INIT("CHAR"),
    [PL_TALO_CAST_DOUBLE] = PL_STR_INIT("DOUBLE"),
    [PL_TALO_CAST_DATETIME] = PL_STR_INIT("DATETIME"),
};

struct pl_str pl_talo_rule_name_text(enum pl_talo_rule_name name)
{
    return rule_names[name];
}

struct pl_str pl_talo_cast_text(enum pl_talo_cast cast)
{
    return cast_names[cast];
}

/* --- reading --- */

struct rules_reader {
    struct pl_json_reader json;
    struct pl_arena *arena;
    struct pl_error *err;
};

static int bad(const struct rules_reader *reader, const char *what)
{
    return pl_error_set(reader->err, PL_E_INVALID, "group rules: %s", what);
}

static int next(struct pl_json_token *token, struct rules_reader *reader)
{
    int rc = pl_json_next(token, &reader->json, reader->err);
    return rc < 0 ? pl_error_set(reader->err, PL_E_INVALID, "group rules: not JSON") : 0;
}

/* A string, copied. */
static int read_string(struct pl_str *out, struct rules_reader *reader,
                       const struct pl_json_token *token)
{
    struct pl_str value;
    if (token->kind != PL_JSON_STRING) {
        return bad(reader, "a string is expected");
    }
    if (pl_json_string_decode(&value, reader->arena, token->raw, reader->err) < 0 ||
        !pl_arena_copy(out, reader->arena, value)) {
        return pl_error_set(reader->err, PL_E_NOMEM, "group rules: too long");
    }
    return memchr(out->ptr, 0, out->len) == NULL ? 0 : bad(reader, "a text with U+0000");
}

/* The row of a list that the string names. */
static int read_name(size_t *out, struct rules_reader *reader, const struct pl_json_token *token,
                     const struct pl_str *names, size_t count)
{
    struct pl_str text;
    int rc = read_string(&text, reader, token);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (pl_str_eq(text, names[i])) {
            *out = i;
            return 0;
        }
    }
    return rc < 0 ? rc : bad(reader, "an unknown name or castType");
}

static int read_operands(struct pl_talo_rule *rule, struct rules_reader *reader,
                         const struct pl_json_token *first)
{
    struct pl_json_token token = *first;
    struct pl_str operands[PL_TALO_RULE_OPERANDS_MAX];
    size_t count = 0;
    int rc = 0;
    if (token.kind != PL_JSON_ARRAY_BEGIN) {
        return bad(reader, "operands is no array");
    }
    for (;;) {
        rc = next(&token, reader);
        if (rc < 0 || token.kind == PL_JSON_ARRAY_END) {
            break;
        }
        if (count == PL_TALO_RULE_OPERANDS_MAX) {
            return bad(reader, "too many operands");
        }
        rc = read_string(&operands[count++], reader, &token);
        if (rc < 0) {
            return rc;
        }
    }
    if (rc == 0 && count > 0) {
        rule->operands = pl_arena_alloc(reader->arena, count * sizeof(*operands));
        if (rule->operands == NULL) {
            return pl_error_set(reader->err, PL_E_NOMEM, "group rules: too long");
        }
        memcpy(rule->operands, operands, count * sizeof(*operands));
    }
    rule->operand_count = count;
    return rc;
}

static int read_member(struct pl_talo_rule *rule, struct rules_reader *reader,
                       const struct pl_json_token *key, bool *has_name)
{
    struct pl_json_token value;
    struct pl_str skipped;
    size_t row = 0;
    int rc = next(&value, reader);
    if (rc < 0) {
        return rc;
    }
    if (pl_json_token_equals(key, PL_STR("name"))) {
        rc = read_name(&row, reader, &value, rule_names, sizeof(rule_names) / sizeof(*rule_names));
        rule->name = (enum pl_talo_rule_name)row;
        *has_name = true;
        return rc;
    }
    if (pl_json_token_equals(key, PL_STR("castType"))) {
        rc = read_name(&row, reader, &value, cast_names, sizeof(cast_names) / sizeof(*cast_names));
        rule->cast = (enum pl_talo_cast)row;
        return rc;
    }
    if (pl_json_token_equals(key, PL_STR("negate"))) {
        rule->is_negated = value.kind == PL_JSON_TRUE;
        return rule->is_negated || value.kind == PL_JSON_FALSE
                   ? 0
                   : bad(reader, "negate is no boolean");
    }
    if (pl_json_token_equals(key, PL_STR("field"))) {
        return read_string(&rule->field, reader, &value);
    }
    if (pl_json_token_equals(key, PL_STR("operands"))) {
        return read_operands(rule, reader, &value);
    }
    rc = pl_json_skip(&skipped, &reader->json, &value, reader->err);
    return rc < 0 ? bad(reader, "not JSON") : 0;
}

static int read_rule(struct pl_talo_rule *rule, struct rules_reader *reader)
{
    bool has_name = false;
    for (;;) {
        struct pl_json_token token;
        int rc = next(&token, reader);
        if (rc == 0 && token.kind == PL_JSON_OBJECT_END) {
            break;
        }
        rc = rc < 0 ? rc : read_member(rule, reader, &token, &has_name);
        if (rc < 0) {
            return rc;
        }
    }
    if (!has_name || rule->field.len == 0) {
        return bad(reader, "a rule needs name and field");
    }
    return rule->name == PL_TALO_RULE_SET || rule->operand_count > 0
               ? 0
               : bad(reader, "a rule needs an operand");
}

int pl_talo_rules_read(struct pl_talo_group *group, struct pl_str json, struct pl_arena *arena,
                       struct pl_error *err)
{
    struct rules_reader reader = {.arena = arena, .err = err};
    struct pl_json_token token;
    struct pl_talo_rule rules[PL_TALO_RULES_MAX];
    size_t count = 0;
    pl_json_reader_init(&reader.json, json, JSON_DEPTH);
    int rc = next(&token, &reader);
    if (rc == 0 && token.kind != PL_JSON_ARRAY_BEGIN) {
        return bad(&reader, "no array");
    }
    while (rc == 0) {
        rc = next(&token, &reader);
        if (rc < 0 || token.kind == PL_JSON_ARRAY_END) {
            break;
        }
        if (token.kind != PL_JSON_OBJECT_BEGIN || count == PL_TALO_RULES_MAX) {
            return bad(&reader, count == PL_TALO_RULES_MAX ? "too many" : "no object");
        }
        rules[count] = (struct pl_talo_rule){0};
        rc = read_rule(&rules[count++], &reader);
    }
    rc = rc < 0 ? rc : next(&token, &reader); /* nothing behind it */
    if (rc < 0) {
        return rc;
    }
    group->rules = pl_arena_alloc(arena, count * sizeof(*rules));
    if (group->rules == NULL) {
        return pl_error_set(err, PL_E_NOMEM, "group rules: too long");
    }
    if (count > 0) {
        memcpy(group->rules, rules, count * sizeof(*rules));
    }
    group->rule_count = count;
    return 0;
}

/* --- writing --- */

static void write_rule(struct pl_json_writer *json, const struct pl_talo_rule *rule)
{
    pl_json_object_begin(json);
    pl_json_key(json, PL_STR("name"));
    pl_json_put_string(json, rule_names[rule->name]);
    pl_json_key(json, PL_STR("negate"));
    pl_json_put_bool(json, rule->is_negated);
    pl_json_key(json, PL_STR("field"));
    pl_json_put_string(json, rule->field);
    pl_json_key(json, PL_STR("castType"));
    pl_json_put_string(json, cast_names[rule->cast]);
    pl_json_key(json, PL_STR("operands"));
    pl_json_array_begin(json);
    for (size_t i = 0; i < rule->operand_count; i++) {
        pl_json_put_string(json, rule->operands[i]);
    }
    pl_json_array_end(json);
    pl_json_key(json, PL_STR("namespaced"));
    pl_json_put_bool(json, pl_str_find_char(rule->field, '.') < rule->field.len);
    pl_json_object_end(json);
}

void pl_talo_rules_write(struct pl_json_writer *json, const struct pl_talo_group *group)
{
    pl_json_array_begin(json);
    for (size_t i = 0; i < group->rule_count; i++) {
        write_rule(json, &group->rules[i]);
    }
    pl_json_array_end(json);
}

/* --- meaning --- */

/* How a value stands to an operand: *order is below, at or above 0. False when either is not of the
 * type. */
static bool compare_text(int *order, struct pl_str value, struct pl_str operand,
                         enum pl_talo_cast cast)
{
    double numbers[2];
    int64_t dates[2];
    switch (cast) {
    case PL_TALO_CAST_CHAR:
        *order = pl_str_compare(value, operand);
        return true;
    case PL_TALO_CAST_DOUBLE:
        if (!pl_json_number_to_double(&numbers[0], value) ||
            !pl_json_number_to_double(&numbers[1], operand)) {
            return false;
        }
        *order = (numbers[0] > numbers[1]) - (numbers[0] < numbers[1]);
        return true;
    case PL_TALO_CAST_DATETIME:
        if (!pl_iso_date_parse(&dates[0], value) || !pl_iso_date_parse(&dates[1], operand)) {
            return false;
        }
        *order = (dates[0] > dates[1]) - (dates[0] < dates[1]);
        return true;
    }
    return false;
}

static bool is_right(enum pl_talo_rule_name name, int order)
{
    switch (name) {
    case PL_TALO_RULE_EQUALS:
        return order == 0;
    case PL_TALO_RULE_GT:
        return order > 0;
    case PL_TALO_RULE_GTE:
        return order >= 0;
    case PL_TALO_RULE_LT:
        return order < 0;
    case PL_TALO_RULE_LTE:
        return order <= 0;
    case PL_TALO_RULE_SET:
        return true;
    }
    return false;
}

static bool prop_matches(const struct pl_talo_rule *rule, const struct pl_talo_props *props)
{
    struct pl_str key = pl_str_from(rule->field, sizeof(PROPS_PREFIX) - 1);
    for (size_t i = 0; i < props->count; i++) {
        int order = 0;
        if (pl_str_eq(props->items[i].key, key) &&
            (rule->name == PL_TALO_RULE_SET ||
             (compare_text(&order, props->items[i].value, rule->operands[0], rule->cast) &&
              is_right(rule->name, order)))) {
            return true;
        }
    }
    return false;
}

static bool time_matches(const struct pl_talo_rule *rule, int64_t time_ms)
{
    int64_t operand = 0;
    double number = 0;
    if (rule->name == PL_TALO_RULE_SET) {
        return true;
    }
    if (rule->cast != PL_TALO_CAST_DOUBLE) {
        return pl_iso_date_parse(&operand, rule->operands[0]) &&
               is_right(rule->name, (time_ms > operand) - (time_ms < operand));
    }
    return pl_json_number_to_double(&number, rule->operands[0]) &&
           is_right(rule->name, ((double)time_ms > number) - ((double)time_ms < number));
}

static bool rule_matches(const struct pl_talo_rule *rule, const struct pl_talo_player *player)
{
    if (pl_str_starts_with(rule->field, PL_STR(PROPS_PREFIX))) {
        return prop_matches(rule, &player->props) != rule->is_negated;
    }
    if (pl_str_eq(rule->field, PL_STR("lastSeenAt"))) {
        return time_matches(rule, player->last_seen_ms) != rule->is_negated;
    }
    if (pl_str_eq(rule->field, PL_STR("createdAt"))) {
        return time_matches(rule, player->created_ms) != rule->is_negated;
    }
    return false; /* not served here, negated or not */
}

bool pl_talo_group_matches(const struct pl_talo_group *group, const struct pl_talo_player *player)
{
    for (size_t i = 0; i < group->rule_count; i++) {
        if (rule_matches(&group->rules[i], player) == group->is_any) {
            return group->is_any; /* one is enough, either way */
        }
    }
    return !group->is_any || group->rule_count == 0;
}
