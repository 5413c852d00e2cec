/* Rules of groups: what they say of a player. */
#include "store/talo/group_rules.h"

#include "codec/iso_date.h"
#include "codec/json_number.h"

#define PROPS_PREFIX "props."

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
