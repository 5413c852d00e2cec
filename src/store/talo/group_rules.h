/* The rules of player groups: their JSON and their meaning (spec talo, 4 and 7.5). Pure.
 * Threads: any. */
#ifndef PL_STORE_TALO_GROUP_RULES_H
#define PL_STORE_TALO_GROUP_RULES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "store/talo/entity.h"

/* Read the JSON array of rules as PlayerGroup.rules has it (unknown keys are ignored; `namespaced`
 * follows from the field; `negate` may be absent) into group->rules, in the arena.
 * Returns 0; PL_E_INVALID with the reason (not JSON, an unknown name or castType, no operand where
 * one is needed); PL_E_NOMEM. */
PL_MUST_CHECK int pl_talo_rules_read(struct pl_talo_group *group, struct pl_str json,
                                     struct pl_arena *arena, struct pl_error *err);

/* Append them; rules that were read give rules that read the same. */
void pl_talo_rules_write(struct pl_buf *out, const struct pl_talo_group *group);

struct pl_str pl_talo_rule_name_text(enum pl_talo_rule_name name);
struct pl_str pl_talo_cast_text(enum pl_talo_cast cast);

/* Whether the player (props and times) belongs to the group. No rules: everybody does.
 * A field that is not served here (statValue.X, leaderboardEntryScore.X) never matches, negated or
 * not. A rule compares the prop (of an array: any of its values), or the time, with the first
 * operand, both cast: CHAR byte by byte, DOUBLE as numbers, DATETIME as ISO 8601 dates; what cannot
 * be cast does not match, and then `negate` makes it match. SET: the prop exists and is not empty.
 * A negated rule of props also matches players who lack the prop. */
bool pl_talo_group_matches(const struct pl_talo_group *group, const struct pl_talo_player *player);

#endif
