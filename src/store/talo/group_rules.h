/* The rules of player groups: their JSON and their meaning (spec talo, 4 and 7.5). Pure.
 * Threads: any. */
#ifndef PL_STORE_TALO_GROUP_RULES_H
#define PL_STORE_TALO_GROUP_RULES_H

#include "base/arena.h"
#include "base/error.h"
#include "codec/json_write.h"
#include "store/talo/entity.h"

#define PL_TALO_RULES_MAX 64         /* of one group */
#define PL_TALO_RULE_OPERANDS_MAX 16 /* of one rule */

/* Read the JSON array of rules as PlayerGroup.rules has it into group->rules, in the arena. Unknown
 * keys are ignored, `namespaced` among them: it follows from the field. `negate` and `castType` may
 * be absent: false and CHAR.
 * Returns 0; PL_E_INVALID with the reason (not JSON, an unknown name or castType, no operand where
 * one is needed, too many); PL_E_NOMEM. */
PL_MUST_CHECK int pl_talo_rules_read(struct pl_talo_group *group, struct pl_str json,
                                     struct pl_arena *arena, struct pl_error *err);

/* Write them as such an array. */
void pl_talo_rules_write(struct pl_json_writer *json, const struct pl_talo_group *group);

struct pl_str pl_talo_rule_name_text(enum pl_talo_rule_name name);
struct pl_str pl_talo_cast_text(enum pl_talo_cast cast);

/* Whether the player (props and times) belongs to the group. No rules: everybody does.
 * A field that is not served here (statValue.X, leaderboardEntryScore.X) never matches, negated or
 * not. A rule compares the prop (of an array: any of its values) with the first operand, both cast:
 * CHAR byte by byte, DOUBLE as numbers in JSON's form, DATETIME as dates (codec/iso_date.h). Times
 * are compared with a date, or, cast to DOUBLE, as milliseconds since 1970 with a number. What
 * cannot be cast does not match; SET: the prop exists. `negate` turns the answer around, so a
 * negated rule of props also matches players who lack the prop. */
bool pl_talo_group_matches(const struct pl_talo_group *group, const struct pl_talo_player *player);

#endif
