/* Operations that the service knows and that are not written yet: whoever brings one takes its row
 * out, and this file goes with the last. */
#include "store/talo/groups.h"
#include "store/talo/players.h"
#include "store/talo/presence.h"

#define PENDING(noun)                                                                              \
    const struct pl_store_op_type pl_talo_op_##noun##_type = {                                     \
        .name = #noun, .is_write = true, .size = sizeof(struct pl_talo_op_##noun)};

PENDING(presence_offline)
PENDING(presence_online)
PENDING(presence_set)
PENDING(presence_sweep)
PENDING(alias_find)
PENDING(player_identify)
PENDING(player_merge)
PENDING(player_patch)
PENDING(player_set_dev)
PENDING(player_delete)
PENDING(group_save)
PENDING(group_delete)
PENDING(group_get)
PENDING(acting_load)
PENDING(presence_get)
PENDING(player_search)
PENDING(player_find)
