/* Rules of groups as JSON: read strictly, written as PlayerGroup.rules has them. */
#include "store/talo/group_rules.h"

#include "base/alloc.h"
#include "codec/json_read.h"
#include "codec/json_string.h"

#define JSON_DEPTH 8 /* unknown keys may hold anything */

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
        rc = read_name(&row, reader, &value, rule_names, PL_ARRAY_LEN(rule_names));
        rule->name = (enum pl_talo_rule_name)row;
        *has_name = true;
        return rc;
    }
    if (pl_json_token_equals(key, PL_STR("castType"))) {
        rc = read_name(&row, reader, &value, cast_names, PL_ARRAY_LEN(cast_names));
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
