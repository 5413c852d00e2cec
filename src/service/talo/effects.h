/* What operations mean for this world, a function each: called when one has come back and was done,
 * before its submitter sees it. They change what is in memory and tell who has to know.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_EFFECTS_H
#define PL_SERVICE_TALO_EFFECTS_H

#include "service/talo/talo.h"

typedef void pl_talo_effect(struct pl_talo *talo, struct pl_store_op *op);

/* Every operation that writes has a row, which tests/arch/check_sources.py keeps. */
struct pl_talo_effect_row {
    const struct pl_store_op_type *type;
    pl_talo_effect *effect; /* NULL: it means nothing here, or its submitter does what it means */
};

/* By noun, in effects_NOUN.c; a row without a type ends each. */
extern const struct pl_talo_effect_row pl_talo_effects_admin[];
extern const struct pl_talo_effect_row pl_talo_effects_channels[];
extern const struct pl_talo_effect_row pl_talo_effects_players[];
extern const struct pl_talo_effect_row pl_talo_effects_relationships[];

/* A new secret of a game voids all tokens of its keys, and with them what they have opened: for those
 * that have come since the last time. */
void pl_talo_close_replaced(struct pl_talo *talo);

/* NULL: there is none. */
pl_talo_effect *pl_talo_effect_of(const struct pl_store_op_type *type);

#endif
