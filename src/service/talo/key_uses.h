/* When access keys were used last: noted in memory, written now and then.
 * Threads: the hub's. */
#ifndef PL_SERVICE_TALO_KEY_USES_H
#define PL_SERVICE_TALO_KEY_USES_H

#include "service/talo/talo.h"

#define PL_TALO_KEY_USES_WRITE_MS (10 * 1000)

/* What waits is on admin->used_keys. */
struct pl_talo_key_uses {
    struct pl_talo *talo;
    struct pl_timer timer;
};

void pl_talo_key_uses_init(struct pl_talo_key_uses *uses, struct pl_talo *talo);
void pl_talo_key_uses_fini(struct pl_talo_key_uses *uses);

/* Write all that is not written. */
void pl_talo_key_uses_flush(struct pl_talo_key_uses *uses);

#endif
